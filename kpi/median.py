"""Medians, from the records of the asked period: they cannot be added up from kept sums.

The price: a question reads every record that counts in its days, by the index of their day.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Select, literal_column, select, union_all

from kpi.contribution import Branch, Scope, branches
from kpi.metric import Median, Metric
from kpi.outcome import Answers, Outcome
from kpi.period import Span
from kpi.reading import placer
from kpi.shown import to_fraction
from store.moment import day_number


def read_medians(
    tx: Connection, metric: Metric, spans: Sequence[Span], manager_ids: tuple[int, ...] | None
) -> Answers:
    """The middle value of every span and manager; of an even number the mean of the two."""
    if not spans or not isinstance(metric.kind, Median):
        return {}
    scope = Scope(day_number(spans[0].first), day_number(spans[-1].last), manager_ids)
    place, found = placer(spans), dict[tuple[date, int], list[int]]()
    for day, manager_id, amount in tx.execute(_rows(metric.kind, scope)):
        found.setdefault((place(day), manager_id), []).append(amount)
    return {
        key: [(None, Outcome(middle(amounts, metric.unit), len(amounts)))]
        for key, amounts in found.items()
    }


def median_records(median: Median, first_day: int, last_day: int, manager_id: int) -> Select[Any]:
    """(source_id, ref, at, amount, no gap) of every record behind the median, by moment."""
    scope = Scope(first_day, last_day, (manager_id,))
    (branch,) = branches(median.measure, scope=scope)
    at = branch.columns[branch.subject.occasion(median.measure.when).at]
    query = _part(branch, median, scope).add_columns(
        branch.columns["source_id"].label("source_id"),
        branch.columns["ref"].label("ref"),
        at.label("at"),
        literal_column("0").label("gap"),
    )
    return query.order_by(at, branch.columns["source_id"], branch.columns["ref"])


def middle(amounts: Sequence[int], unit: str) -> Fraction:
    """The middle of at least one amount; of an even number the mean of the two."""
    ordered, half = sorted(amounts), len(amounts) // 2
    return to_fraction(ordered[half] + ordered[-half - 1], unit) / 2


def _rows(median: Median, scope: Scope) -> Select[Any]:
    parts = [_part(branch, median, scope) for branch in branches(median.measure, scope=scope)]
    rows = union_all(*parts).subquery()
    return select(rows.c.day, rows.c.manager_id, rows.c.amount)


def _part(branch: Branch, median: Median, scope: Scope) -> Select[Any]:
    name = median.measure.value.removeprefix("each:")
    return branch.each(median.measure, name, branch.columns[name].label("amount"), scope)
