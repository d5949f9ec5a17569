"""The login of a local application: by a person's consent, or by the portal's installation call.

Pages: settings/oauth/index.md, simple-way.md, app-installation/local-apps/installation-callback.md.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from connectors.base import ClientOptions
from connectors.bitrix24.application import address_of, same_host
from connectors.bitrix24.auth_server import AuthServer
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.error import AuthError
from connectors.token import GrantError, Tokens
from connectors.token_store import TokenStore, open_tokens

_TOKEN = re.compile(r"[\w.-]{16,512}", re.ASCII)
_SENT = {
    "access": ("auth[access_token]", "AUTH_ID"),
    "refresh": ("auth[refresh_token]", "REFRESH_ID"),
    "member_id": ("auth[member_id]", "member_id"),
    "application_token": ("auth[application_token]", "APPLICATION_TOKEN"),
    "server_endpoint": ("auth[server_endpoint]", "SERVER_ENDPOINT"),
}
"""What is read of an installation call: an application without pages gets the first spelling, one
with pages the second."""


@dataclass(frozen=True)
class Bitrix24Login:
    """The login of one source."""

    settings: Bitrix24Settings
    options: ClientOptions
    server: AuthServer
    store: TokenStore = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        """What the settings say of the application's handler path."""
        return self.settings.redirect_uri

    def address(self, state: str) -> str:
        """The portal's page of consent. The address to come back to is not sent: the portal knows
        it from the application's card."""
        asked = urlencode({"client_id": self.settings.client_id, "state": state})
        return f"{self.settings.url}/oauth/authorize/?{asked}"

    def redeem(self, answer: Mapping[str, str]) -> str:
        """Keeps the pair that the code brings; tells whose it is.

        `domain` and `server_domain` of the answer went through a browser and decide nothing.
        """
        code = answer.get("code", "")
        if not _TOKEN.fullmatch(code):
            raise AuthError(
                "That is neither an address with `code=` in it nor a code.",
                did="Nothing was sent.",
                todo=self._again,
            )
        return self._told(self.store.log_in(lambda: self._ours(self.server.redeem(code))))

    def install(self, form: Mapping[str, str]) -> str:
        """Keeps the pair that the portal posted, after renewing it with the vendor's own server:
        what a stranger posts is not known there.
        """
        sent = {name: _first(form, keys) for name, keys in _SENT.items()}
        event = form.get("event", "ONAPPINSTALL")
        tokens_fit = all(_TOKEN.fullmatch(sent[name]) for name in ("access", "refresh"))
        if event.upper() != "ONAPPINSTALL" or not tokens_fit:
            raise AuthError(
                "A call to the installation address holds no tokens.", did="It was not believed."
            )
        self._same_portal(sent["member_id"])
        return self._told(self.store.log_in(lambda: self._proved(sent)))

    def _proved(self, sent: Mapping[str, str]) -> Tokens:
        now = self.options.clock()
        facts = {name: sent[name] for name in ("application_token", "server_endpoint")}
        posted = Tokens(
            access=sent["access"],
            refresh=sent["refresh"],
            got_at=now,
            access_ends_at=now,
            facts={name: value for name, value in facts.items() if value},
        )
        try:
            return self._ours(self.server.renew(posted))
        except GrantError as error:
            raise AuthError(
                f"A call to the installation address is not of this application: {error.what}",
                did="It was not believed; the login in use stays.",
                todo=self._again,
            ) from None

    def _same_portal(self, member_id: str) -> None:
        known = self.store.find()
        kept = known.facts.get("member_id", "") if known else ""
        if kept and not hmac.compare_digest(kept.encode(), member_id.encode()):
            raise AuthError(
                "A call to the installation address is of another portal.",
                did="It was not believed; the login in use stays.",
                todo=self._again,
            )

    def _ours(self, tokens: Tokens) -> Tokens:
        """The pair with the address in the settings noted; AuthError if it is another portal's."""
        address = address_of(tokens)
        if address and not same_host(address, self.settings.url):
            raise AuthError(
                f"This login is for {address}, the settings name {self.settings.url}.",
                did="It was not kept.",
                todo=f"Correct `url` of the source (was the portal renamed?). {self._again}",
            )
        return replace(tokens, facts={**tokens.facts, "url": self.settings.url})

    def _told(self, tokens: Tokens) -> str:
        user = tokens.facts.get("user_id", "")
        host = urlsplit(address_of(tokens) or self.settings.url).netloc
        return f"{host}, id {user}" if user else host

    @property
    def _again(self) -> str:
        return f"Run: merilo login {self.options.source}"


def make_login(settings: Bitrix24Settings, options: ClientOptions) -> Bitrix24Login | None:
    """The login of a source; None where the settings name a webhook."""
    if settings.auth != "oauth":
        return None
    secret = options.secret(settings.client_secret)
    server = AuthServer(settings, options, secret)
    return Bitrix24Login(settings, options, server, open_tokens(options, secret))


def _first(form: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((form[key] for key in keys if form.get(key)), "")
