"""The records behind each kind of number, and whether they add up to what is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import Cells
from kpi.contribution import Scope, records
from kpi.coverage import Vantage, read_reaches
from kpi.dimension import dimension_of, label_of
from kpi.distinct import distinct_records
from kpi.median import median_records, middle
from kpi.metric import Additive, Distinct, Median, Metric, Own, Share, Snapshot, Split
from kpi.outcome import Outcome, measures_of
from kpi.own import Case, Told, combine, counted_for, own_cases, sides_of
from kpi.past import Past
from kpi.period import Span
from kpi.reading import read_sums
from kpi.shown import to_fraction
from kpi.snapshot import holders, is_newest, read_snapshots
from kpi.split import read_split
from kpi.tally import held_rows, split_rows
from store.table import TEAM


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Records (source_id, ref, at, amount, gap) of one sum; `of`: the value of a dimension;
    `side`: numerator or denominator, where the metric itself is a share."""

    metric: Metric
    fact: str
    rows: Sequence[Any]
    total: Fraction
    agrees: bool
    of: Mapping[str, str | None] | None = None
    unit: str | None = None
    side: str = ""

    @property
    def shown_in(self) -> str:
        """The unit of its records and total, where that is not the metric's."""
        return self.metric.unit if self.unit is None else self.unit


@dataclass(frozen=True)
class Place:
    """Where a number stands: the catalogue, the cells if there are any, the span, the manager."""

    tx: Connection
    catalog: Catalog
    cells: Cells | None
    span: Span
    manager_id: int
    vantage: Vantage


def evidence(place: Place, metric: Metric) -> Iterator[Evidence]:
    """The records behind a metric, sum by sum."""
    match metric.kind:
        case Own():
            yield from _of_own(place, metric, metric.kind)
        case Distinct():
            yield from _of_distinct(place, metric, metric.kind)
        case Split():
            yield from _of_split(place, metric, metric.kind)
        case Median():
            yield from _of_median(place, metric, metric.kind)
        case Snapshot():
            yield from _of_snapshot(place, metric, metric.kind)
        case _:
            yield from _of_sums(place, metric)


def _of_sums(place: Place, metric: Metric) -> Iterator[Evidence]:
    tx, span, manager_id = place.tx, place.span, place.manager_id
    measures = measures_of(place.catalog, [metric])
    kept = read_sums(tx, place.catalog, place.cells, measures, [span], (manager_id,))
    sums, places = kept.row(span.first, manager_id), kept.places
    for leaf, kind in place.catalog.leaves(metric):
        if not isinstance(kind, Additive):
            yield from evidence(place, leaf)
            continue
        rows = tx.execute(records(kind, *span.days, manager_id)).all()
        total = sum(row.amount for row in rows)
        agrees = (total, len(rows)) == (sums[places[kind.total]], sums[places[kind.records]])
        yield Evidence(
            metric=leaf,
            fact=kind.total.fact,
            rows=rows,
            total=to_fraction(total, leaf.unit),
            agrees=agrees,
        )


def _of_split(place: Place, metric: Metric, kind: Split) -> Iterator[Evidence]:
    tx, manager_id = place.tx, place.manager_id
    labels = dimension_of(kind.dimension).labels
    named = labels(tx) if labels else None
    scope = Scope(*place.span.days, (manager_id,))
    groups: dict[str | None, list[Any]] = {}
    for row in sorted(tx.execute(split_rows(kind, scope, each=True)), key=_order):
        groups.setdefault(label_of(named, row.source_id, row.member), []).append(row)
    cells = place.cells if metric.name in place.catalog.splits else None
    kept = read_split(tx, cells, metric, [place.span], (manager_id,))
    unit = "" if isinstance(kind, Share) else metric.unit
    found = {
        (of or {})[kind.dimension]: (
            (outcome.numerator, outcome.numerator)
            if isinstance(kind, Share)
            else (outcome.exact, outcome.n)
        )
        for of, outcome in kept.get((place.span.first, manager_id), ())
    }
    for label in sorted(groups.keys() | found.keys(), key=lambda each: (each is None, each or "")):
        rows = groups.get(label, [])
        total = to_fraction(sum(row.amount for row in rows), unit)
        yield Evidence(
            metric=metric,
            fact=kind.sums.total.fact,
            rows=rows,
            total=total,
            agrees=found.get(label) == (total, len(rows)),
            of={kind.dimension: label},
            unit=unit,
        )


def _of_distinct(place: Place, metric: Metric, kind: Distinct) -> Iterator[Evidence]:
    query = distinct_records(kind, *place.span.days, place.manager_id)
    rows = place.tx.execute(query).all()
    yield Evidence(
        metric=metric,
        fact=kind.measure.fact,
        rows=rows,
        total=Fraction(sum(row.amount for row in rows)),
        agrees=True,
    )


def _of_own(place: Place, metric: Metric, own: Own) -> Iterator[Evidence]:
    """The cases by the dimension they belong to; of a share both of its sides."""
    groups: dict[Told, list[Case]] = {}
    for case in own_cases(Past(place.tx), metric, place.span, place.vantage):
        if place.manager_id in counted_for(case):
            groups.setdefault(case.of, []).append(case)
    for told, cases in groups.items():
        outcome = combine(metric, cases)
        for side, unit, rows in sides_of(metric, cases):
            whole = {"numerator": outcome.numerator, "denominator": outcome.denominator}
            yield Evidence(
                metric=metric,
                fact=own.fact,
                rows=sorted(rows, key=_order),
                total=whole.get(side, outcome.exact) or Fraction(0),
                agrees=True,
                of=dict(told) or None,
                unit=unit,
                side=side,
            )


def _of_median(place: Place, metric: Metric, kind: Median) -> Iterator[Evidence]:
    rows = place.tx.execute(median_records(kind, *place.span.days, place.manager_id)).all()
    if not rows:
        return
    yield Evidence(
        metric=metric,
        fact=kind.measure.fact,
        rows=rows,
        total=middle([row.amount for row in rows], metric.unit),
        agrees=True,
    )


def _of_snapshot(place: Place, metric: Metric, kind: Snapshot) -> Iterator[Evidence]:
    """What is open now can be listed, what was open on a past day cannot."""
    tx, first, who = place.tx, place.span.first, place.manager_id
    reaches = read_reaches(tx, place.vantage.feeds)
    kept = read_snapshots(tx, metric, [place.span], (who,), place.vantage, reaches)
    days = {each.source_id: each for each in kept.shown[first]}
    if not all(is_newest(tx, each) for each in days.values()):
        return
    people = {number: holders(tx, number, each.day) for number, each in days.items()}
    rows = sorted(
        (
            row
            for row in tx.execute(held_rows(kind, each=True))
            if row.source_id in days and who in (TEAM, people[row.source_id].get(row.holder))
        ),
        key=_order,
    )
    ((_, outcome),) = kept.answers.get((first, who), [(None, Outcome(Fraction(0), 0))])
    total = to_fraction(sum(row.amount for row in rows), metric.unit)
    yield Evidence(
        metric=metric,
        fact=kind.sums.total.fact,
        rows=rows,
        total=total,
        agrees=(outcome.exact, outcome.n) == (total, len(rows)),
    )


def _order(row: Any) -> tuple[Any, ...]:
    return row.at, row.source_id, row.ref
