"""From sums to a number: the sum itself, or the formula computed exactly over its parts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from kpi.catalog import Catalog
from kpi.formula import Formula
from kpi.metric import MONEY, Additive, Measure, Metric
from kpi.shown import to_fraction


@dataclass(frozen=True)
class Outcome:
    """An exact number: None where there is nothing to measure. `n`: records behind it; `gap`:
    whether some of them could not be summed."""

    exact: Fraction | None
    n: int
    gap: bool = False
    numerator: Fraction | None = None
    denominator: Fraction | None = None


Of = tuple[Mapping[str, str | None] | None, Outcome]
"""An outcome and the value of the dimension it belongs to, None when it is not told apart."""

Answers = dict[tuple[date, int], list[Of]]
"""By first day of the span and manager: the outcome, or one for each value of a dimension."""


def compute(catalog: Catalog, metric: Metric, sums: Mapping[Measure, int]) -> Outcome:
    """The outcome of `metric` for one manager and span; a sum that is not there is 0."""
    if isinstance(metric.kind, Additive):
        kind = metric.kind
        exact = to_fraction(sums.get(kind.total, 0), metric.unit)
        gap = kind.gap is not None and sums.get(kind.gap, 0) > 0
        return Outcome(exact, sums.get(kind.records, 0), gap)
    if not isinstance(metric.kind, Formula):
        return Outcome(None, 0)
    parts = {name: compute(catalog, catalog.find(name), sums).exact for name in metric.kind.names}
    gap = any(compute(catalog, leaf, sums).gap for leaf, _ in catalog.leaves(metric))
    if metric.kind.sides is None:
        return Outcome(metric.kind.compute(parts), _records(catalog, metric.kind, sums), gap)
    above, below = metric.kind.sides
    return Outcome(
        metric.kind.compute(parts),
        _records(catalog, below if below.names else above, sums),
        gap,
        above.compute(parts),
        below.compute(parts),
    )


def measures_of(catalog: Catalog, metrics: Iterable[Metric]) -> tuple[Measure, ...]:
    """Every sum needed to compute the metrics, each once."""
    return tuple(dict.fromkeys(_measures(catalog, metrics)))


def unit_of(catalog: Catalog, side: Formula) -> str:
    """The unit of a numerator or denominator: money if any part of it is, else a plain number."""
    return MONEY if MONEY in {catalog.find(name).unit for name in side.names} else ""


def _measures(catalog: Catalog, metrics: Iterable[Metric]) -> Iterator[Measure]:
    for metric in metrics:
        for _, kind in catalog.leaves(metric):
            yield from kind.measures


def _records(catalog: Catalog, side: Formula, sums: Mapping[Measure, int]) -> int:
    """How many records the metrics of a formula count, those counted twice once."""
    leaves = (leaf for name in side.names for leaf in catalog.leaves(catalog.find(name)))
    counts = {kind.records for _, kind in leaves}
    return sum(sums.get(each, 0) for each in counts)
