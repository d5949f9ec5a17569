"""Requests to one account: its token, its pace, its HAL answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

from connectors.amocrm.classify import ExpiredError, as_list, as_map, open_body
from connectors.amocrm.login import AmocrmLogin, OAuthSession, open_login
from connectors.amocrm.settings import AmocrmSettings
from connectors.answer import Answer
from connectors.base import ClientOptions, Record
from connectors.error import RetryableError
from connectors.limit_state import limit_file
from connectors.limiter import Limiter
from connectors.vendor_clock import VendorClock

if TYPE_CHECKING:
    from connectors.http import Transport

T = TypeVar("T")
Query = Sequence[tuple[str, object]]
"""Names in PHP's brackets and their values, in order."""

PACE = 6.5
"""Requests a second; 7 are allowed to an integration in one account."""

BURST = 1.2
"""Requests at once: the vendor counts any second, so none are saved up. What is beyond one makes
up for requests that are sent up to 30 ms late; no second sees more than 7 all the same."""

WRITE_COST = 2.0
"""A write takes the place of two requests, so that writing has half of the pace at most."""

_LEAST_PAUSE_S = 60.0


class Session(Protocol):
    """The login: `token` is what a request shows."""

    def token(self) -> str:
        """The access token of now; raises AuthError when a person must log in again."""

    def renew(self, stale: str) -> bool:
        """Gets another token than this refused one; False where there is no way to."""


@dataclass(frozen=True)
class FixedSession:
    """A long-lived token: nothing can be renewed."""

    value: str = field(repr=False)

    def token(self) -> str:
        """The token."""
        return self.value

    def renew(self, stale: str) -> bool:
        """Never."""
        return False


class Body(NamedTuple):
    """A good answer: its JSON ({} for 204) and the account's time when it was asked (aware UTC)."""

    data: dict[str, Any]
    served_at: datetime

    def rows(self, name: str) -> list[Record]:
        """The embedded records under a name."""
        rows = as_list(as_map(self.data.get("_embedded")).get(name))
        if not all(isinstance(row, dict) for row in rows):
            raise RetryableError(f"The account answered without the list of {name} it documents.")
        return rows

    @property
    def has_next(self) -> bool:
        """Whether the answer links to another page. The link itself is never followed."""
        return "next" in as_map(self.data.get("_links"))


@dataclass
class AmocrmClient(VendorClock):
    """A connection to one account; safe to share between threads. Its text never shows the token.

    `notes` holds what a pass found out about the account, by name; `has_products` outlives it:
    whether there was a list of products when that was asked last.
    """

    settings: AmocrmSettings
    options: ClientOptions
    limiter: Limiter = field(repr=False)
    transport: "Transport" = field(repr=False)
    session: Session = field(repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    has_products: bool | None = None

    def close(self) -> None:
        """Lets go of sockets."""
        self.transport.close()

    def get(self, path: str, query: Query = ()) -> Body:
        """Reads; repeated by itself within the budget.

        Raises AuthError, RejectedError or RetryableError.
        """
        address = f"{path}?{urlencode([(name, str(value)) for name, value in query])}"
        return self._logged_in(
            lambda headers: self.transport.get(
                address if query else path, read=self._read, headers=headers
            )
        )

    def write(self, method: str, path: str, payload: object = None) -> Body:
        """Sends a change, POST, PATCH or DELETE, once.

        As `get`, and AmbiguousError when the answer was lost: it may have been carried out.
        """
        return self._logged_in(
            lambda headers: self.transport.post(
                path, payload, read=self._read, headers=headers, idempotent=False, method=method
            )
        )

    def _logged_in(self, ask: Callable[[Mapping[str, str]], T]) -> T:
        token = self.session.token()
        try:
            return ask({"Authorization": f"Bearer {token}"})
        except ExpiredError:
            if not self.session.renew(token):
                raise
        return ask({"Authorization": f"Bearer {self.session.token()}"})

    def _read(self, answer: Answer) -> Body:
        try:
            data = open_body(answer)
        except RetryableError as error:
            if answer.status in (403, 429):
                error.retry_after = max(error.retry_after or 0.0, _LEAST_PAUSE_S)
                self.limiter.pause(error.retry_after)
            raise
        return Body(data, self.served_at(answer))

    def served_at(self, answer: Answer) -> datetime:
        """The moment of the request by the `Date` header; RetryableError without one."""
        if answer.served_at is None:
            raise RetryableError(f"{answer.shown_url}: the answer does not say the account's time.")
        return super().served_at(answer)


def connect(settings: AmocrmSettings, options: ClientOptions) -> AmocrmClient:
    """A client for the settings; SecretError when a secret is missing."""
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    limiter = _limiter(settings, options)
    transport = Transport(
        settings.url, limiter=limiter, sleep=options.sleep, ca_bundle=settings.ca_bundle
    )
    if settings.auth == "oauth":
        session: Session = OAuthSession(*open_login(settings, options, limiter), transport)
    else:
        token = options.secret(settings.token).strip()
        transport.conceal(token)
        session = FixedSession(token)
    return AmocrmClient(settings, options, limiter, transport, session)


def make_login(settings: AmocrmSettings, options: ClientOptions) -> AmocrmLogin | None:
    """The OAuth login of a source; None where the settings name a long-lived token."""
    if settings.auth != "oauth":
        return None
    return AmocrmLogin(*open_login(settings, options, _limiter(settings, options)))


def _limiter(settings: AmocrmSettings, options: ClientOptions) -> Limiter:
    return Limiter(
        clock=options.clock,
        sleep=options.sleep,
        file=limit_file(options.data_dir, settings.url),
        capacity=BURST,
        rate=PACE,
        write_cost=WRITE_COST,
    )
