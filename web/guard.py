"""Who may come in: the token, the Host header against DNS rebinding, and the safety headers."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.settings import WebSection
from config.value import is_loopback

Refuse = Callable[[HTTPConnection, int], Response]
"""Makes the answer to someone not let in: 401 without the token, 403 under a strange host name."""
COOKIE = "merilo"
OPEN = ("/healthz", "/readyz", "/login", "/static/", "/install/", "/hook/")
"""Addresses that show nothing of the data and so ask for no token."""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The rules of entry. `token` None: everyone who reaches the address may read.

    `hosts`: names the Host header may hold besides the loopback's own; None = any, which is for
    addresses guarded by a token. `secure`: people come over https. `frame_ancestors`: sources of
    CSP that may frame the pages.
    """

    token: str | None = field(default=None, repr=False)
    hosts: frozenset[str] | None = frozenset()
    secure: bool = False
    frame_ancestors: Sequence[str] = ("'self'",)

    def knows_host(self, host: str) -> bool:
        """Whether the Host header is one of ours; a page elsewhere may point its name at us."""
        if self.hosts is None:
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_loopback(name) or name in self.hosts

    def accepts(self, token: str) -> bool:
        """Whether the token is the one, in time that tells nothing about it."""
        return self.token is None or hmac.compare_digest(token.encode(), self.token.encode())

    def session(self) -> str:
        """The cookie's value: follows from the token, but does not tell it."""
        key = (self.token or "").encode()
        return hmac.new(key, b"merilo web session", hashlib.sha256).hexdigest()

    def admits(self, connection: HTTPConnection) -> bool:
        """Whether a request brings the token (`Authorization: Bearer`) or the cookie made of it."""
        if self.token is None:
            return True
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.accepts(token.strip())
        return hmac.compare_digest(_cookie(connection.headers).encode(), self.session().encode())

    def policy(self) -> str:
        """Content-Security-Policy: our own files and nothing else."""
        return (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            "connect-src 'self'; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {' '.join(self.frame_ancestors)}"
        )


def guard_for(web: WebSection, token: str | None) -> Guard:
    """The guard that [web] asks for; `token` is the value its reference names."""
    public = urlsplit(web.public_url)
    names = frozenset({public.hostname} if public.hostname else ())
    return Guard(
        token=token,
        hosts=names if is_loopback(web.host) else None,
        secure=public.scheme == "https",
    )


class Gate:
    """ASGI: refuses strangers before any page is made, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp, guard: Guard, refuse: Refuse) -> None:
        self.app = app
        self.guard = guard
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        connection = HTTPConnection(scope)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._protect(MutableHeaders(scope=message))
            await send(message)

        scope.setdefault("state", {})["admitted"] = admitted = self.guard.admits(connection)
        if not self.guard.knows_host(connection.headers.get("host", "")):
            await self.refuse(connection, 403)(scope, receive, send_safely)
        elif admitted or connection.url.path.startswith(OPEN):
            await self.app(scope, receive, send_safely)
        else:
            await self.refuse(connection, 401)(scope, receive, send_safely)

    def _protect(self, headers: MutableHeaders) -> None:
        headers["Content-Security-Policy"] = self.guard.policy()
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-store")


def _cookie(headers: Headers) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    morsel = jar.get(COOKIE)
    return morsel.value if morsel else ""
