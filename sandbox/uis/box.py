"""A running account: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.serving import Served
from sandbox.tls import TlsFiles
from sandbox.uis.account import Account, build_account
from sandbox.uis.app import build_app
from sandbox.uis.limit import Limits


class UisBox(Served):
    """A running sandbox of the Data API; close it, or use it as a context manager."""

    def __init__(self, account: Account, limits: Limits, tls: TlsFiles | None) -> None:
        super().__init__(tls, account.exchange.live_step)
        self.account = account
        self.exchange = account.exchange
        self.limits = limits

    @property
    def token(self) -> str:
        """The access key."""
        return self.account.key

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {"url": self.url, "token": self.token, "ca_bundle": self.ca_bundle}

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.account, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> UisBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    limits = Limits(lambda: clock().timestamp(), enabled=limited)
    return UisBox(build_account(scale, seed, clock), limits, tls)
