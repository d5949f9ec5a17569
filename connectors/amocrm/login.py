"""The OAuth login of an integration: its first pair of tokens, and each next one.

Page: oauth/step-by-step. A refresh token works once and for three months.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from config.value import is_loopback
from connectors.amocrm.classify import ExpiredError, open_body
from connectors.amocrm.settings import AmocrmSettings
from connectors.answer import Answer
from connectors.base import ClientOptions
from connectors.error import AuthError, LostAnswerError, RejectedError
from connectors.limiter import Limiter
from connectors.token import GrantError, Tokens
from connectors.token_store import TokenStore, open_tokens

if TYPE_CHECKING:
    from connectors.http import Transport

_PATH = "oauth2/access_token"
_ACCESS_S = 86_400.0
_EARLY = timedelta(minutes=5)
"""A token that ends this soon is renewed before it is shown."""

_KOMMO = ("kommo.com", "amocrm.com")


@dataclass(frozen=True)
class TokenServer:
    """The token endpoint of the account's own host. `secret` is the integration's secret key."""

    settings: AmocrmSettings
    options: ClientOptions
    limiter: Limiter = field(repr=False)
    secret: str = field(repr=False)

    def redeem(self, code: str) -> Tokens:
        """The first pair, for a code that lives 20 minutes; AuthError when it is refused."""
        try:
            return self._ask({"grant_type": "authorization_code", "code": code})
        except GrantError:
            raise AuthError(
                "The code is refused: it lives 20 minutes and works once.",
                did="Nothing was kept.",
                todo=f"Run: merilo login {self.options.source}",
            ) from None

    def renew(self, tokens: Tokens) -> Tokens:
        """The next pair; GrantError when the refresh token is dead. One request, no repetition."""
        return self._ask({"grant_type": "refresh_token", "refresh_token": tokens.refresh})

    def _ask(self, grant: Mapping[str, str]) -> Tokens:
        from connectors.http import Transport

        transport = Transport(
            self.settings.url,
            limiter=self.limiter,
            sleep=self.options.sleep,
            secrets=(self.secret, *grant.values()),
            ca_bundle=self.settings.ca_bundle,
            attempts=1,
        )
        sent = {
            "client_id": self.settings.client_id,
            "client_secret": self.secret,
            "redirect_uri": self.settings.redirect_uri,
            **grant,
        }
        with closing(transport):
            return transport.post(_PATH, sent, read=self._read)

    def _read(self, answer: Answer) -> Tokens:
        try:
            body = open_body(answer)
        except ExpiredError:
            raise GrantError("The account does not know the refresh token any more.") from None
        except RejectedError as error:
            raise AuthError(
                f"The account gives no tokens to the integration. {error.what}",
                todo="Compare client_id and redirect_uri of the source with the integration, store"
                " its secret key again with `merilo secrets set`; was the account renamed?",
            ) from None
        access, refresh = (body.get(f"{kind}_token") for kind in ("access", "refresh"))
        if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
            raise LostAnswerError(f"{answer.shown_url}: the answer holds no tokens.")
        now, lives = self.options.clock(), body.get("expires_in")
        lives_s = float(lives) if isinstance(lives, int | float) else _ACCESS_S
        return Tokens(
            access=access,
            refresh=refresh,
            got_at=now,
            access_ends_at=now + timedelta(seconds=lives_s),
        )


@dataclass(frozen=True)
class OAuthSession:
    """The login by a pair of tokens that every process of the machine shares."""

    server: TokenServer
    store: TokenStore = field(repr=False)
    transport: "Transport" = field(repr=False)

    def token(self) -> str:
        """The access token, renewed when it is about to end."""
        tokens = self.store.current()
        if tokens.access_ends_at - _EARLY <= self.server.options.clock():
            tokens = self.store.renew(tokens, self.server.renew)
        self.transport.conceal(tokens.access, tokens.refresh)
        return tokens.access

    def renew(self, stale: str) -> bool:
        """Renews the pair, unless somebody did so meanwhile."""
        tokens = self.store.current()
        if tokens.access == stale:
            self.store.renew(tokens, self.server.renew)
        return True


@dataclass(frozen=True)
class AmocrmLogin:
    """The login of one source."""

    server: TokenServer
    store: TokenStore = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        """What the settings say, and the integration must say too."""
        return self.server.settings.redirect_uri

    def address(self, state: str) -> str:
        """The page of consent; an administrator must open it."""
        asked = urlencode({"client_id": self.server.settings.client_id, "state": state})
        return f"{_consent_host(self.server.settings.url)}/oauth?{asked}"

    def redeem(self, answer: Mapping[str, str]) -> str:
        """Keeps the pair that the code brings. `referer` went through a browser: it decides
        nothing, the code is shown to the host in the settings alone."""
        code = answer.get("code", "").strip()
        if not code:
            raise AuthError(
                "That is neither an address with `code=` in it nor a code.",
                did="Nothing was sent.",
                todo=f"Run: merilo login {self.server.options.source}",
            )
        self.store.log_in(lambda: self.server.redeem(code))
        return urlsplit(self.server.settings.url).netloc

    def install(self, form: Mapping[str, str]) -> str:
        """Never: a private integration is not installed by a call."""
        raise AuthError("amoCRM posts no tokens.", did="What was posted was not believed.")


def _consent_host(url: str) -> str:
    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return url
    is_kommo = any(host == each or host.endswith(f".{each}") for each in _KOMMO)
    return "https://www.kommo.com" if is_kommo else "https://www.amocrm.ru"


def open_login(
    settings: AmocrmSettings, options: ClientOptions, limiter: Limiter
) -> tuple[TokenServer, TokenStore]:
    """The token endpoint and the tokens of a source; SecretError without the secret key."""
    secret = options.secret(settings.client_secret)
    return TokenServer(settings, options, limiter, secret), open_tokens(options, secret)
