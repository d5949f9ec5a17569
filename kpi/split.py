"""Reads sums told apart by a dimension: from the cells, before the first count from facts."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Select, func, select

from kpi.cell import Cells
from kpi.contribution import Scope
from kpi.dimension import dimension_of, label_of
from kpi.metric import Metric, Share, Split
from kpi.outcome import Answers, Of, Outcome
from kpi.period import Span
from kpi.reading import placer
from kpi.shown import to_fraction
from kpi.tally import SUMS, split_rows
from store.moment import day_number


def read_split(
    tx: Connection,
    cells: Cells | None,
    metric: Metric,
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
) -> Answers:
    """An outcome for each value of the dimension that occurs, those of one name together."""
    if not spans or not isinstance(metric.kind, Split):
        return {}
    name = metric.kind.dimension
    dimension = dimension_of(name)
    labels = dimension.labels(tx) if dimension.labels else None
    scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
    query = _from_facts(metric.kind, scope) if cells is None else _kept(cells, metric, scope)
    place = placer(spans)
    sums: dict[Any, dict[str | None, list[int]]] = {}
    for day, manager_id, source_id, member, *amounts in tx.execute(query):
        found = sums.setdefault((place(day), manager_id), {})
        kept = found.setdefault(label_of(labels, source_id, member), [0, 0, 0])
        kept[:] = [one + other for one, other in zip(kept, amounts, strict=True)]
    return {key: list(_outcomes(metric, name, found)) for key, found in sums.items()}


def _outcomes(metric: Metric, name: str, found: Mapping[str | None, Sequence[int]]) -> Iterator[Of]:
    """By label; what is not filled in comes last."""
    whole = Fraction(sum(amount for amount, _, _ in found.values()))
    for label in sorted(found, key=lambda each: (each is None, each or "")):
        amount, records, gap = found[label]
        if not isinstance(metric.kind, Share):
            yield {name: label}, Outcome(to_fraction(amount, metric.unit), records, gap > 0)
        elif whole:
            part = Fraction(amount)
            yield {name: label}, Outcome(part / whole, int(whole), gap > 0, part, whole)


def _kept(cells: Cells, metric: Metric, scope: Scope) -> Select[Any]:
    rows = cells.split.c
    query = select(
        rows.day, rows.manager_id, rows.source_id, rows.member, *(rows[name] for name in SUMS)
    ).where(rows.metric == metric.name, rows.day.between(scope.first_day, scope.last_day))
    if scope.manager_ids is None:
        return query
    return query.where(rows.manager_id.in_(scope.manager_ids))


def _from_facts(split: Split, scope: Scope) -> Select[Any]:
    rows = split_rows(split, scope).subquery()
    keys = (rows.c.day, rows.c.manager_id, rows.c.source_id, rows.c.member)
    return select(*keys, *(func.sum(rows.c[name]) for name in SUMS)).group_by(*keys)
