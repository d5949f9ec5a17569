"""Requests to one account's Data API: JSON-RPC 2.0 by POST, one method a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from connectors.answer import Answer
from connectors.base import ClientOptions, Record
from connectors.error import RemoteError, RetryableError
from connectors.field import are_records
from connectors.limit_state import limit_file
from connectors.limiter import Limiter
from connectors.uis.classify import as_map, body_of, limits_of, reset_s, result_of
from connectors.uis.settings import VERSION, UisSettings
from connectors.vendor_clock import VendorClock

if TYPE_CHECKING:
    from connectors.http import Transport

PACE = 1.5
"""Requests a second in the long run; what the account allows is told in every answer."""

BURST = 20.0

PATIENCE_S = 130.0
"""A minute's points come back within 60 s; the day's are waited for by the next passes."""

_HEADERS = {"Content-Type": "application/json; charset=UTF-8"}


class Reply(NamedTuple):
    """Rows of an answer; `total`: how many there are, None where it is not told; `served_at`: the
    vendor's time when it was asked (aware, UTC)."""

    rows: list[Record]
    total: int | None
    limits: Mapping[str, Any]
    served_at: datetime


@dataclass
class UisClient(VendorClock):
    """A connection to one account; safe to share between threads. Its text never shows the key.

    `notes` holds what was found out about the account, by name.
    """

    settings: UisSettings
    options: ClientOptions
    limiter: Limiter = field(repr=False)
    transport: "Transport" = field(repr=False)
    key: str = field(repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)
    _numbers: Any = field(default_factory=lambda: count(1), repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        self.transport.close()

    def ask(self, method: str, **params: Any) -> Reply:
        """Calls a `get` method; repeated by itself within the budget.

        Raises AuthError (ScopeError for this one method), RejectedError or RetryableError.
        """
        number = f"merilo-{next(self._numbers)}"
        sent = {
            "jsonrpc": "2.0",
            "id": number,
            "method": method,
            "params": {"access_token": self.key, **params},
        }
        return self.transport.post(
            VERSION, sent, read=lambda answer: self._read(answer, number), headers=_HEADERS
        )

    def _read(self, answer: Answer, number: str) -> Reply:
        body = body_of(answer)
        limits = limits_of(body)
        try:
            result = result_of(answer, body, number)
        except RetryableError as error:
            self._rest(max(error.retry_after or 0.0, reset_s(limits)))
            raise
        except RemoteError:
            self._rest(reset_s(limits))
            raise
        self._rest(reset_s(limits))
        total = as_map(result.get("metadata")).get("total_items")
        rows = result.get("data")
        if not are_records(rows):
            raise RetryableError("The Data API answered without the list it documents.")
        known = total if isinstance(total, int) else None
        return Reply(rows, known, limits, self.served_at(answer))

    def _rest(self, seconds: float) -> None:
        if seconds > 0:
            self.limiter.pause(seconds)


def connect(settings: UisSettings, options: ClientOptions) -> UisClient:
    """A client for the settings; SecretError when the key is missing."""
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    key = options.secret(settings.token)
    limiter = Limiter(
        clock=options.clock,
        sleep=options.sleep,
        # Accounts of one brand share an address, but no points
        file=limit_file(options.data_dir, settings.url, options.source),
        capacity=BURST,
        rate=PACE,
        patience_s=PATIENCE_S,
    )
    transport = Transport(
        settings.url,
        limiter=limiter,
        sleep=options.sleep,
        secrets=(key,),
        ca_bundle=settings.ca_bundle,
        patience_s=PATIENCE_S,
    )
    return UisClient(settings, options, limiter, transport, key)
