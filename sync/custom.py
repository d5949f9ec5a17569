"""Brings custom fields into the store: their texts, and their numbers in base currency."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from store import custom_value
from store.custom_value import InBase
from store.fact import CustomFields, CustomValues
from store.table import DEAL
from store.upsert import find_rows
from sync.credit import Credit


def keep_custom(
    tx: Connection,
    credit: Credit,
    source_id: int,
    values: Sequence[CustomValues],
    fields: Sequence[CustomFields],
) -> int:
    """Keeps what is filled in; returns how many records changed."""
    for each in fields:
        custom_value.note_missing(tx, source_id, each)
    if not values:
        return 0
    # Only of deals the currency is known
    deals = {each.record_ref for each in values if each.kind == DEAL.name}
    in_base = _in_base(tx, credit, source_id, deals)
    return custom_value.put_values(tx, source_id, values, in_base)


def settle_custom(tx: Connection, credit: Credit, source_id: int, refs: Collection[str]) -> None:
    """Puts the numbers of these deals right after the deals changed."""
    if refs and custom_value.has_values(tx, source_id):
        in_base = _in_base(tx, credit, source_id, refs)
        custom_value.value_again(tx, source_id, DEAL.name, refs, in_base)


def _in_base(tx: Connection, credit: Credit, source_id: int, refs: Collection[str]) -> InBase:
    """Converts as the amount of the deal is: by its currency, on the day it closed."""
    names = ("ref", "currency", "closed_day")
    known = {ref: rest for ref, *rest in find_rows(tx, DEAL, names, source_id, refs)}

    def in_base(ref: str, number: int) -> int | None:
        if ref not in known:
            return None
        currency, day = known[ref]
        base = credit.currency
        return credit.rates.in_base(source_id, number, currency or base, base, day)

    return in_base
