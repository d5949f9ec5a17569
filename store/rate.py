"""Rates of currencies as stored: dated, and only where they changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from store.table import RateRow, table_of
from store.upsert import put_history

_RATE = table_of(RateRow)

Place = tuple[int, str]
"""A source's number and a currency."""


class DatedRate(NamedTuple):
    """From the local day `day` (YYYYMMDD) on, a unit cost numerator / denominator in base."""

    day: int
    numerator: int
    denominator: int


def load_rates(tx: Connection, source_id: int | None = None) -> Mapping[Place, list[DatedRate]]:
    """The rates of one source, or of all, by source and currency, ascending by day."""
    query = select(_RATE).order_by(_RATE.c.source_id, _RATE.c.currency, _RATE.c.day)
    if source_id is not None:
        query = query.where(_RATE.c.source_id == source_id)
    found: dict[Place, list[DatedRate]] = {}
    for source, currency, *rate in tx.execute(query):
        found.setdefault((source, currency), []).append(DatedRate(*rate))
    return found


def put_rates(
    tx: Connection, source_id: int, seen: Iterable[tuple[str, DatedRate]]
) -> Iterator[tuple[str, int | None]]:
    """Keeps rates that differ from the newest known; tells (currency, from which day it counts).

    A second one of the same day replaces the first. The first ever known counts for all time
    before, so its day is None. A day older than the newest known one tells nothing new.
    """
    known = dict(load_rates(tx, source_id))
    for currency, rate in seen:
        dated = known.setdefault((source_id, currency), [])
        if dated and (rate.day < dated[-1].day or rate[1:] == dated[-1][1:]):
            continue
        put_history(tx, _RATE, [(source_id, currency, *rate)])
        dated[:] = [each for each in dated if each.day < rate.day] + [rate]
        yield currency, rate.day if len(dated) > 1 else None
