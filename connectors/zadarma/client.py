"""Requests to one account: signed, and within its two limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.answer import Answer
from connectors.base import ClientOptions
from connectors.error import RetryableError
from connectors.limit_state import limit_file
from connectors.limiter import Limiter
from connectors.vendor_clock import VendorClock
from connectors.zadarma.classify import is_spent, open_body, reset_s
from connectors.zadarma.settings import ZadarmaSettings
from connectors.zadarma.signature import query_of, sign

if TYPE_CHECKING:
    from connectors.http import Transport

REPORT = "/v1/statistics/pbx/"

REPORTS = (1.0, 1 / 20.5)
"""Reports at once and a second: three a minute are allowed, and any minute is counted."""

OTHERS = (5.0, 1.5)
"""The same of every other request, of which a hundred a minute are allowed."""


class Body(NamedTuple):
    """A good answer: its JSON, and the account's time when it was asked (aware UTC)."""

    data: dict[str, Any]
    served_at: datetime


class Line(NamedTuple):
    """A way to the account, and the limit of what goes over it."""

    transport: "Transport"
    limiter: Limiter


@dataclass
class ZadarmaClient(VendorClock):
    """A connection to one account; safe to share between threads. Its text shows no secret."""

    settings: ZadarmaSettings
    options: ClientOptions
    reports: Line = field(repr=False)
    others: Line = field(repr=False)
    key: str = field(repr=False)
    secret: str = field(repr=False)
    told: set[str] = field(default_factory=set, repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        self.reports.transport.close()
        self.others.transport.close()

    def get(self, path: str, params: Mapping[str, object] | None = None) -> Body:
        """Reads, signed; repeated by itself within the budget.

        Raises AuthError, RejectedError or RetryableError.
        """
        query = query_of({**(params or {}), "format": "json"})
        line = self.reports if path == REPORT else self.others
        signature = sign(path, query, self.secret)
        return line.transport.get(
            f"{path.lstrip('/')}?{query}",
            read=self._reader(line.limiter),
            headers={"Authorization": f"{self.key}:{signature}"},
        )

    def _reader(self, limiter: Limiter) -> Callable[[Answer], Body]:
        def read(answer: Answer) -> Body:
            try:
                data = open_body(answer)
            except RetryableError as error:
                if answer.status == 429 and error.retry_after:
                    limiter.pause(error.retry_after)
                raise
            if is_spent(answer):
                limiter.pause(reset_s(answer))
            return Body(data, self.served_at(answer))

        return read


def connect(settings: ZadarmaSettings, options: ClientOptions) -> ZadarmaClient:
    """A client for the settings; SecretError when key or secret is missing."""
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    key, secret = options.secret(settings.key), options.secret(settings.secret)

    def line(name: str, capacity: float, rate: float) -> Line:
        limiter = Limiter(
            clock=options.clock,
            sleep=options.sleep,
            file=limit_file(options.data_dir, settings.url, settings.key.name, name),
            capacity=capacity,
            rate=rate,
        )
        transport = Transport(
            settings.url,
            limiter=limiter,
            sleep=options.sleep,
            secrets=(key, secret),
            ca_bundle=settings.ca_bundle,
        )
        return Line(transport, limiter)

    reports, others = line("reports", *REPORTS), line("others", *OTHERS)
    return ZadarmaClient(settings, options, reports, others, key, secret)
