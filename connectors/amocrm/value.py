"""Values as amoCRM spells them: unix seconds, ids, money."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.field import hundredths, senseless, whole
from store.fact import DealState

WON, LOST = "142", "143"
"""The ids of these stages in every pipeline, whatever they are called."""

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


def price(record: Mapping[str, Any]) -> int:
    """The price in minor units; Kommo tells it with fractions in a key of its own."""
    precise = record.get("price_with_minor_units")
    return hundredths(record, "price" if precise is None else "price_with_minor_units")
