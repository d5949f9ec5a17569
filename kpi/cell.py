"""The cells: every sum by (day, manager) and by (week or month, manager).

They are a cache of the facts, made and dropped by the engine and unknown to the migrations.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Delete,
    Insert,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from kpi.catalog import Catalog
from kpi.contribution import total
from kpi.metric import Measure
from kpi.period import Span, month_of, month_start, week_of, week_start
from kpi.tally import SUMS, changes, fill_tallies, holding_table, split_table
from store.moment import day_date, day_number

Key = tuple[Any, ...]
Deltas = dict[Key, dict[str, int]]


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

    @cached_property
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


def make(tx: Connection, cells: Cells) -> None:
    """Makes the tables anew, empty."""
    drop(tx, cells)
    cells.day.metadata.create_all(tx, checkfirst=False)


def fill(tx: Connection, cells: Cells) -> None:
    """Counts every fact into the tables, whatever they held."""
    empty(tx, cells)
    tx.execute(cells.fill)
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
    names = tuple(cells.sums.values())
    days: Deltas = {}
    for day, manager_id, *amounts in tx.execute(cells.changes):
        days[day, manager_id] = dict(zip(names, amounts, strict=True))
    _add(tx, cells.day, names, days)
    _add(tx, cells.period, names, _by_period(days))
    _add(tx, cells.split, SUMS, changes(tx, cells.catalog.splits))
    _add(tx, cells.holding, SUMS, changes(tx, cells.catalog.snapshots))


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
        day = day_date(number)
        for kind, start in (("week", week_start(day)), ("month", month_start(day))):
            sums = found.setdefault(
                (kind, day_number(start), manager_id), dict.fromkeys(amounts, 0)
            )
            for name, amount in amounts.items():
                sums[name] += amount
    return found


def _add(tx: Connection, table: Table, sums: tuple[str, ...], deltas: Deltas) -> None:
    """Adds each change to its cell; a cell that became all 0 is taken away."""
    keys = [column.name for column in table.primary_key.columns]
    changes = {key: each for key, each in deltas.items() if any(each.values())}
    if changes:
        rows = [{**dict(zip(keys, key, strict=True)), **each} for key, each in changes.items()]
        tx.execute(_upsert(table, sums, tx.dialect.name), rows)
    shrunk = [key for key, amounts in changes.items() if min(amounts.values()) < 0]
    if shrunk:
        names = [f"{name}_" for name in keys]
        tx.execute(_sweep(table, sums), [dict(zip(names, key, strict=True)) for key in shrunk])


@lru_cache(maxsize=16)
def _upsert(table: Table, sums: tuple[str, ...], dialect: str) -> Insert:
    # Only the dialect in use: the other one costs memory all day.
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    added: Insert = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: table.c[name] + statement.excluded[name] for name in sums},
    )
    return added


@lru_cache(maxsize=16)
def _sweep(table: Table, sums: tuple[str, ...]) -> Delete:
    """Deletes a cell if all its sums are 0."""
    same_key = [each == bindparam(f"{each.name}_") for each in table.primary_key.columns]
    return delete(table).where(and_(*same_key, *(table.c[name] == 0 for name in sums)))
