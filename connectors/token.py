"""The tokens of an OAuth login: what they are, and how they are written down."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.error import AuthError

LOGIN_ENDS_AT = "login_ends_at"
"""The fact that tells when a login ends (ISO 8601) if it is not used until then."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")


class GrantError(AuthError):
    """The vendor does not know the refresh token (any more): a person must log in again."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A pair as the vendor gave it; `refresh` works once. Its text shows neither.

    `got_at`: when it came; `access_ends_at`: when the access token does. `facts`: what the vendor
    told beside it (a portal's id, addresses), by the vendor's names. `serial` counts the pairs of
    a source upwards; the store sets it.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    got_at: datetime
    access_ends_at: datetime
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    serial: int = 0

    @property
    def login_ends_at(self) -> datetime | None:
        """When the refresh token dies of disuse, where the connector knows."""
        text = self.facts.get(LOGIN_ENDS_AT)
        return datetime.fromisoformat(text) if text else None

    @property
    def mark(self) -> str:
        """Tells refresh tokens apart without telling them."""
        return hashlib.sha256(f"merilo refresh token {self.refresh}".encode()).hexdigest()[:16]


def write_tokens(tokens: Tokens) -> str:
    """The pair as text, for a vault."""
    return json.dumps(
        {
            "access": tokens.access,
            "refresh": tokens.refresh,
            "got_at": tokens.got_at.isoformat(),
            "access_ends_at": tokens.access_ends_at.isoformat(),
            "facts": dict(tokens.facts),
            "serial": tokens.serial,
        }
    )


def read_tokens(text: str | None) -> Tokens | None:
    """The pair that `write_tokens` wrote; None for no text or one that makes no sense."""
    try:
        raw = json.loads(text or "")
        return Tokens(
            access=str(raw["access"]),
            refresh=str(raw["refresh"]),
            got_at=datetime.fromisoformat(raw["got_at"]),
            access_ends_at=datetime.fromisoformat(raw["access_ends_at"]),
            facts={str(key): str(value) for key, value in raw["facts"].items()},
            serial=int(raw["serial"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def secret_name(source: str) -> str:
    """The name in the vault of a source's tokens; a source may be named in any alphabet."""
    if _PLAIN.fullmatch(source):
        return f"oauth.{source}"
    return f"oauth.{hashlib.sha256(source.encode()).hexdigest()[:32]}"
