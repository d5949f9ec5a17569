"""A running account: where it listens, its keys, its switches."""

from sandbox.amocrm.account import Account
from sandbox.amocrm.app import build_app
from sandbox.amocrm.limit import Limits
from sandbox.serving import Served
from sandbox.tls import TlsFiles


class AmoBox(Served):
    """A running sandbox of amoCRM; close it, or use it as a context manager."""

    def __init__(self, account: Account, limits: Limits, tls: TlsFiles | None) -> None:
        super().__init__(tls, account.live_step)
        self.account = account
        self.limits = limits

    @property
    def token(self) -> str:
        """The long-lived token."""
        return self.account.access.token

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter; the code is good once and for twenty minutes."""
        access = self.account.access
        return {
            "url": self.url,
            "token": self.token,
            "ca_bundle": self.ca_bundle,
            "client_id": access.client_id,
            "client_secret": access.client_secret,
            "redirect_uri": access.redirect_uri,
            "code": access.authorize(self.account.now()),
        }

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.account, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)
        self._stack.callback(self.account.hooks.close)
