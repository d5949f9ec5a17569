"""A running account of the ITooLabs family: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import Exchange, build_exchange
from sandbox.itoolabs.account import Account
from sandbox.itoolabs.app import REQUESTS, build_app
from sandbox.minute_limit import MinuteLimits
from sandbox.serving import Served
from sandbox.tls import TlsFiles

RATE = 120
"""Requests a minute: no limit is documented, so one that a patient client never meets."""


class ItoolabsBox(Served):
    """A running sandbox of the crmapi; close it, or use it as a context manager."""

    def __init__(self, account: Account, limits: MinuteLimits, tls: TlsFiles | None) -> None:
        super().__init__(tls, account.exchange.live_step)
        self.account = account
        self.limits = limits

    @property
    def exchange(self) -> Exchange:
        """Whose calls the account tells of."""
        return self.account.exchange

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {"url": self.url, "token": self.account.key, "ca_bundle": self.ca_bundle}

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.account, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> ItoolabsBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    exchange = build_exchange(scale, seed, clock)
    limits = MinuteLimits(exchange.now, {REQUESTS: RATE}, enabled=limited)
    return ItoolabsBox(Account(exchange), limits, tls)
