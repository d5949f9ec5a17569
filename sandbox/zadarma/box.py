"""A running Zadarma account: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import Exchange, build_exchange
from sandbox.minute_limit import MinuteLimits
from sandbox.serving import Served
from sandbox.tls import TlsFiles
from sandbox.zadarma.account import Account
from sandbox.zadarma.app import OTHERS, REPORTS, build_app

RATES = {REPORTS: 3, OTHERS: 100}
"""Requests a minute: reports, and everything else."""


class ZadarmaBox(Served):
    """A running sandbox of Zadarma; close it, or use it as a context manager."""

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
        account = self.account
        return {
            "url": self.url,
            "key": account.key,
            "secret": account.secret,
            "timezone": str(account.zone),
            "ca_bundle": self.ca_bundle,
        }

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.account, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> ZadarmaBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    exchange = build_exchange(scale, seed, clock)
    limits = MinuteLimits(exchange.now, RATES, enabled=limited)
    return ZadarmaBox(Account(exchange), limits, tls)
