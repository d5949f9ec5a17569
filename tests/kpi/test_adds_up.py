"""Of every metric, of whatever kind, the records that are told make the number that is shown."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, get_args

import pytest

from kpi.catalog import Catalog
from kpi.engine import refresh
from kpi.explain import Part
from kpi.formula import Formula
from kpi.metric import Kind, Median, Metric, Own, Share, Snapshot, Unfed
from kpi.shown import show
from kpi.value import Value
from store.surrounding import PRODUCT_LINE, TASK
from store.table import CALL, QUOTE
from tests.kpi.books import MOSCOW, Books
from tests.kpi.shelf import Shelf, at
from tests.kpi.test_two_stores import story


@pytest.fixture
def shelf(books: Books, catalog: Catalog) -> Shelf:
    """The story of two stores, and a record of what it has none of."""
    found = story(books)
    found.deal(
        "lost", "10-02", state=2, stage_ref="LOSE", closed_at=at("10-09"), closed_day=20261009,
        closed_by=1,
    )  # fmt: skip
    for ref, who in (("open", 2), ("free", 1)):
        found.deal(ref, "10-06", who, base_amount=None if ref == "free" else 30_00)
    day = {"created_at": at("10-07"), "updated_at": at("10-07"), "created_day": 20261007}
    found.put(QUOTE, ref="1", stage_ref="SENT", created_by=1, won=1, **day)
    due = {"deadline_day": 20261008, "deadline_by": 1, "deadline_at": at("10-08"), "is_overdue": 1}
    found.put(TASK, ref="1", created_by=2, done_by=1, done_day=20261009, state=1, **due, **day)
    found.put(
        PRODUCT_LINE, ref="1", deal_ref="1", product_ref="p", state=1, closed_at=at("10-05"),
        closed_day=20261005, closed_by=1, base_amount=90_00, base_discount=10_00, discount=10_00,
        client_ref="company:1",
    )  # fmt: skip
    missed = {"day": 20261011, "started_at": at("10-11"), "direction": 1, "leg_ref": "l"}
    for who in (0, 1):
        found.put(CALL, ref="missed", manager_id=who, client_hash="h", **missed)
        found.put(CALL, ref="late", manager_id=who, callback_s=60 + who, talk_s=9, **missed)
    refresh(books.store, catalog, MOSCOW)
    return found


@pytest.mark.parametrize("who", [0, pytest.param(1, marks=pytest.mark.long)])
def test_the_records_of_every_metric_make_its_number(
    shelf: Shelf, catalog: Catalog, who: int
) -> None:
    kinds = set()
    for name, metric in catalog.metrics.items():
        month = "2026-12" if isinstance(metric.kind, Snapshot) else "2026-10"
        told = shelf.told(catalog, name, who, month)
        assert told.agrees, name
        if metric.dimension is None:
            check(catalog, metric, told.value, told.parts)
        for value in shelf.ask(catalog, name, who, month) if metric.dimension else ():
            parts = [part for part in told.parts if part.of == value.of]
            check(catalog, metric, value, parts)
        if any(part.records for part in told.parts):
            kinds.add(type(metric.kind))
    assert kinds == set(get_args(Kind)) - {Unfed} | {Share}


def check(catalog: Catalog, metric: Metric, value: Value, parts: Sequence[Part]) -> None:
    """The number made of nothing but the parts is the one shown; days are rounded in each."""
    if value.state == "unknown":
        assert not any(part.records for part in parts)
        return
    sides = {side: part for part in parts for side in part.sides}
    if isinstance(metric.kind, Share):
        assert value.numerator == added(parts[0].records)
        return
    if isinstance(metric.kind, Own) and metric.kind.combine == "share":
        assert (value.numerator or 0) == summed(sides, "numerator"), metric.name
        assert (value.denominator or 0) == summed(sides, "denominator"), metric.name
        return
    made = number(catalog, metric, parts)
    if value.value is None or made is None:
        assert (value.value, made) == (None, None), metric.name
        return
    gap = abs(Fraction(str(show(made, metric.unit))) - Fraction(str(value.value)))
    assert gap <= Fraction("0.02" if metric.unit == "days" else "0"), (metric.name, made)
    if not isinstance(metric.kind, Formula):
        assert value.n == sum(len(part.records) for part in parts), metric.name


def number(catalog: Catalog, metric: Metric, parts: Sequence[Part]) -> Fraction | None:
    """The metric's number by its records; None where there are none and it counts nothing."""
    kind = metric.kind
    if isinstance(kind, Formula):
        made = {name: number(catalog, catalog.find(name), parts) for name in kind.names}
        return kind.compute(made)
    own = [each for part in parts if part.metric == metric.name for each in part.records]
    how = "median" if isinstance(kind, Median) else getattr(kind, "combine", "sum")
    known = [Fraction(str(each.contribution)) for each in own if each.contribution is not None]
    if how in ("median", "mean") and not known:
        return None
    if how == "median":
        ordered, half = sorted(known), len(known) // 2
        return (ordered[half] + ordered[-half - 1]) / 2
    return added(own) / (len(known) if how == "mean" else 1)


def added(records: Sequence[Any]) -> Fraction:
    return sum((Fraction(str(each.contribution or 0)) for each in records), Fraction(0))


def summed(sides: dict[str, Part], side: str) -> Fraction:
    return added(sides[side].records) if side in sides else Fraction(0)
