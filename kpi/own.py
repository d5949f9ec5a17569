"""Metrics whose cases a function finds: the way out for what a table of conditions cannot say.

A declaration names the function, `python = "my_rows.py:cases"` (a file beside the metric file) or
`python = "package.module:cases"`, and how its cases become one number, `combine`:
`sum` of amounts | `mean` | `median` | `share` (sum of amounts / sum of weights) | `distinct` (how
many keys). The function is called with an `Ask` for every period that is asked for and yields a
`Case` for each record. Nothing is kept: a case counts while the function finds it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sqlalchemy import Connection

from config.error import ConfigError
from kpi.coverage import Vantage
from kpi.median import middle
from kpi.metric import Metric, Own
from kpi.outcome import Answers, Of, Outcome
from kpi.past import Past
from kpi.period import Span
from kpi.shown import to_fraction
from store.table import TEAM

_OURS = "kpi."
Told = tuple[tuple[str, str | None], ...]
"""The value of a dimension: names and values."""


class Case(NamedTuple):
    """One record that counts, for a manager and for the team; no manager: for the team alone.

    `amount` in the smallest units (hundredths, seconds); `weight` is what it adds to the
    denominator of a share; `key`: of cases with one key the first alone is counted by `distinct`;
    `of`: the value of a dimension; `gap`: it counts, but what it adds is not known; `fact`: what
    the record is, where it is not what the metric declares; `team`: False where the team has a
    case of its own for the record, as a call with two managers in it.
    """

    manager_id: int | None
    source_id: int
    ref: str
    at: datetime
    amount: int = 1
    weight: int = 1
    key: Any = None
    of: Told = ()
    gap: bool = False
    fact: str = ""
    team: bool = True


@dataclass(frozen=True)
class Ask:
    """What a function is asked: local days (inclusive), and by which settings and moment.

    `past` reads once what is the same whatever the days are.
    """

    past: Past
    span: Span
    vantage: Vantage
    options: Mapping[str, Any]

    @property
    def tx(self) -> Connection:
        """The store, as of one moment."""
        return self.past.tx

    @property
    def days(self) -> tuple[int, int]:
        """First and last day as numbers, YYYYMMDD."""
        return self.span.days


Function = Callable[[Ask], Iterable[Case]]


def read_own(
    past: Past,
    metric: Metric,
    spans: Sequence[Span],
    manager_ids: tuple[int, ...] | None,
    vantage: Vantage,
) -> Answers:
    """The outcome of every span and manager, or one for each value of the dimension."""
    found: Answers = {}
    for span in spans:
        groups: dict[int, dict[Told, list[Case]]] = {}
        for case in own_cases(past, metric, span, vantage):
            for manager_id in counted_for(case):
                if manager_ids is None or manager_id in manager_ids:
                    told = groups.setdefault(manager_id, {})
                    told.setdefault(case.of, []).append(case)
        for manager_id, told in groups.items():
            found[span.first, manager_id] = list(_outcomes(metric, told))
    return found


def own_cases(past: Past, metric: Metric, span: Span, vantage: Vantage) -> Iterator[Case]:
    """The cases of a metric in a span; none of days that are still to come."""
    own = metric.kind
    today = vantage.now.astimezone(vantage.zone).date()
    if not isinstance(own, Own) or span.first > today:
        return
    ask = Ask(past, span, vantage, dict(own.options))
    if own.function.startswith(_OURS):
        yield from own.call(ask)
        return
    try:
        cases = list(own.call(ask))
    except Exception as error:
        raise ConfigError(
            f"The function {own.function} failed: {type(error).__name__}: {error}",
            did=f"Nothing was answered of {metric.name}.",
            todo="Mend the function, or take the metric out of the metric file.",
        ) from error
    yield from cases


def counted_for(case: Case) -> set[int]:
    """The managers, and the team, for whom a case counts."""
    found = {TEAM} if case.team or case.manager_id is None else set[int]()
    return found if case.manager_id is None else found | {case.manager_id}


def combine(metric: Metric, cases: Sequence[Case]) -> Outcome:
    """What the cases are together, as the metric declares."""
    how = metric.kind.combine if isinstance(metric.kind, Own) else ""
    total, gap = sum(case.amount for case in cases), any(case.gap for case in cases)
    if how == "sum":
        return Outcome(to_fraction(total, metric.unit), len(cases), gap)
    if how == "distinct":
        keys = {case.key for case in cases}
        return Outcome(Fraction(len(keys)), len({case[1:4] for case in cases}), gap)
    if how == "share":
        below = sum(case.weight for case in cases)
        exact = Fraction(total, below) if below else None
        counted = sum(case.weight != 0 for case in cases)
        return Outcome(exact, counted, gap, Fraction(total), Fraction(below))
    known = [case.amount for case in cases if not case.gap]
    if not known:
        return Outcome(None, 0, gap)
    if how == "median":
        return Outcome(middle(known, metric.unit), len(known), gap)
    return Outcome(to_fraction(sum(known), metric.unit) / len(known), len(known), gap)


def sides_of(metric: Metric, cases: Sequence[Case]) -> Iterator[tuple[str, str, list[Case]]]:
    """The records behind a number: (side, unit, cases, whose amounts add up to it)."""
    how = metric.kind.combine if isinstance(metric.kind, Own) else ""
    if how == "share":
        yield "numerator", "", [case for case in cases if case.amount]
        # Whether it is among the parts may be unknown; that it is among the whole is not
        weights = [case._replace(amount=case.weight, gap=False) for case in cases if case.weight]
        yield "denominator", "", weights
    elif how == "distinct":
        seen: set[Any] = set()
        rows = []
        for case in sorted(cases, key=lambda case: (case.at, case.source_id, case.ref)):
            rows.append(case._replace(amount=int(case.key not in seen)))
            seen.add(case.key)
        yield "", "", rows
    else:
        yield "", metric.unit, list(cases)


def _outcomes(metric: Metric, told: Mapping[Told, Sequence[Case]]) -> Iterator[Of]:
    for of, cases in told.items():
        yield dict(of) or None, combine(metric, cases)
