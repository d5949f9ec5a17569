"""The records behind a number: exactly those whose contributions add up to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.contribution import records
from kpi.coverage import Vantage
from kpi.engine import is_kept
from kpi.formula import Formula
from kpi.metric import Metric
from kpi.outcome import measures_of
from kpi.period import By, Span, month_of, week_of
from kpi.reading import Sums, read_sums
from kpi.shown import Number, show, to_fraction
from kpi.value import Query, Value, read_values
from store.directory import source_ids
from store.store import Store

Link = Callable[[str, str, str], str | None]
"""(source, kind of fact, ref) to the record's address in the CRM, None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record and what it adds: None where it is counted but has nothing to sum (no rate)."""

    source: str
    fact: str
    ref: str
    at: datetime
    contribution: Number | None
    link: str | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sum and its records. `sides`: whether a formula has it as numerator, denominator, both."""

    metric: str
    unit: str
    total: Number
    sides: tuple[str, ...]
    records: tuple[Record, ...]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A value and its parts; none while it is unknown.

    `agrees` is False when the records do not add up to the kept sums: changes are waiting to be
    counted, or the cells are wrong.
    """

    value: Value
    parts: tuple[Part, ...]
    agrees: bool


def explain(
    store: Store,
    catalog: Catalog,
    *,
    manager_id: int,
    metric: str,
    span: Span,
    vantage: Vantage,
    link: Link = lambda source, kind, ref: None,
) -> Explanation:
    """Why `metric` is what it is for a manager (TEAM: the team) in a day, week or month."""
    query = Query(
        since=span.first,
        until=span.last,
        by=_by(span),
        manager_ids=(manager_id,),
        metrics=(metric,),
    )
    with store.read() as tx:
        (value,) = read_values(tx, catalog, query, vantage)
        if value.state == "unknown":
            return Explanation(value=value, parts=(), agrees=True)
        reader = _Reader(tx, catalog, span, manager_id, link)
        return reader.explanation(value, catalog.find(metric))


@dataclass(frozen=True)
class _Reader:
    tx: Connection
    catalog: Catalog
    span: Span
    manager_id: int
    link: Link

    def explanation(self, value: Value, metric: Metric) -> Explanation:
        names = {number: name for name, number in source_ids(self.tx).items()}
        sums = self._sums(metric).get((self.span.first, self.manager_id), {})
        parts, agrees = [], True
        for leaf, kind in self.catalog.leaves(metric):
            rows = self.tx.execute(records(kind, *self.span.days, self.manager_id)).all()
            total = sum(row.amount for row in rows)
            agrees &= total == sums.get(kind.total, 0)
            agrees &= len(rows) == sums.get(kind.records, 0)
            found = tuple(
                self._record(leaf, kind.total.fact, names[row.source_id], row) for row in rows
            )
            parts.append(
                Part(
                    metric=leaf.name,
                    unit=leaf.unit,
                    total=show(to_fraction(total, leaf.unit), leaf.unit),
                    sides=tuple(_sides(self.catalog, metric, leaf)),
                    records=found,
                )
            )
        return Explanation(value=value, parts=tuple(parts), agrees=agrees)

    def _sums(self, metric: Metric) -> Sums:
        cells = cells_of(self.catalog) if is_kept(self.tx, self.catalog) else None
        measures = measures_of(self.catalog, [metric])
        return read_sums(self.tx, self.catalog, cells, measures, [self.span], (self.manager_id,))

    def _record(self, leaf: Metric, fact: str, source: str, row: Any) -> Record:
        amount = show(to_fraction(row.amount, leaf.unit), leaf.unit)
        return Record(
            source=source,
            fact=fact,
            ref=row.ref,
            at=row.at,
            contribution=None if row.gap else amount,
            link=self.link(source, fact, row.ref),
        )


def _sides(catalog: Catalog, metric: Metric, leaf: Metric) -> Iterator[str]:
    if isinstance(metric.kind, Formula) and metric.kind.sides is not None:
        for name, side in zip(("numerator", "denominator"), metric.kind.sides, strict=True):
            if any(leaf in _leaves(catalog, part) for part in side.names):
                yield name


def _leaves(catalog: Catalog, name: str) -> list[Metric]:
    return [leaf for leaf, _ in catalog.leaves(catalog.find(name))]


def _by(span: Span) -> By:
    if span.first == span.last:
        return "day"
    if span == month_of(span.first):
        return "month"
    return "week" if span == week_of(span.first) else "total"
