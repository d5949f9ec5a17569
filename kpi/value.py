"""Values of metrics for managers and the team, with what is behind them and how sure they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from operator import itemgetter
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import Cells, cells_of, exist
from kpi.coverage import Coverage, Reaches, State, Vantage, judge, read_reaches
from kpi.distinct import read_distinct
from kpi.engine import is_kept
from kpi.formula import Formula
from kpi.median import read_medians
from kpi.metric import Additive, Distinct, Median, Metric, Own, Snapshot, Split, Unfed
from kpi.outcome import (
    Answers,
    Others,
    Outcome,
    Places,
    Row,
    counts_things,
    measures_of,
    recipe,
    unit_of,
)
from kpi.own import read_own
from kpi.past import Past
from kpi.period import By, Span, split
from kpi.person import Person, read_board, read_people
from kpi.reading import Sums, read_sums
from kpi.shown import Number, show, to_percent
from kpi.snapshot import Kept, read_snapshots
from kpi.split import read_split
from store.store import Store
from store.table import TEAM


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked: local days `since`..`until`, inclusive, split `by`.

    `manager_ids` None = everyone who appears, and the team; TEAM (0) stands for the team.
    `metrics` None = all but extras and those told apart by a dimension. A week or month cut by the
    range counts only the days inside it, under the first day of the whole one.
    """

    since: date
    until: date
    by: By = "total"
    manager_ids: tuple[int, ...] | None = None
    metrics: tuple[str, ...] | None = None


class Value(Struct, frozen=True, kw_only=True):
    """One number, field by field what `merilo kpi --json` prints.

    `manager` and `manager_id` are None for the team. `value` is None when it is unknown or there
    is nothing to measure: `state` tells which. `n` is None only when unknown.
    """

    manager: str | None
    manager_id: int | None
    aliases: Mapping[str, str]
    metric: str
    of: Mapping[str, str | None] | None
    by: By
    period: date
    value: Number | None
    unit: str
    numerator: Number | None
    denominator: Number | None
    n: int | None
    state: State
    coverage: Mapping[str, str | None]
    version: int

    @property
    def percent(self) -> str | None:
        """A ratio in percent with one decimal, rounded once; None when there is no value."""
        if self.value is None:
            return None
        if self.numerator is None or not self.denominator:
            return to_percent(Fraction(str(self.value)))
        return to_percent(Fraction(str(self.numerator)) / Fraction(str(self.denominator)))

    def to_json(self) -> dict[str, Any]:
        """The object that is printed as one line, its keys in a fixed order."""
        return {**asdict(self), "period": self.period.isoformat()}


def values(store: Store, catalog: Catalog, query: Query, vantage: Vantage) -> list[Value]:
    """Every value asked for, by period, then manager (the team last), then metric."""
    with store.read() as tx:
        return read_values(tx, catalog, query, vantage)


def read_values(tx: Connection, catalog: Catalog, query: Query, vantage: Vantage) -> list[Value]:
    """`values` inside a transaction of the caller."""
    metrics = [catalog.find(name) for name in query.metrics or catalog.board_names]
    spans = split(query.since, query.until, query.by)
    made = cells_of(catalog)
    cells = made if is_kept(tx, catalog) else None
    if query.manager_ids is None:
        people = read_board(tx, made.period if cells or exist(tx, made) else None)
    else:
        people = read_people(tx, query.manager_ids)
    measures = measures_of(catalog, metrics)
    sums = read_sums(tx, catalog, cells, measures, spans, query.manager_ids)
    reaches = read_reaches(tx, vantage.feeds)
    kept = {
        metric.name: read_snapshots(tx, metric, spans, query.manager_ids, vantage, reaches)
        for metric in metrics
        if isinstance(metric.kind, Snapshot)
    }
    others = {name: each.answers for name, each in kept.items()}
    parts = {leaf.name: leaf for each in metrics for leaf, _ in catalog.leaves(each)}
    others |= _read_others(tx, cells, parts.values(), spans, query, vantage)
    answer = _Answer(catalog, query.by, vantage, reaches, sums, others, kept)
    return list(answer.values(metrics, spans, people))


def _read_others(
    tx: Connection,
    cells: Cells | None,
    metrics: Iterable[Metric],
    spans: Sequence[Span],
    query: Query,
    vantage: Vantage,
) -> Mapping[str, Answers]:
    """What is not made of sums of days: it is read from rows of its own, or from the facts."""
    found: dict[str, Answers] = {}
    people, past = query.manager_ids, Past(tx)
    for metric in metrics:
        match metric.kind:
            case Split():
                is_kept = metric.name in cells.catalog.splits if cells else False
                source = cells if is_kept else None
                found[metric.name] = read_split(tx, source, metric, spans, people)
            case Median():
                found[metric.name] = read_medians(tx, metric, spans, people)
            case Distinct():
                found[metric.name] = read_distinct(tx, metric, spans, people)
            case Own():
                found[metric.name] = read_own(past, metric, spans, people, vantage)
    return found


