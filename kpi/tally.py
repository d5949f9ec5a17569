"""Sums kept in rows, not columns: of each value of a dimension, and of each holder now.

Like the cells, of which they are a part, they are a cache of the facts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)

from kpi.catalog import Catalog
from kpi.contribution import Branch, Scope, branches
from kpi.dimension import dimension_of
from kpi.metric import Additive, Snapshot, Split
from kpi.subject import SUBJECTS

SUMS = ("amount", "records", "gap")
"""What is summed, how many records are behind it, and how many had nothing to sum."""

Deltas = dict[tuple[Any, ...], Sequence[int]]


def split_table(metadata: MetaData, suffix: str) -> Table:
    """The sums of each value of a dimension by day and manager."""
    name = f"kpi_split{suffix}"
    who = (_number("day"), _number("manager_id"))
    what = (_number("source_id"), _text("member"))
    return Table(name, metadata, _text("metric"), *who, *what, *_sums())


def holding_table(metadata: MetaData, suffix: str) -> Table:
    """The sums of the records as they stand now by the account that holds them; "" is nobody."""
    keys = (_text("metric"), _number("source_id"), _text("holder"))
    return Table(f"kpi_holding{suffix}", metadata, *keys, *_sums())


def fill_tallies(tx: Connection, catalog: Catalog, split: Table, holding: Table) -> None:
    """Counts every fact into the empty tables."""
    for table, kinds in ((split, catalog.splits), (holding, catalog.snapshots)):
        for name, kind in kinds.items():
            tx.execute(insert(table).from_select(list(table.columns.keys()), _tally(name, kind)))


def change_queries(
    kinds: Mapping[str, Split] | Mapping[str, Snapshot],
) -> Sequence[Select[Any]]:
    """What asks the journals for changes of these metrics; making it costs more than asking."""
    return [_tally(name, kind, journal=True) for name, kind in kinds.items()]


def changes(tx: Connection, queries: Iterable[Select[Any]]) -> Deltas:
    """What the journals add to tallies, by key."""
    found: Deltas = {}
    for query in queries:
        for *key, amount, records, gap in tx.execute(query):
            found[tuple(key)] = amount, records, gap
    return found


def split_rows(split: Split, scope: Scope, *, each: bool = False) -> Select[Any]:
    """(day, manager, source, member, sums) from the facts; `each`: a row a record, with its ref
    and moment."""
    parts = []
    for branch in branches(split.sums.total, scope=scope):
        query = _split_part(branch, split, scope)
        if each:
            at = branch.columns[branch.subject.occasion(split.sums.total.when).at]
            query = query.add_columns(branch.columns["ref"].label("ref"), at.label("at"))
        parts.append(query)
    rows = union_all(*parts).subquery()
    return select(rows)


def held_rows(snapshot: Snapshot, *, journal: bool = False, each: bool = False) -> Select[Any]:
    """(source, holder, sums) of the records as they stand now, or what changed; with `each` also
    the ref of the record and the moment it began."""
    subject, who = SUBJECTS[snapshot.sums.total.fact], snapshot.sums.total.who
    table = subject.journal if journal else subject.table
    sign = table.c.sign if journal else None
    branch = Branch(subject, subject.columns(table), "", table.c[who], sign)
    holder = func.coalesce(table.c[who], "").label("holder")
    query = _part(branch, snapshot.sums, table.c.source_id, holder)
    if not each:
        return query
    begun = next(iter(subject.occasions.values())).at
    return query.add_columns(table.c.ref, table.c[begun].label("at"))


def _tally(name: str, kind: Split | Snapshot, *, journal: bool = False) -> Select[Any]:
    if isinstance(kind, Split):
        parts = [_split_part(each, kind) for each in branches(kind.sums.total, journal=journal)]
    else:
        parts = [held_rows(kind, journal=journal)]
    rows = union_all(*parts).subquery()
    keys = [column for column in rows.c if column.name not in SUMS]
    sums = [cast(func.sum(rows.c[each]), BigInteger) for each in SUMS]
    return (
        select(literal(name, String), *keys, *sums)
        .group_by(*keys)
        .having(or_(*(each != 0 for each in sums)))
    )


def _split_part(branch: Branch, split: Split, scope: Scope | None = None) -> Select[Any]:
    member = dimension_of(split.dimension).member(branch.columns)
    query = _part(
        branch,
        split.sums,
        branch.columns[branch.day].label("day"),
        branch.who.label("manager_id"),
        branch.columns["source_id"].label("source_id"),
        member.label("member"),
    )
    return branch.within(query, scope)


def _part(branch: Branch, sums: Additive, *keys: Any) -> Select[Any]:
    gap = branch.amount(sums.gap) if sums.gap else literal(0, Integer)
    amounts = (branch.amount(sums.total), branch.amount(sums.records), gap)
    labelled = (each.label(name) for each, name in zip(amounts, SUMS, strict=True))
    wanted = [condition.compile(branch.columns) for condition in sums.total.where]
    return select(*keys, *labelled).where(*wanted)


def _text(name: str) -> Column[str]:
    return Column(name, String, primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _sums() -> Iterator[Column[int]]:
    return (Column(name, BigInteger, nullable=False) for name in SUMS)
