"""Requests to one exchange: signed, paced, and none while the account is locked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.answer import Answer
from connectors.base import ClientOptions
from connectors.error import RemoteError, RetryableError
from connectors.mango.classify import is_wrong, open_body
from connectors.mango.lock import Gate, Lock
from connectors.mango.settings import MangoSettings
from connectors.mango.sign import signed_form
from connectors.vendor_clock import VendorClock

if TYPE_CHECKING:
    from connectors.http import Transport

PACE = 8.0
"""Requests a second; 10 are allowed to one exchange."""

ORDER_S = 2.1
"""Seconds between orders of reports; the vendor allows one in two."""

LARGEST_BODY = 64 << 20
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class MangoClient(VendorClock):
    """A connection to one exchange; safe to share between threads. Its text shows no secret.

    `notes` holds what a pass found out about the exchange, by name.
    """

    settings: MangoSettings
    options: ClientOptions
    lock: Lock = field(repr=False)
    key: str = field(repr=False)
    salt: str = field(repr=False)
    transport: "Transport" = field(repr=False)
    ordering: "Transport" = field(repr=False)
    orders: Gate = field(repr=False)
    notes: dict[str, Any] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        self.transport.close()
        self.ordering.close()

    def ask(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Asks; {} for "not ready". Repeated by itself within the budget.

        Raises AuthError, RejectedError or RetryableError.
        """
        return self._send(self.transport, path, payload)

    def order(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """As `ask`, for orders of reports, which have a slower pace of their own."""
        return self._send(self.ordering, path, payload)

    def wait(self, seconds: float) -> None:
        """Passes time; raises StoppedError when the program is asked to end."""
        self.options.sleep(seconds)

    def _send(
        self, transport: "Transport", path: str, payload: Mapping[str, Any]
    ) -> dict[str, Any]:
        body = signed_form(self.key, self.salt, payload)
        return transport.post(path, body, read=self._read, headers=_FORM)

    def _read(self, answer: Answer) -> dict[str, Any]:
        self.keep_time(answer)
        try:
            return open_body(answer)
        except RemoteError as error:
            if is_wrong(error):
                self.lock.close()
            elif isinstance(error, RetryableError) and answer.status == 429:
                error.retry_after = max(error.retry_after or 0.0, ORDER_S)
                self.orders.pause(error.retry_after)
            raise


def connect(settings: MangoSettings, options: ClientOptions) -> MangoClient:
    """A client for the settings; SecretError when a secret is missing."""
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    key, salt = options.secret(settings.api_key), options.secret(settings.api_salt)
    file = _state_file(options.data_dir, key)
    lock = Lock(options.clock, file and file.with_suffix(".lock.json"))
    pace = _gate(options, lock, PACE, file)
    orders = _gate(options, lock, 1 / ORDER_S, file and file.with_suffix(".order.json"))
    transport, ordering = (
        Transport(
            settings.url,
            limiter=gate,
            sleep=options.sleep,
            secrets=(key, salt),
            ca_bundle=settings.ca_bundle,
            max_bytes=LARGEST_BODY,
        )
        for gate in (pace, orders)
    )
    return MangoClient(settings, options, lock, key, salt, transport, ordering, orders)


def _gate(options: ClientOptions, lock: Lock, rate: float, file: Path | None) -> Gate:
    return Gate(lock, clock=options.clock, sleep=options.sleep, rate=rate, file=file)


def _state_file(data_dir: Any, key: str) -> Path | None:
    """One for each exchange, whatever the source is called: the vendor counts by its code."""
    if not data_dir:
        return None
    name = blake2b(key.encode(), digest_size=8, person=b"merilo-mango").hexdigest()
    return Path(data_dir) / "limits" / f"mango-{name}.json"
