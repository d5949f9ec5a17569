"""Values of metrics for managers and the team, with what is behind them and how sure they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.coverage import Coverage, Reaches, State, Vantage, judge, read_reaches, worst
from kpi.engine import is_kept
from kpi.formula import Formula
from kpi.metric import Metric
from kpi.outcome import Outcome, compute, measures_of, unit_of
from kpi.period import By, Span, split
from kpi.person import Person, read_board, read_people
from kpi.reading import Sums, read_sums
from kpi.shown import Number, show, to_percent
from store.store import Store
from store.table import TEAM


@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked: local days `since`..`until`, inclusive, split `by`.

    `manager_ids` None = everyone who appears, and the team; TEAM (0) stands for the team.
    `metrics` None = all that are declared. A week or month cut by the range counts only the days
    inside it, under the first day of the whole one.
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
    of: Mapping[str, str] | None = field(default=None, hash=False)
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
    metrics = [catalog.find(name) for name in query.metrics or catalog.metrics]
    spans = split(query.since, query.until, query.by)
    cells = cells_of(catalog) if is_kept(tx, catalog) else None
    if query.manager_ids is None:
        people = read_board(tx, None if cells is None else cells.period)
    else:
        people = read_people(tx, query.manager_ids)
    measures = measures_of(catalog, metrics)
    sums = read_sums(tx, catalog, cells, measures, spans, query.manager_ids)
    answer = _Answer(catalog, query.by, vantage, read_reaches(tx), sums)
    return list(answer.values(metrics, spans, people))


@dataclass(frozen=True)
class _Answer:
    catalog: Catalog
    by: By
    vantage: Vantage
    reaches: Reaches
    sums: Sums

    def values(
        self, metrics: Sequence[Metric], spans: Sequence[Span], people: Sequence[Person]
    ) -> Iterator[Value]:
        for span in spans:
            judged = [
                (metric, judge(metric.needs, span, self.vantage, self.reaches))
                for metric in metrics
            ]
            for person in people:
                sums = self.sums.get((span.first, person.id), {})
                for metric, coverage in judged:
                    outcome = compute(self.catalog, metric, sums)
                    yield self._value(person, metric, span, coverage, outcome)

    def _value(
        self, person: Person, metric: Metric, span: Span, coverage: Coverage, outcome: Outcome
    ) -> Value:
        is_known = coverage.state != "unknown"
        above, below = (isinstance(metric.kind, Formula) and metric.kind.sides) or (None, None)
        return Value(
            manager=person.name,
            manager_id=None if person.id == TEAM else person.id,
            aliases=person.aliases,
            metric=metric.name,
            by=self.by,
            period=span.start,
            value=_shown(outcome.exact, metric.unit) if is_known else None,
            unit=metric.unit,
            numerator=self._side(outcome.numerator, above) if is_known else None,
            denominator=self._side(outcome.denominator, below) if is_known else None,
            n=outcome.n if is_known else None,
            state=worst([coverage.state, "partial" if outcome.gap else "value"]),
            coverage=coverage.marks,
            version=metric.version,
        )

    def _side(self, exact: Fraction | None, side: Formula | None) -> Number | None:
        return None if side is None else _shown(exact, unit_of(self.catalog, side))


def _shown(exact: Fraction | None, unit: str) -> Number | None:
    return None if exact is None else show(exact, unit)
