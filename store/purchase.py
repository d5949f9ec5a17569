"""The fact of a sale that needs no deal."""

from datetime import datetime

from msgspec import Struct


class Purchase(Struct, frozen=True, kw_only=True):
    """One version of what a customer bought at `bought_at`, with no deal of its own.

    `amount` is in minor units of `currency`. `client_ref`: who bought, "customer:5"; whoever holds
    them, `owner_ref` now, holds their purchases: events of owners name the customer.
    """

    ref: str
    client_ref: str
    amount: int
    currency: str
    owner_ref: str | None
    bought_at: datetime
    updated_at: datetime
