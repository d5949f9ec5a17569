"""The records behind a number: exactly those whose contributions add up to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.coverage import Vantage
from kpi.engine import is_kept
from kpi.evidence import Evidence, Place, evidence
from kpi.formula import Formula
from kpi.metric import Kind, Metric, Own, Share, Split
from kpi.period import By, Span, month_of, week_of
from kpi.shown import Number, show, to_fraction
from kpi.subject import SUBJECTS
from kpi.value import Query, Value, read_values
from store import letter_twin, twin
from store.directory import source_ids
from store.moment import from_ms
from store.store import Store
from store.table import CALL, EMAIL
from store.twin import Twin as ToldTwin

Link = Callable[[str, str, str], str | None]
"""(source, kind of fact, ref) to the record's address in the CRM, None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A call or letter as the other system tells of it: when it began, and the seconds of talk of
    a call."""

    source: str
    ref: str
    at: datetime
    talk_s: int | None


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record and what it adds: None where it is counted but has nothing to sum (no rate).

    `twin`: of a call or letter that two systems tell of, what the other says.
    """

    source: str
    fact: str
    ref: str
    at: datetime
    contribution: Number | None
    link: str | None
    twin: Twin | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sum and its records. `sides`: whether a formula has it as numerator, denominator, both;
    `of`: the value of a dimension it is the sum of. Of a median, `total` is the middle record's."""

    metric: str
    unit: str
    total: Number
    sides: tuple[str, ...]
    records: tuple[Record, ...]
    of: Mapping[str, str | None] | None = None


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
        declared = catalog.find(metric)
        (value,) = read_values(tx, _summed(catalog, declared), query, vantage)
        if value.state == "unknown":
            return Explanation(value=value, parts=(), agrees=True)
        cells = cells_of(catalog) if is_kept(tx, catalog) else None
        place = Place(tx, catalog, cells, span, manager_id, vantage)
        return _Reader(place, link).explanation(value, declared)


@dataclass(frozen=True)
class _Reader:
    place: Place
    link: Link

    def explanation(self, value: Value, metric: Metric) -> Explanation:
        names = {number: name for name, number in source_ids(self.place.tx).items()}
        parts, agrees = [], True
        for each in evidence(self.place, metric):
            agrees &= each.agrees
            twins = {fact: tell(self.place.tx, _places(each, fact)) for fact, tell in _TWINS}
            part = Part(
                metric=each.metric.name,
                unit=each.shown_in,
                total=show(each.total, each.shown_in),
                sides=tuple(_sides(self.place.catalog, metric, each)),
                records=tuple(self._record(each, names, row, twins) for row in each.rows),
                of=each.of,
            )
            parts.append(part)
        return Explanation(value=value, parts=tuple(parts), agrees=agrees)

    def _record(
        self,
        behind: Evidence,
        names: Mapping[int, str],
        row: Any,
        twins: Mapping[str, Mapping[tuple[int, str], ToldTwin]],
    ) -> Record:
        amount = show(to_fraction(row.amount, behind.shown_in), behind.shown_in)
        fact, source = _fact(behind, row), names[row.source_id]
        told = twins.get(fact, {}).get((row.source_id, row.ref))
        return Record(
            source=source,
            fact=fact,
            ref=row.ref,
            at=row.at,
            contribution=None if row.gap else amount,
            link=self.link(source, fact, row.ref),
            twin=told and _twin(names, told),
        )


_TWINS = ((CALL.name, twin.tell_twins), (EMAIL.name, letter_twin.tell_twins))


def _places(behind: Evidence, fact: str) -> list[tuple[int, str]]:
    """The records of a kind."""
    rows = [row for row in behind.rows if _fact(behind, row) == fact]
    return [(row.source_id, row.ref) for row in rows]


def _twin(names: Mapping[int, str], told: ToldTwin) -> Twin:
    at = from_ms(told.begun_ms)
    return Twin(source=names[told.source_id], ref=told.ref, at=at, talk_s=told.talk_s)


def _fact(behind: Evidence, row: Any) -> str:
    """The kind of a record; where several kinds stand behind a number, each row tells its own."""
    return getattr(row, "fact", "") or behind.fact


def _summed(catalog: Catalog, metric: Metric) -> Catalog:
    """The catalogue in which a metric that is told apart is the whole sum."""
    match metric.kind:
        case Split():
            kind: Kind = metric.kind.sums
        case Own(dimension=str()):
            # Its parts are told one by one: together they are no number.
            kind = replace(metric.kind, dimension=None, call=lambda _ask: ())
        case _:
            return catalog
    unit = SUBJECTS[metric.kind.sums.total.fact].unit if isinstance(metric.kind, Share) else ""
    return Catalog({metric.name: replace(metric, kind=kind, unit=unit or metric.unit)})


def _sides(catalog: Catalog, metric: Metric, behind: Evidence) -> Iterator[str]:
    if behind.side and metric is behind.metric:
        yield behind.side
    if isinstance(metric.kind, Formula) and metric.kind.sides is not None:
        for name, side in zip(("numerator", "denominator"), metric.kind.sides, strict=True):
            if any(behind.metric in _leaves(catalog, part) for part in side.names):
                yield name


def _leaves(catalog: Catalog, name: str) -> list[Metric]:
    return [leaf for leaf, _ in catalog.leaves(catalog.find(name))]


def _by(span: Span) -> By:
    if span.first == span.last:
        return "day"
    if span == month_of(span.first):
        return "month"
    return "week" if span == week_of(span.first) else "total"
