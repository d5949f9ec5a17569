"""How many different values there are in a period: counted from its own records, as medians are.

They cannot be added up: who was called on two days is one client of the week.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from kpi.contribution import Branch, Scope, branches
from kpi.metric import Distinct, Metric
from kpi.outcome import Answers, Outcome
from kpi.period import Span
from kpi.reading import placer
from kpi.shown import to_fraction
from store.moment import day_number


def read_distinct(
    tx: Connection, metric: Metric, spans: Sequence[Span], manager_ids: tuple[int, ...] | None
) -> Answers:
    """The number of different values of every span and manager."""
    if not spans or not isinstance(metric.kind, Distinct):
        return {}
    scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
    place, members = placer(spans), dict[tuple[date, int], set[str]]()
    records: dict[tuple[date, int], int] = {}
    for day, manager_id, member, number in tx.execute(_counted(metric.kind, scope)):
        key = place(day), manager_id
        members.setdefault(key, set()).add(member)
        records[key] = records.get(key, 0) + number
    return {
        key: [(None, Outcome(to_fraction(len(found), ""), records[key]))]
        for key, found in members.items()
    }


def distinct_records(kind: Distinct, first_day: int, last_day: int, manager_id: int) -> Select[Any]:
    """(source_id, ref, at, amount, no gap) of every record, by moment: 1 for the first one with
    its value, 0 for those after it."""
    scope = Scope(first_day, last_day, (manager_id,))
    (branch,) = branches(kind.measure, scope=scope)
    at = branch.columns[branch.subject.occasion(kind.measure.when).at]
    source_id, ref = branch.columns["source_id"], branch.columns["ref"]
    rows = _part(branch, kind, scope).add_columns(
        source_id.label("source_id"), ref.label("ref"), at.label("at")
    )
    each = rows.subquery().c
    order = (each.at, each.source_id, each.ref)
    place = func.row_number().over(partition_by=each.member, order_by=order)
    amount = case((place == 1, literal_column("1")), else_=literal_column("0"))
    return select(
        each.source_id, each.ref, each.at, amount.label("amount"), literal_column("0").label("gap")
    ).order_by(*order)


def _counted(kind: Distinct, scope: Scope) -> Select[Any]:
    """(day, manager, value, how many records)"""
    parts = [_part(branch, kind, scope) for branch in branches(kind.measure, scope=scope)]
    rows = union_all(*parts).subquery().c
    keys = (rows.day, rows.manager_id, rows.member)
    return select(*keys, func.count()).group_by(*keys)


def _part(branch: Branch, kind: Distinct, scope: Scope) -> Select[Any]:
    name = kind.measure.value.removeprefix("each:")
    return branch.each(kind.measure, name, _member(branch, name), scope)


def _member(branch: Branch, name: str) -> ColumnElement[Any]:
    """Values of two sources are two values, however alike they are spelt; a number's hash is not:
    it is that of the same telephone."""
    value = branch.columns[name]
    if name.endswith("_hash"):
        return value.label("member")
    return (cast(branch.columns["source_id"], String) + ":" + value).label("member")
