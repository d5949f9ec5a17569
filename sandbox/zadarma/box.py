"""A running Zadarma account: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import build_exchange
from sandbox.minute_limit import MinuteLimits
from sandbox.telephone_box import TelephoneBox
from sandbox.tls import TlsFiles
from sandbox.zadarma.account import Account
from sandbox.zadarma.app import OTHERS, REPORTS, build_app

RATES = {REPORTS: 3, OTHERS: 100}
"""Requests a minute: reports, and everything else."""


class ZadarmaBox(TelephoneBox[Account, MinuteLimits]):
    """A running sandbox of Zadarma; close it, or use it as a context manager."""

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


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> ZadarmaBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    exchange = build_exchange(scale, seed, clock)
    limits = MinuteLimits(exchange.now, RATES, enabled=limited)
    return ZadarmaBox(Account(exchange), limits, build_app, tls)
