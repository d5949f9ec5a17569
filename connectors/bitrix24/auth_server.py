"""The vendor's server that gives tokens: for a code after a person's consent, and for renewal.

Requests and answers: settings/oauth/index.md, auto-renewal.md, error-codes.md.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors.answer import Answer
from connectors.base import ClientOptions
from connectors.bitrix24.envelope import parse
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.error import AuthError, LostAnswerError, RemoteError, RetryableError
from connectors.limiter import Limiter
from connectors.token import LOGIN_ENDS_AT, GrantError, Tokens

KNOWN = ("https://oauth.bitrix24.tech", "https://oauth.bitrix.info")
"""Servers of the vendor, as its own documents and SDKs name them."""

REFRESH_LIVES = timedelta(days=180)
_ACCESS_S = 3600.0
_DEADLINE_S = 30.0
_FACTS = ("member_id", "client_endpoint", "server_endpoint", "scope", "user_id")

_DEAD = "the refresh token is refused (it lives 180 days and works once)"
_CLIENT = (
    "The vendor's server does not accept client_id and client_secret",
    "Compare client_id of the source with the application's card, store its secret again with"
    " `merilo secrets set`, then run `merilo check`.",
)
_APP = (
    "The application is not in the portal any more",
    "Add it again (Developer resources - Other - Local application), put its client_id into the"
    " settings, and run: merilo login {source}",
)
_LICENCE = (
    "The portal's subscription has ended",
    "Restore the portal's licence or its access to REST, then run `merilo check`.",
)
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "invalid_client": _CLIENT,
    "wrong_client": _CLIENT,
    "unauthorized_client": _CLIENT,
    "not_installed": _APP,
    "no_auth_found": _APP,
    "application_not_found": _APP,
    "payment_required": _LICENCE,
}


@dataclass(frozen=True)
class AuthServer:
    """The server for one source. `secret` is the application's client_secret."""

    settings: Bitrix24Settings
    options: ClientOptions
    secret: str = field(repr=False)

    def redeem(self, code: str) -> Tokens:
        """The first pair, for a code that lives 30 s; AuthError when it is refused."""
        try:
            return self._ask({"grant_type": "authorization_code", "code": code}, {})
        except GrantError:
            raise AuthError(
                "The code is refused: it lives 30 seconds and works once.",
                did="Nothing was kept.",
                todo=f"Run: merilo login {self.options.source} - and paste more quickly.",
            ) from None

    def renew(self, tokens: Tokens) -> Tokens:
        """The next pair; GrantError when the refresh token is dead. One request, no repetition."""
        query = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
        return self._ask(query, tokens.facts)

    def _ask(self, query: Mapping[str, str], facts: Mapping[str, str]) -> Tokens:
        from connectors.http import Transport

        options = self.options
        transport = Transport(
            self._address(facts),
            limiter=Limiter(clock=options.clock, sleep=options.sleep),
            sleep=options.sleep,
            secrets=(self.secret, *query.values()),
            ca_bundle=self.settings.ca_bundle,
            deadline_s=_DEADLINE_S,
            attempts=1,
        )
        client = {"client_id": self.settings.client_id, "client_secret": self.secret}

        def read(answer: Answer) -> Tokens:
            body = _open(answer)
            if "error" in body:
                raise self._refused(body, answer, transport.hide)
            return self._tokens(body, facts)

        with closing(transport):
            return transport.get("oauth/token/", {**query, **client}, read=read)

    def _address(self, facts: Mapping[str, str]) -> str:
        """Where the portal's tokens come from; only the vendor's own servers are believed."""
        told = urlsplit(facts.get("server_endpoint", ""))
        address = f"{told.scheme}://{told.netloc}"
        known = address in KNOWN and self.settings.auth_server in KNOWN
        return address if known else self.settings.auth_server

    def _tokens(self, body: Mapping[str, Any], facts: Mapping[str, str]) -> Tokens:
        access, refresh = (body.get(f"{kind}_token") for kind in ("access", "refresh"))
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise LostAnswerError("The vendor's server answered without tokens.")
        now = self.options.clock()
        lives = body.get("expires_in")
        lives_s = float(lives) if isinstance(lives, int | float) else _ACCESS_S
        told = {name: str(body[name]) for name in _FACTS if body.get(name)}
        told[LOGIN_ENDS_AT] = (now + REFRESH_LIVES).isoformat()
        return Tokens(
            access=access,
            refresh=refresh,
            got_at=now,
            access_ends_at=now + timedelta(seconds=lives_s),
            facts={**facts, **told},
        )

    def _refused(self, body: Mapping[str, Any], answer: Answer, hide: Any) -> RemoteError:
        code = str(body["error"]).strip().casefold()
        said = hide(f"{code} {body.get('error_description') or ''}".strip())
        if code == "invalid_grant":
            return GrantError(f"{_DEAD}.")
        if code in _REFUSALS:
            what, todo = _REFUSALS[code]
            source = self.options.source
            return AuthError(f"{what} ({said}).", todo=todo.format(source=source))
        if answer.status == 429 or code == "query_limit_exceeded":
            return RetryableError(
                f"The vendor's server is busy ({said}).", retry_after=answer.retry_after_s
            )
        if answer.status >= 500:
            return LostAnswerError(f"The vendor's server failed ({said}).")
        return AuthError(
            f"The vendor's server refuses to give tokens ({said}).",
            todo=f"Check the application's card in the portal, then run: merilo login"
            f" {self.options.source}",
        )


def _open(answer: Answer) -> dict[str, Any]:
    body = parse(answer.body)
    if isinstance(body, dict) and not 300 <= answer.status < 400:
        return body
    what = f"{answer.shown_url}: no tokens but something else came (HTTP {answer.status})."
    todo = "Check `auth_server` of the source; it may be under maintenance."
    if 300 <= answer.status < 500 and answer.status != 408:
        raise RetryableError(what, todo=todo, retry_after=answer.retry_after_s)
    raise LostAnswerError(what, todo=todo, retry_after=answer.retry_after_s)
