"""Values of metrics for managers and the team, with what is behind them and how sure they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import Cells, cells_of
from kpi.coverage import Coverage, Reaches, State, Vantage, judge, read_reaches
from kpi.distinct import read_distinct
from kpi.engine import is_kept
from kpi.formula import Formula
from kpi.median import read_medians
from kpi.metric import Distinct, Median, Metric, Own, Snapshot, Split, Unfed
from kpi.outcome import Answers, Of, Outcome, counts_things, measures_of, recipe, unit_of
from kpi.own import read_own
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


@dataclass(frozen=True, kw_only=True)
class Value:
    """One number, field by field what `merilo kpi --json` prints.

    `manager` and `manager_id` are None for the team. `value` is None when it is unknown or there
    is nothing to measure: `state` tells which. `n` is None only when unknown.
    """

    manager: str | None
    manager_id: int | None
    aliases: Mapping[str, str] = field(hash=False)
    metric: str
    of: Mapping[str, str | None] | None = field(default=None, hash=False)
    by: By
    period: date
    value: Number | None
    unit: str
    numerator: Number | None
    denominator: Number | None
    n: int | None
    state: State
    coverage: Mapping[str, str | None] = field(hash=False)
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
        return {**vars(self), "aliases": dict(self.aliases), "period": self.period.isoformat()}


def values(store: Store, catalog: Catalog, query: Query, vantage: Vantage) -> list[Value]:
    """Every value asked for, by period, then manager (the team last), then metric."""
    with store.read() as tx:
        return read_values(tx, catalog, query, vantage)


def read_values(tx: Connection, catalog: Catalog, query: Query, vantage: Vantage) -> list[Value]:
    """`values` inside a transaction of the caller."""
    metrics = [catalog.find(name) for name in query.metrics or catalog.board_names]
    spans = split(query.since, query.until, query.by)
    cells = cells_of(catalog) if is_kept(tx, catalog) else None
    if query.manager_ids is None:
        people = read_board(tx, None if cells is None else cells.period)
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
    people = query.manager_ids
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
                found[metric.name] = read_own(tx, metric, spans, people, vantage)
    return found


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
        recipes = [(each, recipe(self.catalog, each), self._units(each)) for each in metrics]
        for span in spans:
            judged = [(*each, self._judge(each[0], span)) for each in recipes]
            for person in people:
                key = (span.first, person.id)
                sums, others = self.sums.get(key, {}), self._alone(key)
                for metric, made, units, coverage in judged:
                    whose = (person, metric, span, coverage, units)
                    if metric.name not in self.others:
                        yield self._value(*whose, made(sums, others))
                        continue
                    for of, outcome in self._others(metric, key, coverage.state):
                        yield self._value(*whose, outcome, of)

    def _judge(self, metric: Metric, span: Span) -> Coverage:
        if metric.name in self.snapshots:
            return self.snapshots[metric.name].coverage[span.first]
        if isinstance(metric.kind, Unfed):
            return Coverage("unknown", {})
        needs, vantage = metric.needs, self.vantage
        return judge(needs, span, vantage, self.reaches, all_time=metric.all_time)

    def _alone(self, key: tuple[date, int]) -> Mapping[str, Outcome]:
        """The one outcome of each metric that is no sum, for the formulas made of them."""
        found = {name: answers.get(key) for name, answers in self.others.items()}
        return {name: each[0][1] for name, each in found.items() if each}

    def _others(self, metric: Metric, key: tuple[date, int], state: State) -> Sequence[Of]:
        """A sum that is told apart has no value where nothing was counted, unless it is unknown."""
        is_held = isinstance(metric.kind, Snapshot) or counts_things(metric)
        nothing: list[Of] = [(None, Outcome(Fraction(0) if is_held else None, 0))]
        is_told_apart = metric.dimension is not None
        if is_told_apart and state == "unknown":
            return nothing
        found = self.others[metric.name].get(key)
        return found or ([] if is_told_apart else nothing)

    def _value(
        self,
        person: Person,
        metric: Metric,
        span: Span,
        coverage: Coverage,
        units: tuple[str, str],
        outcome: Outcome,
        of: Mapping[str, str | None] | None = None,
    ) -> Value:
        state, is_known = coverage.state, coverage.state != "unknown"
        if outcome.gap and is_known:
            state = "partial"
        has_sides = is_known and (outcome.numerator, outcome.denominator) != (None, None)
        return Value(
            manager=person.name,
            manager_id=None if person.id == TEAM else person.id,
            aliases=person.aliases,
            metric=metric.name,
            of=of,
            by=self.by,
            period=span.start,
            value=_shown(outcome.exact, metric.unit) if is_known else None,
            unit=metric.unit,
            numerator=_shown(outcome.numerator, units[0]) if has_sides else None,
            denominator=_shown(outcome.denominator, units[1]) if has_sides else None,
            n=outcome.n if is_known else None,
            state=state,
            coverage=coverage.marks,
            version=metric.version,
        )

    def _units(self, metric: Metric) -> tuple[str, str]:
        """The units of numerator and denominator."""
        if isinstance(metric.kind, Formula) and metric.kind.sides:
            above, below = metric.kind.sides
            return unit_of(self.catalog, above), unit_of(self.catalog, below)
        return "", ""


def _shown(exact: Fraction | None, unit: str) -> Number | None:
    return None if exact is None else show(exact, unit)
