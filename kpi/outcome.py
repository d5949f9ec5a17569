"""From sums to a number: the sum itself, or the formula computed exactly over its parts."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from kpi.catalog import Catalog
from kpi.formula import Formula
from kpi.metric import MONEY, Additive, Distinct, Measure, Metric, Own
from kpi.shown import to_fraction


class Outcome(NamedTuple):
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


Places = Mapping[Measure, int]
"""Where each sum stands in a row of sums."""

Row = Sequence[int]
Others = Mapping[str, Outcome]
Recipe = Callable[[Row, Others], Outcome]
"""Makes the outcome of one manager and span from their row of sums and the outcomes of metrics that
are no sums."""


def recipe(catalog: Catalog, metric: Metric, places: Places) -> Recipe:
    """How `metric` is made."""
    if isinstance(metric.kind, Additive):
        return _sum(metric, metric.kind, places)
    if isinstance(metric.kind, Formula):
        return _formula(catalog, metric.kind, places)
    blank = Outcome(Fraction(0) if counts_things(metric) else None, 0)
    return lambda _row, others: others.get(metric.name, blank)


def counts_things(metric: Metric) -> bool:
    """Whether it is 0, and not without a value, where there is no record."""
    kind = metric.kind
    combined = isinstance(kind, Own) and kind.combine in ("sum", "distinct")
    return combined or isinstance(kind, Distinct)


def measures_of(catalog: Catalog, metrics: Iterable[Metric]) -> tuple[Measure, ...]:
    """Every sum needed to compute the metrics, each once."""
    return tuple(dict.fromkeys(_measures(catalog, metrics)))


def unit_of(catalog: Catalog, side: Formula) -> str:
    """The unit of a numerator or denominator: money if any part of it is, else a plain number."""
    return MONEY if MONEY in {catalog.find(name).unit for name in side.names} else ""


def _sum(metric: Metric, kind: Additive, places: Places) -> Recipe:
    unit, total, records = metric.unit, places[kind.total], places[kind.records]
    if kind.gap is None:
        return lambda row, _: Outcome(to_fraction(row[total], unit), row[records])
    gap = places[kind.gap]
    return lambda row, _: Outcome(to_fraction(row[total], unit), row[records], row[gap] > 0)


def _formula(catalog: Catalog, formula: Formula, places: Places) -> Recipe:
    parts = {name: recipe(catalog, catalog.find(name), places) for name in formula.names}
    above, below = formula.sides or (formula, None)
    behind = below if below is not None and below.names else above
    # Several metrics may count the same records: those are counted once.
    counts = {
        places[kind.records] if isinstance(kind, Additive) else leaf.name
        for name in behind.names
        for leaf, kind in catalog.leaves(catalog.find(name))
    }

    def cook(row: Row, others: Others) -> Outcome:
        made = {name: part(row, others) for name, part in parts.items()}
        exact = {name: each.exact for name, each in made.items()}
        n = sum(_behind(each, row, others) for each in counts)
        gap = any(each.gap for each in made.values())
        if below is None:
            return Outcome(formula.compute(exact), n, gap)
        return Outcome(formula.compute(exact), n, gap, above.compute(exact), below.compute(exact))

    return cook


def _behind(counted: int | str, row: Row, others: Others) -> int:
    if isinstance(counted, int):
        return row[counted]
    found = others.get(counted)
    return found.n if found else 0


def _measures(catalog: Catalog, metrics: Iterable[Metric]) -> Iterator[Measure]:
    for metric in metrics:
        for _, kind in catalog.leaves(metric):
            if isinstance(kind, Additive):
                yield from kind.measures