class _Shown(NamedTuple):
    """An outcome as it is shown; `is_part`: some of its records could not be summed."""

    value: Number | None = None
    numerator: Number | None = None
    denominator: Number | None = None
    n: int | None = None
    is_part: bool = False


_UNKNOWN = _Shown()


class _Column:
    """A metric of a question. What is made of sums alone is made and shown once for equal sums:
    most cells of a long table are alike."""

    def __init__(self, catalog: Catalog, metric: Metric, places: Places) -> None:
        self.metric = metric
        self.is_told_apart = metric.dimension is not None
        self._units = _units(catalog, metric)
        self._made = recipe(catalog, metric, places)
        is_of_sums = all(isinstance(kind, Additive) for _, kind in catalog.leaves(metric))
        own = [places[each] for each in measures_of(catalog, [metric])] if is_of_sums else []
        self._pick = itemgetter(*own) if own else None
        self._known: dict[Any, _Shown] = {}
        is_held = isinstance(metric.kind, Snapshot) or counts_things(metric)
        self.nothing = self.shown(Outcome(Fraction(0) if is_held else None, 0))

    def made(self, row: Row, others: Others) -> _Shown:
        """Its number for one manager and span."""
        if self._pick is None:
            return self.shown(self._made(row, others))
        key = self._pick(row)
        found = self._known.get(key)
        if found is None:
            self._known[key] = found = self.shown(self._made(row, others))
        return found

    def shown(self, outcome: Outcome) -> _Shown:
        """The outcome in the metric's units."""
        above, below = outcome.numerator, outcome.denominator
        has_sides = (above, below) != (None, None)
        return _Shown(
            value=_shown(outcome.exact, self.metric.unit),
            numerator=_shown(above, self._units[0]) if has_sides else None,
            denominator=_shown(below, self._units[1]) if has_sides else None,
            n=outcome.n,
            is_part=outcome.gap,
        )


@dataclass(frozen=True)
class _Answer:
    catalog: Catalog
    by: By
    vantage: Vantage
    reaches: Reaches
    sums: Sums
    others: Mapping[str, Answers]
    snapshots: Mapping[str, Kept]

    def values(
        self, metrics: Sequence[Metric], spans: Sequence[Span], people: Sequence[Person]
    ) -> Iterator[Value]:
        columns = [_Column(self.catalog, each, self.sums.places) for each in metrics]
        for span in spans:
            judged = [(each, self._judge(each.metric, span)) for each in columns]
            for person in people:
                key = (span.first, person.id)
                row, others = self.sums.row(*key), self._alone(key)
                for column, coverage in judged:
                    whose = (person, column.metric, span, coverage)
                    if column.metric.name not in self.others:
                        yield self._value(*whose, column.made(row, others))
                        continue
                    for of, shown in self._others(column, key, coverage.state):
                        yield self._value(*whose, shown, of)

    def _judge(self, metric: Metric, span: Span) -> Coverage:
        if metric.name in self.snapshots:
            return self.snapshots[metric.name].coverage[span.first]
        if isinstance(metric.kind, Unfed):
            return Coverage("unknown", {})
        needs, vantage = metric.needs, self.vantage
        return judge(needs, span, vantage, self.reaches, all_time=metric.all_time)

    def _alone(self, key: tuple[date, int]) -> Others:
        """The one outcome of each metric that is no sum, for the formulas made of them."""
        found = {name: answers.get(key) for name, answers in self.others.items()}
        return {name: each[0][1] for name, each in found.items() if each}

    def _others(
        self, column: _Column, key: tuple[date, int], state: State
    ) -> Iterable[tuple[Mapping[str, str | None] | None, _Shown]]:
        """A sum that is told apart has no value where nothing was counted, unless it is unknown."""
        found = self.others[column.metric.name].get(key)
        if column.is_told_apart and state == "unknown":
            return ((None, column.nothing),)
        if not found:
            return () if column.is_told_apart else ((None, column.nothing),)
        return ((of, column.shown(outcome)) for of, outcome in found)

    def _value(
        self,
        person: Person,
        metric: Metric,
        span: Span,
        coverage: Coverage,
        shown: _Shown,
        of: Mapping[str, str | None] | None = None,
    ) -> Value:
        state = coverage.state
        if state == "unknown":
            shown = _UNKNOWN
        elif shown.is_part:
            state = "partial"
        return Value(
            manager=person.name,
            manager_id=None if person.id == TEAM else person.id,
            aliases=person.aliases,
            metric=metric.name,
            of=of,
            by=self.by,
            period=span.start,
            value=shown.value,
            unit=metric.unit,
            numerator=shown.numerator,
            denominator=shown.denominator,
            n=shown.n,
            state=state,
            coverage=coverage.marks,
            version=metric.version,
        )


def _units(catalog: Catalog, metric: Metric) -> tuple[str, str]:
    """The units of numerator and denominator."""
    if isinstance(metric.kind, Formula) and metric.kind.sides:
        above, below = metric.kind.sides
        return unit_of(catalog, above), unit_of(catalog, below)
    return "", ""


def _shown(exact: Fraction | None, unit: str) -> Number | None:
    return None if exact is None else show(exact, unit)
