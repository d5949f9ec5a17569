"""The cells: every sum by (day, manager) and by (week or month, manager).

They are a cache of the facts, made and dropped by the engine and unknown to the migrations.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import add
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Insert,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
)

from kpi.catalog import Catalog
from kpi.contribution import total
from kpi.metric import Measure
from kpi.period import Span, month_of, month_start, week_of, week_start
from kpi.tally import change_queries, changes, fill_tallies, holding_table, split_table
from store.moment import day_date, day_number
from store.upsert import add_rows, delete_zeros

Deltas = dict[tuple[Any, ...], Sequence[int]]
"""What to add to the sums of each cell, by its key."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The tables of a catalogue: `day` keyed (day, manager_id), `period` keyed (kind, start_day,
    manager_id), a column for each of `sums`; `split` and `holding` see `kpi.tally`. Whose sums are
    all 0 has no row."""

    day: Table
    period: Table
    sums: Mapping[Measure, str]
    split: Table
    holding: Table
    catalog: Catalog

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return self.day, self.period, self.split, self.holding

    def fill(self) -> Insert:
        """Counts every fact into the empty day cells."""
        columns = ["day", "manager_id", *self.sums.values()]
        return insert(self.day).from_select(columns, total(self.sums))

    @cached_property
    def fill_period(self) -> Insert:
        """Adds up the days of one week or month into the period cells."""
        days = self.day.c
        query = (
            select(
                bindparam("kind_", type_=String),
                bindparam("start_", type_=Integer),
                days.manager_id,
                *(func.sum(days[name]) for name in self.sums.values()),
            )
            .where(days.day.between(bindparam("first_"), bindparam("last_")))
            .group_by(days.manager_id)
        )
        columns = ["kind", "start_day", "manager_id", *self.sums.values()]
        return insert(self.period).from_select(columns, query)

    @cached_property
    def changes(self) -> Select[Any]:
        """What the journals add to the day cells."""
        return total(self.sums, journal=True)

    @cached_property
    def split_changes(self) -> Sequence[Select[Any]]:
        """What the journals add to `split`."""
        return change_queries(self.catalog.splits)

    @cached_property
    def holding_changes(self) -> Sequence[Select[Any]]:
        """What the journals add to `holding`."""
        return change_queries(self.catalog.snapshots)


@lru_cache(maxsize=8)
def cells_of(catalog: Catalog, suffix: str = "") -> Cells:
    """The tables as the catalogue wants them; `suffix` names a second set beside the first."""
    names = catalog.columns.values()
    metadata = MetaData()
    day = Table(f"kpi_day{suffix}", metadata, _key("day"), _key("manager_id"), *_sums(names))
    kind = Column("kind", String(5), primary_key=True)
    keys = (kind, _key("start_day"), _key("manager_id"))
    period = Table(f"kpi_period{suffix}", metadata, *keys, *_sums(names))
    split, holding = split_table(metadata, suffix), holding_table(metadata, suffix)
    return Cells(day, period, catalog.columns, split, holding, catalog)


def exist(tx: Connection, cells: Cells) -> bool:
    """Whether the tables are there, whatever columns they have: made for older declarations, they
    still tell who was ever credited."""
    return inspect(tx).has_table(cells.period.name)


def make(tx: Connection, cells: Cells) -> None:
    """Makes the tables anew, empty."""
    drop(tx, cells)
    cells.day.metadata.create_all(tx, checkfirst=False)


_ONCE = {"compiled_cache": None}
"""A large statement that runs once a night: its compiled form would stay in memory."""


def fill(tx: Connection, cells: Cells) -> None:
    """Counts every fact into the tables, whatever they held."""
    empty(tx, cells)
    tx.execute(cells.fill(), execution_options=_ONCE)
    fill_tallies(tx, cells.catalog, cells.split, cells.holding)
    days = [day_date(day) for day in tx.execute(select(cells.day.c.day).distinct()).scalars()]
    if not days:
        return
    weeks = [week_of(start) for start in sorted({week_start(day) for day in days})]
    months = [month_of(start) for start in sorted({month_start(day) for day in days})]
    for kind, spans in (("week", weeks), ("month", months)):
        tx.execute(cells.fill_period, [_bound(kind, span) for span in spans])


def drop(tx: Connection, cells: Cells) -> None:
    """Takes the tables away, whatever columns they have."""
    for table in cells.tables:
        tx.exec_driver_sql(f"DROP TABLE IF EXISTS {table.name}")


def empty(tx: Connection, cells: Cells) -> None:
    """Takes the rows away. Who reads meanwhile goes on to see the old ones, which they would not
    if the tables were made anew."""
    for table in cells.tables:
        tx.execute(delete(table))


def differ(tx: Connection, one: Cells, other: Cells) -> bool:
    """Whether any row of one set of cells is not in the other."""
    for left, right in zip(one.tables, other.tables, strict=True):
        for query in (select(left).except_(select(right)), select(right).except_(select(left))):
            if tx.execute(query.limit(1)).first() is not None:
                return True
    return False


def replace(tx: Connection, target: Cells, source: Cells) -> None:
    """Makes the rows of `target` those of `source`."""
    empty(tx, target)
    for old, new in zip(target.tables, source.tables, strict=True):
        tx.execute(insert(old).from_select(list(new.columns.keys()), select(new)))


def fold(tx: Connection, cells: Cells) -> None:
    """Adds what the journals hold to the cells: new images minus old ones."""
    days: Deltas = {tuple(row[:2]): row[2:] for row in tx.execute(cells.changes).all()}
    _add(tx, cells.day, days)
    _add(tx, cells.period, _by_period(days))
    _add(tx, cells.split, changes(tx, cells.split_changes))
    _add(tx, cells.holding, changes(tx, cells.holding_changes))


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _sums(names: Iterable[str]) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def _bound(kind: str, span: Span) -> dict[str, Any]:
    first, last = span.days
    return {"kind_": kind, "start_": day_number(span.start), "first_": first, "last_": last}


def _by_period(days: Deltas) -> Deltas:
    """The same changes by week and by month."""
    found: Deltas = {}
    for (number, manager_id), amounts in days.items():
        for period in _periods(number):
            key = (*period, manager_id)
            known = found.get(key)
            found[key] = amounts if known is None else tuple(map(add, known, amounts))
    return found


@lru_cache(maxsize=1024)
def _periods(number: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """The week and the month of a day, as the period cells name them."""
    day = day_date(number)
    return ("week", day_number(week_start(day))), ("month", day_number(month_start(day)))


def _add(tx: Connection, table: Table, deltas: Deltas) -> None:
    """Adds each change to its cell; a cell that became all 0 is taken away."""
    changed = {key: amounts for key, amounts in deltas.items() if any(amounts)}
    add_rows(tx, table, [(*key, *amounts) for key, amounts in changed.items()])
    delete_zeros(tx, table, [key for key, amounts in changed.items() if min(amounts) < 0])
