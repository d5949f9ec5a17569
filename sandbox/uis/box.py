"""A running account: where it listens, its key, its switches."""

from collections.abc import Callable
from datetime import datetime

from sandbox.telephone_box import TelephoneBox
from sandbox.tls import TlsFiles
from sandbox.uis.account import Account, build_account
from sandbox.uis.app import build_app
from sandbox.uis.limit import Limits


class UisBox(TelephoneBox[Account, Limits]):
    """A running sandbox of the Data API; close it, or use it as a context manager."""

    @property
    def token(self) -> str:
        """The access key."""
        return self.account.key

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {"url": self.url, "token": self.token, "ca_bundle": self.ca_bundle}


def build_box(
    scale: str, seed: int, clock: Callable[[], datetime], limited: bool, tls: TlsFiles | None
) -> UisBox:
    """An account whose history ends now; ValueError for an unknown scale."""
    limits = Limits(lambda: clock().timestamp(), enabled=limited)
    return UisBox(build_account(scale, seed, clock), limits, build_app, tls)
