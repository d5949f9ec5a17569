"""A running exchange: where it listens, its keys, its switches."""

import random
from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import Exchange, build_exchange
from sandbox.mango.app import build_app
from sandbox.mango.limit import Limits
from sandbox.mango.product import Product
from sandbox.serving import Served
from sandbox.tls import TlsFiles


class MangoBox(Served):
    """A running sandbox of Mango Office; close it, or use it as a context manager."""

    def __init__(self, product: Product, limits: Limits, tls: TlsFiles | None) -> None:
        super().__init__(tls, product.exchange.live_step)
        self.product = product
        self.limits = limits

    @property
    def exchange(self) -> Exchange:
        """The calls behind it."""
        return self.product.exchange

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {
            "url": f"{self.url}/vpbx",
            "api_key": self.product.key,
            "api_salt": self.product.salt,
            "ca_bundle": self.ca_bundle,
        }

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.product, self.limits, self.faults, self.log)
        self.serve(app, port, dated=False)


def build_box(
    scale: str,
    seed: int,
    clock: Callable[[], datetime],
    limited: bool,
    tls: TlsFiles | None,
) -> MangoBox:
    """An exchange with its history, not yet listening; ValueError for an unknown scale."""
    exchange = build_exchange(scale, seed, clock)
    product = Product(exchange, random.Random(f"keys {seed}"))
    return MangoBox(product, Limits(exchange.now, enabled=limited), tls)
