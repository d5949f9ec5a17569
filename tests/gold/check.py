"""Compares what the engine says with the numbers written down for the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from kpi.catalog import Catalog
from kpi.period import By
from kpi.value import Query, values
from store.store import Store
from tests.gold import book
from tests.gold.company import NAMES, vantage

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
WEEKS = (date(2026, 9, 28), date(2026, 11, 1))
_WHO = {name: who for who, name in NAMES.items()}
_CENT = Decimal("0.01")
Key = tuple[str, ...]


class Number(NamedTuple):
    """A number of the month as the file writes it; "" where there is none."""

    value: str
    n: str
    numerator: str
    denominator: str
    state: str


Month = Mapping[Key, Number]
"""By who, metric, and the reason of a loss or the step between stages where there is one."""
Periods = Mapping[Key, Mapping[str, Decimal]]
"""Sums that are not 0, by kind and first day of a period, and who."""


def expected_month() -> Month:
    """The numbers of October, all of them."""
    return {
        (row["who"], row["metric"], row["of"]): Number(*(row[each] for each in Number._fields))
        for row in book.rows("expected_month")
    }


def written_periods() -> Periods:
    """The sums of every day of October and of the five weeks that touch it, days in seconds."""
    found: dict[Key, Mapping[str, Decimal]] = {}
    for row in book.rows("expected_periods"):
        sums = (each.split("=") for each in row["sums"].split())
        found[row["by"], row["period"], row["who"]] = {name: Decimal(sum_) for name, sum_ in sums}
    return found


def expected_periods() -> Periods:
    """The same with days in days, rounded as they are shown."""
    return {
        key: {name: _in_days(name, sum_) for name, sum_ in sums.items()}
        for key, sums in written_periods().items()
    }


def summed_periods() -> Periods:
    """The same, added up from what every row says it counts for."""
    found: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for count in book.counts():
        if count.day == "open" or count.name == "gap" or count.name.startswith("lost:"):
            continue
        day = date.fromisoformat(count.day)
        monday = day - timedelta(days=day.weekday())
        if FIRST <= day <= LAST:
            found["day", day.isoformat(), count.who][count.name] += count.amount
        if WEEKS[0] <= day <= WEEKS[1]:
            found["week", monday.isoformat(), count.who][count.name] += count.amount
    return {key: {name: sum_ for name, sum_ in sums.items() if sum_} for key, sums in found.items()}


def shown_month(found: Iterable[Mapping[str, Any]]) -> Month:
    """The engine's lines, as `merilo kpi --json` prints them, in the file's words."""
    return {
        (_who(line["manager"]), line["metric"], _part(line)): Number(
            *("" if line[name] is None else str(line[name]) for name in Number._fields)
        )
        for line in found
    }


People = tuple[int, ...] | None
"""Whom to ask for; None = all who appear."""


def asked_month(store: Store, catalog: Catalog, people: People = None) -> Month:
    """What the engine says of the month, for the metrics the file knows."""
    query = Query(since=FIRST, until=LAST, by="month", manager_ids=people, metrics=month_metrics())
    return shown_month(each.to_json() for each in values(store, catalog, query, vantage()))


def asked_periods(store: Store, catalog: Catalog, people: People = None) -> Periods:
    """What the engine says of the days and weeks, for the sums the file knows."""
    names = tuple(sorted({name for sums in expected_periods().values() for name in sums}))
    kinds: tuple[tuple[By, date, date], ...] = (("day", FIRST, LAST), ("week", *WEEKS))
    found: dict[Key, dict[str, Decimal]] = defaultdict(dict)
    for by, since, until in kinds:
        query = Query(since=since, until=until, by=by, manager_ids=people, metrics=names)
        for value in values(store, catalog, query, vantage()):
            if amount := Decimal(str(value.value)):
                key = (by, value.period.isoformat(), _who(value.manager))
                found[key][value.metric] = amount
    return dict(found)


def month_metrics() -> tuple[str, ...]:
    """The metrics of the file, in its order."""
    return tuple(dict.fromkeys(row["metric"] for row in book.rows("expected_month")))


def _who(name: str | None) -> str:
    return _WHO.get(name) or str(name)


def _part(line: Mapping[str, Any]) -> str:
    """The reason of a loss, or a step from stage to stage."""
    of = line["of"] or {}
    return f"{of['from']}>{of['to']}" if "from" in of else of.get("reason") or ""


def _in_days(name: str, sum_: Decimal) -> Decimal:
    return (sum_ / 86_400).quantize(_CENT, ROUND_HALF_UP) if name == "days_to_win" else sum_
