"""Who may come in: the long-lived token, the OAuth grants, and the rights behind them."""

import base64
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.amocrm.problem import Problem, problem, revoked_grant

CODE_S = 20 * 60
ACCESS_S = 24 * 3600
REFRESH_S = 90 * 24 * 3600
_FAR = 1 << 33


@dataclass(slots=True)
class Grant:
    """A token or a code: whose it is and when it ends."""

    user: int
    until: int
    dead: bool = False


@dataclass(slots=True)
class Access:
    """The integration's keys and what its owner may see; tests switch them while it runs.

    `admin` opens users, roles, fields and webhooks, `catalogs` the lists; `paid` False answers
    402 to everything; `owners` limits reading to records of these users, silently, as rights do.
    `shown` counts how often each refresh token came.
    """

    user: int
    account: int
    rng: random.Random
    redirect_uri: str = "https://agent.example/oauth"
    admin: bool = True
    catalogs: bool = True
    paid: bool = True
    disabled: bool = False
    owners: set[int] | None = None
    client_id: str = ""
    client_secret: str = ""
    token: str = ""
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Grant] = field(default_factory=dict)
    refreshes: dict[str, Grant] = field(default_factory=dict)
    shown: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        digits = f"{self.rng.getrandbits(128):032x}"
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        self.client_id = self.client_id or "-".join(parts)
        self.client_secret = self.client_secret or self._secret(64)
        self.renew_token()

    def renew_token(self) -> str:
        """Make another long-lived token; the one before is gone."""
        self.grants.pop(self.token, None)
        self.token = self._jwt(self.user, _FAR)
        self.grants[self.token] = Grant(self.user, _FAR)
        return self.token

    def revoke_token(self) -> None:
        """The administrator revokes the long-lived token."""
        self.grants[self.token].dead = True

    def expire(self) -> None:
        """Every access token got by OAuth has lived its day."""
        for token, grant in self.grants.items():
            grant.until = grant.until if token == self.token else 0

    def authorize(self, now: int) -> str:
        """The administrator agrees; returns the code, good once and for twenty minutes."""
        code = f"def50200{self._secret(256)}"
        self.codes[code] = Grant(self.user, now + CODE_S)
        return code

    def login(self, header: str, now: int) -> int:
        """The user behind a bearer token; 401 for any that is not good now."""
        kind, _, token = header.partition(" ")
        grant = self.grants.get(token.strip())
        good = grant is not None and not grant.dead and grant.until > now and not self.disabled
        if kind.casefold() != "bearer" or grant is None or not good:
            raise problem(401, "Invalid user name or password")
        if not self.paid:
            raise problem(402, "Payment required")
        return grant.user

    def exchange(self, sent: dict[str, Any], now: int) -> dict[str, Any]:
        """The token endpoint: a code or a refresh token for a new pair."""
        known = (self.client_id, self.client_secret, self.redirect_uri)
        shown = (sent.get("client_id"), sent.get("client_secret"), sent.get("redirect_uri"))
        if known != shown or self.disabled:
            raise _bad_request()
        kind = sent.get("grant_type")
        if kind == "authorization_code":
            used = self.codes.get(str(sent.get("code")))
        elif kind == "refresh_token":
            token = str(sent.get("refresh_token"))
            self.shown[token] += 1
            used = self.refreshes.get(token)
        else:
            raise _bad_request()
        if used is None or used.dead or used.until <= now:
            raise revoked_grant()
        used.dead = True
        return self._pair(used.user, now)

    def knows_refresh(self, token: str, now: int) -> bool:
        """Whether a refresh token is good now."""
        grant = self.refreshes.get(token)
        return grant is not None and not grant.dead and grant.until > now

    def _pair(self, user: int, now: int) -> dict[str, Any]:
        """A new pair; the access token of the pair before stays good until it ends."""
        access = self._jwt(user, now + ACCESS_S)
        refresh = f"def50200{self._secret(600)}"
        self.grants[access] = Grant(user, now + ACCESS_S)
        self.refreshes[refresh] = Grant(user, now + REFRESH_S)
        return {
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "server_time": now,
            "access_token": access,
            "refresh_token": refresh,
        }

    def _jwt(self, user: int, until: int) -> str:
        claims = {
            "aud": self.client_id,
            "jti": self._secret(64),
            "exp": until,
            "sub": str(user),
            "grant_type": "",
            "account_id": self.account,
            "base_domain": "amocrm.ru",
            "version": 2,
            "scopes": ["crm", "files", "files_delete", "notifications", "push_notifications"],
            "api_domain": "api-b.amocrm.ru",
        }
        return ".".join((_part({"typ": "JWT", "alg": "RS256"}), _part(claims), self._secret(340)))

    def _secret(self, length: int) -> str:
        return f"{self.rng.getrandbits(length * 4):0{length}x}"


def _part(value: dict[str, Any]) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bad_request() -> Problem:
    body = {
        "hint": "Check the parameters",
        "title": "Некорректный запрос",
        "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
        "status": 400,
        "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
    }
    return Problem(400, body, "Check the parameters")
