"""What each record adds to each sum: one SELECT, used to rebuild, to refresh and to explain."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    ColumnElement,
    Integer,
    Select,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from kpi.metric import Additive, Measure
from kpi.subject import SUBJECTS, Subject
from store.table import TEAM


class Scope(NamedTuple):
    """Local days (YYYYMMDD, inclusive) and the managers wanted; None = all and the team."""

    first_day: int
    last_day: int
    manager_ids: tuple[int, ...] | None = None

    @property
    def wants_team(self) -> bool:
        """Whether contributions to the team are asked for."""
        return self.manager_ids is None or TEAM in self.manager_ids

    @property
    def wants_people(self) -> bool:
        """Whether contributions to anyone but the team are asked for."""
        return self.manager_ids is None or any(each != TEAM for each in self.manager_ids)


@dataclass(frozen=True)
class Branch:
    """Contributions of one fact at one moment: to its credited managers, or to the team.

    `only`: which records count at all there; None: all of them.
    """

    subject: Subject
    columns: Mapping[str, ColumnElement[Any]]
    day: str
    who: ColumnElement[int]
    sign: ColumnElement[int] | None
    only: ColumnElement[bool] | None = None

    def amount(self, measure: Measure) -> ColumnElement[int]:
        """What a record adds to `measure`: a whole number, 0 when it does not count there."""
        value = _value(measure, self.columns)
        conditions = [condition.compile(self.columns) for condition in measure.where]
        if conditions:
            value = case((_all(conditions), value), else_=literal_column("0", Integer))
        return value if self.sign is None else value * self.sign

    def total(self, measure: Measure) -> ColumnElement[int]:
        """What all records add to `measure`. A filter is a quarter quicker than a case for each."""
        value = _value(measure, self.columns)
        total: Any = func.sum(value if self.sign is None else value * self.sign)
        conditions = [condition.compile(self.columns) for condition in measure.where]
        if conditions:
            total = total.filter(_all(conditions))
        return cast(func.coalesce(total, 0), BigInteger)

    def totals(
        self, sums: Mapping[Measure, str], own: Container[Measure], scope: Scope | None
    ) -> Select[Any]:
        """(day, manager_id, every sum); a sum that is not of its `own` is 0."""
        day, zero = self.columns[self.day], literal_column("0", BigInteger)
        columns = [
            (self.total(measure) if measure in own else zero).label(name)
            for measure, name in sums.items()
        ]
        query: Select[Any] = select(day.label("day"), self.who.label("manager_id"), *columns)
        # Grouped by a constant, too, rows would be sorted and not read in the order of the index.
        is_team = isinstance(self.who, ColumnClause) and self.who.is_literal
        return self.within(query, scope).group_by(day, *([] if is_team else [self.who]))

    def select(self, sums: Mapping[str, Measure], scope: Scope | None) -> Select[Any]:
        """(day, manager_id, every sum, source_id, ref), a row a record."""
        day = self.columns[self.day]
        query: Select[Any] = select(
            day.label("day"),
            self.who.label("manager_id"),
            *(self.amount(measure).label(name) for name, measure in sums.items()),
            self.columns["source_id"].label("source_id"),
            self.columns["ref"].label("ref"),
        )
        return self.within(query, scope)

    def each(
        self, measure: Measure, column: str, shown: ColumnElement[Any], scope: Scope
    ) -> Select[Any]:
        """(day, manager_id, `shown`) of every record of the measure that has `column`."""
        query: Select[Any] = select(
            self.columns[self.day].label("day"), self.who.label("manager_id"), shown
        ).where(
            self.columns[column].is_not(None),
            *(condition.compile(self.columns) for condition in measure.where),
        )
        return self.within(query, scope)

    def within(self, query: Select[Any], scope: Scope | None) -> Select[Any]:
        """The rows of a query that count for somebody on some day, and within the scope."""
        day = self.columns[self.day]
        query = query.where(day.is_not(None), self.who.is_not(None))
        if self.only is not None:
            query = query.where(self.only)
        if scope is not None:
            query = query.where(day.between(scope.first_day, scope.last_day))
            if scope.manager_ids is not None:
                query = query.where(self.who.in_(scope.manager_ids))
        return query


def branches(
    measure: Measure, *, journal: bool = False, scope: Scope | None = None
) -> Iterator[Branch]:
    """Where contributions to `measure`, and to all sums that share its moment, come from."""
    subject = SUBJECTS[measure.fact]
    table = subject.journal if journal else subject.table
    sign = table.c.sign if journal else None
    columns = subject.columns(table)
    credited = Branch(subject, columns, measure.when, table.c[measure.who], sign)
    everybody = literal_column(str(TEAM), Integer)
    shared = None if subject.shared is None else subject.shared.compile(columns)
    team = Branch(subject, columns, measure.when, everybody, sign, shared)
    if subject.personal or scope is None or scope.wants_people:
        yield credited
    if not subject.personal and (scope is None or scope.wants_team):
        yield team


def total(
    sums: Mapping[Measure, str], *, journal: bool = False, scope: Scope | None = None
) -> Select[Any]:
    """(day, manager_id, every sum) for each pair to which anything was contributed.

    With `journal`, what changed since the journal was last folded: new minus old.
    """
    parts = [
        branch.totals(sums, group, scope)
        for group in _groups(sums)
        for branch in branches(next(iter(group)), journal=journal, scope=scope)
    ]
    every = union_all(*parts).subquery()
    totals = [_sum(every.c[name]) for name in sums.values()]
    return (
        select(
            every.c.day,
            every.c.manager_id,
            *(each.label(name) for each, name in zip(totals, sums.values(), strict=True)),
        )
        .group_by(every.c.day, every.c.manager_id)
        .having(or_(*(each != 0 for each in totals)))
    )


def records(sums: Additive, first_day: int, last_day: int, manager_id: int) -> Select[Any]:
    """(source_id, ref, at, amount, gap) of every record that counts for a manager or the team.

    `gap` is 1 for a record that is counted but has nothing to sum.
    """
    measure = sums.total
    scope = Scope(first_day, last_day, (manager_id,))
    (branch,) = branches(measure, scope=scope)
    at = branch.columns[branch.subject.occasion(measure.when).at]
    named = {"amount": measure, "gap": sums.gap or replace(measure, value="none")}
    query = branch.select(named, scope).add_columns(at.label("at"))
    rows = query.where(*(each.compile(branch.columns) for each in measure.where)).subquery()
    return select(rows.c.source_id, rows.c.ref, rows.c.at, rows.c.amount, rows.c.gap).order_by(
        rows.c.at, rows.c.source_id, rows.c.ref
    )


def _groups(sums: Mapping[Measure, str]) -> list[dict[Measure, str]]:
    """The sums by fact, moment and credit: each group is one pass over its fact."""
    found: dict[tuple[str, str, str], dict[Measure, str]] = {}
    for measure, name in sums.items():
        found.setdefault((measure.fact, measure.when, measure.who), {})[measure] = name
    return list(found.values())


def _named(group: Mapping[Measure, str]) -> dict[str, Measure]:
    return {name: measure for measure, name in group.items()}


def _sum(column: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.sum(column), BigInteger)


def _value(measure: Measure, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[int]:
    kind, _, name = measure.value.partition(":")
    if kind in ("count", "none"):
        return literal_column("1" if kind == "count" else "0", Integer)
    column = columns[name]
    if kind == "sum":
        return func.coalesce(column, 0)
    return case(
        (column.is_(None), literal_column("1", Integer)), else_=literal_column("0", Integer)
    )


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *rest = conditions
    for each in rest:
        first = first & each
    return first
