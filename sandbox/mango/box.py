"""A running exchange: where it listens, its keys, its switches."""

import random
from collections.abc import Callable
from datetime import datetime

from sandbox.exchange import build_exchange
from sandbox.mango.app import build_app
from sandbox.mango.limit import Limits
from sandbox.mango.product import Product
from sandbox.telephone_box import TelephoneBox
from sandbox.tls import TlsFiles


class MangoBox(TelephoneBox[Product, Limits]):
    """A running sandbox of Mango Office; close it, or use it as a context manager."""

    @property
    def product(self) -> Product:
        """The account, as the vendor calls it."""
        return self.account

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter."""
        return {
            "url": f"{self.url}/vpbx",
            "api_key": self.account.key,
            "api_salt": self.account.salt,
            "ca_bundle": self.ca_bundle,
        }


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
    return MangoBox(product, Limits(exchange.now, enabled=limited), build_app, tls)
