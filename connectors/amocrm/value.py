"""Values as amoCRM spells them: unix seconds, ids, money."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.base import Context
from connectors.field import hundredths, senseless, text_of, whole
from store.fact import DealState

WON, LOST = "142", "143"
"""The ids of these stages in every pipeline, whatever they are called."""

KINDS: Mapping[Any, str] = {
    "leads": "lead",
    "contacts": "contact",
    "companies": "company",
    "customers": "customer",
}
"""What we call a record of each folder."""

_FAR = 1 << 34


def moment(record: Mapping[str, Any], name: str) -> datetime:
    """Unix seconds as UTC."""
    found = optional_moment(record, name)
    if found is None:
        raise senseless(name, "is no moment")
    return found


def optional_moment(record: Mapping[str, Any], name: str) -> datetime | None:
    """Unix seconds as UTC; None for null, 0 and what is absent."""
    if record.get(name) in (None, "", 0, "0", False):
        return None
    seconds = whole(record, name)
    if not 0 < seconds < _FAR:
        raise senseless(name, "is no moment")
    return datetime.fromtimestamp(seconds, UTC)


def seconds_of(at: datetime) -> int:
    """A moment as the API wants it."""
    return int(at.timestamp())


def state_of(stage: str) -> DealState:
    """What standing in a stage means: by its id, never by its name."""
    return {WON: DealState.WON, LOST: DealState.LOST}.get(stage, DealState.OPEN)


def money_of(record: Mapping[str, Any], context: Context) -> tuple[int, str]:
    """The price in minor units, and the currency: the account's where it tells it, else the base.

    Kommo tells the price with fractions in a key of its own. DataError where no currency is known.
    """
    precise = record.get("price_with_minor_units")
    amount = hundredths(record, "price" if precise is None else "price_with_minor_units")
    currency = text_of(record, "account_currency") or context.currency
    if amount and not currency:
        raise senseless("currency", "is not told by the account; set it in the source")
    return amount, currency
