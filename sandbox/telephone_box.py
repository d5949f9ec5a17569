"""A telephone vendor's account as a running server: whose calls it tells of, and its limits."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from starlette.applications import Starlette

from sandbox.exchange import Exchange
from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.serving import Served
from sandbox.tls import TlsFiles


class ExchangeAccount(Protocol):
    """An account of a vendor, and the exchange behind it."""

    @property
    def exchange(self) -> Exchange:
        """Whose calls the account tells of."""


AccountT = TypeVar("AccountT", bound=ExchangeAccount)
LimitsT = TypeVar("LimitsT")


class TelephoneBox(Served, Generic[AccountT, LimitsT]):
    """A running sandbox of a vendor; close it, or use it as a context manager."""

    def __init__(
        self,
        account: AccountT,
        limits: LimitsT,
        build_app: Callable[[AccountT, LimitsT, Faults, Journal], Starlette],
        tls: TlsFiles | None,
    ) -> None:
        super().__init__(tls, account.exchange.live_step)
        self.account = account
        self.limits = limits
        self._build_app = build_app

    @property
    def exchange(self) -> Exchange:
        """Whose calls the account tells of."""
        return self.account.exchange

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one; answers tell the exchange's time."""
        app = self._build_app(self.account, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)
