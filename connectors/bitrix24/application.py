"""The portal entered as a local application: its access token, its renewal, its address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from config.value import check_url
from connectors.base import ClientOptions
from connectors.bitrix24.auth_server import AuthServer
from connectors.bitrix24.classify import ExpiredError, MovedError, StrangerError
from connectors.bitrix24.envelope import Envelope
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.error import AuthError, RemoteError
from connectors.token import Tokens
from connectors.token_store import TokenStore

if TYPE_CHECKING:
    from connectors.http import Transport

Post = Callable[["Transport", str, Mapping[str, Any]], Envelope]
"""Sends a payload to a path and reads the answer; made by the client for one request."""

log = structlog.get_logger("merilo.connectors")


@dataclass
class Application:
    """Sends requests with the newest access token. Safe to share between threads.

    `dial` connects to an address, `lines` are the connections so far.
    """

    settings: Bitrix24Settings
    options: ClientOptions
    store: TokenStore
    server: AuthServer
    dial: Callable[[str], "Transport"] = field(repr=False)
    lines: dict[str, "Transport"] = field(repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        for line in self.lines.values():
            line.close()

    def hide(self, text: str) -> str:
        """`text` without tokens and secrets."""
        for line in list(self.lines.values()):
            text = line.hide(text)
        return text

    @property
    def address(self) -> str:
        """Where the portal is by the newest tokens; AuthError when there are none."""
        return portal_of(self.store.current(), self.settings, self.options.source)

    def send(self, method: str, payload: Mapping[str, Any], post: Post) -> Envelope:
        """The answer to one request.

        An expired token is renewed, a login made meanwhile is taken, a renamed portal is followed
        where the vendor confirms it: each once. What was refused so was not carried out.
        """
        mend = _Mend(self.store, self.server.renew)
        tokens = self.store.current()
        while True:
            line = self._line(tokens)
            try:
                return post(line, f"rest/{method}", {**payload, "auth": tokens.access})
            except ExpiredError as error:
                tokens = mend.expired(tokens, error)
            except StrangerError as error:
                tokens = mend.stranger(tokens, error)
            except MovedError as error:
                tokens = self._moved(mend.expired(tokens, error), error)

    def _moved(self, renewed: Tokens, error: MovedError) -> Tokens:
        """A redirect may come from anybody; the vendor's server knows where the portal is.

        To ask it is to renew: the one renewal that is not for an expired token.
        """
        if address_of(renewed) != error.address:
            raise error
        log.warning(
            "connectors.portal_moved",
            source=self.options.source,
            what=f"The portal was renamed: it is at {error.address} now.",
            did="It is followed: the vendor's own server says the same.",
            todo=f"Set `url` of the source to {error.address}.",
        )
        return renewed

    def _line(self, tokens: Tokens) -> "Transport":
        address = portal_of(tokens, self.settings, self.options.source)
        with self._lock:
            if address not in self.lines:
                self.lines[address] = self.dial(address)
            line = self.lines[address]
        line.conceal(tokens.access, tokens.refresh)
        return line


@dataclass
class _Mend:
    """Better tokens for one request; the vendor is asked for them once at most."""

    store: TokenStore
    renew: Callable[[Tokens], Tokens]
    asked: bool = False

    def expired(self, tokens: Tokens, error: RemoteError) -> Tokens:
        """The next pair. One that another process got may have expired as well by now."""
        if self.asked:
            raise error
        return self.store.renew(tokens, self._ask)

    def stranger(self, tokens: Tokens, error: RemoteError) -> Tokens:
        """A pair that somebody logged in for meanwhile."""
        found = self.store.find()
        if found is None or found.serial <= tokens.serial:
            raise error
        return found

    def _ask(self, tokens: Tokens) -> Tokens:
        self.asked = True
        return self.renew(tokens)


def address_of(tokens: Tokens) -> str:
    """Where the vendor says the portal is (`client_endpoint` without /rest/), "" if it does not.

    `domain` of the same answer is the vendor's own server (settings/oauth/index.md).
    """
    told = tokens.facts.get("client_endpoint", "").rstrip("/").removesuffix("/rest")
    try:
        return check_url(told)
    except ValueError:
        return ""


def portal_of(tokens: Tokens, settings: Bitrix24Settings, source: str) -> str:
    """The address to send these tokens to; AuthError when they are of a portal that the settings
    do not mean. After a renaming the settings may still hold the name at the time of the login.
    """
    address = address_of(tokens) or settings.url
    if same_host(address, settings.url) or tokens.facts.get("url") == settings.url:
        return address
    raise AuthError(
        f"The login of {source} is for {address}, the settings name {settings.url}.",
        did="Nothing was sent.",
        todo=f"Correct `url`, or log in to the other portal: merilo login {source}",
    )


def same_host(one: str, other: str) -> bool:
    """Whether two addresses name one host and port."""
    return _place(one) == _place(other)


def _place(address: str) -> tuple[str | None, int]:
    parts = urlsplit(address)
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
