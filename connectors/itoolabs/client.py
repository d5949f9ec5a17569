"""Requests to one exchange: its key, its pace, its plain JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from connectors.answer import Answer
from connectors.base import ClientOptions, Record
from connectors.error import RetryableError
from connectors.field import are_records
from connectors.itoolabs.classify import open_body
from connectors.itoolabs.settings import API, ItoolabsSettings
from connectors.limit_state import limit_file
from connectors.limiter import Limiter
from connectors.vendor_clock import VendorClock

if TYPE_CHECKING:
    from connectors.http import Transport

PACE = 1.0
"""Requests a second. The vendor tells no limit; a day of calls is one request."""

BURST = 5.0


class Body(NamedTuple):
    """A good answer: its JSON, and the exchange's time when it was asked (aware UTC)."""

    data: Any
    served_at: datetime

    def rows(self, what: str) -> list[Record]:
        """The answer as the bare list of records that it should be."""
        return rows_of(self.data, what)


def rows_of(value: Any, what: str) -> list[Record]:
    """A list of records; anything else is no answer, least of all an empty one."""
    if are_records(value):
        return value
    raise RetryableError(f"The exchange answered without the list of {what} it should tell.")


@dataclass
class ItoolabsClient(VendorClock):
    """A connection to one exchange; safe to share between threads. Its text never shows the key.

    `notes` holds what a pass found out about the account, by name; `told` the statuses that were
    complained of.
    """

    settings: ItoolabsSettings
    options: ClientOptions
    limiter: Limiter = field(repr=False)
    transport: "Transport" = field(repr=False)
    key: str = field(repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    told: set[str] = field(default_factory=set, repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        self.transport.close()

    def get(self, path: str, query: Sequence[tuple[str, object]] = ()) -> Body:
        """Reads; repeated by itself within the budget.

        Raises AuthError, ScopeError, RejectedError or RetryableError.
        """
        asked = urlencode([(name, str(value)) for name, value in query])
        address = f"{API}/{path}?{asked}" if asked else f"{API}/{path}"
        return self.transport.get(address, read=self._read, headers={"X-API-KEY": self.key})

    def _read(self, answer: Answer) -> Body:
        try:
            data = open_body(answer)
        except RetryableError as error:
            if answer.status == 429 and error.retry_after:
                self.limiter.pause(error.retry_after)
            raise
        return Body(data, self.served_at(answer))


def connect(settings: ItoolabsSettings, options: ClientOptions) -> ItoolabsClient:
    """A client for the settings; SecretError when the key is missing."""
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    key = options.secret(settings.token)
    limiter = Limiter(
        clock=options.clock,
        sleep=options.sleep,
        file=limit_file(options.data_dir, settings.url),
        capacity=BURST,
        rate=PACE,
    )
    transport = Transport(
        settings.url,
        limiter=limiter,
        sleep=options.sleep,
        secrets=(key,),
        ca_bundle=settings.ca_bundle,
    )
    return ItoolabsClient(settings, options, limiter, transport, key)
