"""A running account of the ITooLabs family: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import build_exchange
from sandbox.itoolabs.account import Account
from sandbox.itoolabs.app import REQUESTS, build_app
from sandbox.minute_limit import MinuteLimits
from sandbox.telephone_box import TelephoneBox
from sandbox.tls import TlsFiles

RATE = 120
"""Requests a minute: no limit is documented, so one that a patient client never meets."""


class ItoolabsBox(TelephoneBox[Account, MinuteLimits]):
    """A running sandbox of the crmapi; close it, or use it as a context manager."""

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {"url": self.url, "token": self.account.key, "ca_bundle": self.ca_bundle}


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> ItoolabsBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    exchange = build_exchange(scale, seed, clock)
    limits = MinuteLimits(exchange.now, {REQUESTS: RATE}, enabled=limited)
    return ItoolabsBox(Account(exchange), limits, build_app, tls)
