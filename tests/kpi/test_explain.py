"""An explanation lists exactly the records whose contributions add up to the number."""

from datetime import UTC, datetime
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.engine import refresh
from kpi.explain import Explanation, explain
from kpi.formula import Formula
from kpi.metric import Additive, Median
from kpi.period import parse_period
from store.store import Store
from store.table import TEAM
from tests.kpi.books import ANNA, BORIS, IN, LOST, OUT, WON, Books, both, call, deal, seen_from
from tests.kpi.test_refresh import calls, deals, on_one_store

SUMMED = Additive | Formula
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def tell(store: Store, catalog: Catalog, manager: int, metric: str, period: str) -> Explanation:
    return explain(
        store,
        catalog,
        manager_id=manager,
        metric=metric,
        span=parse_period(period),
        vantage=seen_from(NOW),
        link=lambda source, kind, ref: f"https://{source}/{kind}/{ref}",
    )


questions = given(
    some_deals=st.lists(deals(), max_size=6, unique_by=lambda row: row[0]),
    some_calls=st.lists(calls(), max_size=6, unique_by=lambda row: row[:2]),
    period=st.sampled_from(("2025-12", "2026-01", "2026-W01", "2025-12-31", "2026-02")),
    manager=st.sampled_from((ANNA, BORIS, TEAM)),
)


@settings(on_one_store, max_examples=6)
@questions
def test_every_number_adds_up(store: Store, catalog: Catalog, **asked: Any) -> None:
    check(store, catalog, **asked)


@pytest.mark.long
@settings(on_one_store, max_examples=60)
@questions
def test_every_one_of_many_numbers_adds_up(store: Store, catalog: Catalog, **asked: Any) -> None:
    check(store, catalog, **asked)


def check(
    store: Store, catalog: Catalog, some_deals: Any, some_calls: Any, period: str, manager: int
) -> None:
    books = Books(store)
    books.burn()
    books.read_up_to(NOW)
    books.deals(*some_deals)
    books.calls(*some_calls)
    refresh(store, catalog)
    sums = [name for name, each in catalog.metrics.items() if isinstance(each.kind, SUMMED)]
    for metric in (*sums, "calls_119s"):
        found = tell(store, catalog, manager, metric, period)
        assert found.agrees
        totals = {part.metric: Fraction(str(part.total)) for part in found.parts}
        for part in found.parts:
            added = [Fraction(str(each.contribution or 0)) for each in part.records]
            is_median = isinstance(catalog.find(part.metric).kind, Median)
            whole = median(added or [Fraction()]) if is_median else sum(added)
            assert whole == totals[part.metric], (metric, part.metric)
        if metric in totals:
            assert Fraction(str(found.value.value)) == totals[metric]
            assert found.value.n == len(found.parts[0].records)
        elif metric == "win_rate":
            won, lost = totals["deals_won"], totals["deals_lost"]
            assert found.value.numerator == won
            assert found.value.denominator == won + lost


@pytest.fixture
def month(books: Books, catalog: Catalog) -> Books:
    books.read_up_to(NOW)
    books.deals(
        deal("1", by=ANNA, state=WON, closed=20261010, amount=1000_00),
        deal("2", by=ANNA, state=WON, closed=20261003, amount=None),
        deal("3", by=ANNA, state=LOST, closed=20261012),
        deal("4", by=ANNA, state=WON, closed=20261104),
        deal("5", by=BORIS, state=WON, closed=20261010),
        deal("6", by=ANNA, state=WON, closed=20261010, removed=True),
    )
    books.calls(*both("c", ANNA, way=IN, talk=70), *both("d", BORIS, way=OUT, talk=9))
    refresh(books.store, catalog)
    return books


def test_records_come_in_order_with_moment_and_link(month: Books, catalog: Catalog) -> None:
    found = tell(month.store, catalog, ANNA, "revenue", "2026-10")
    (part,) = found.parts
    assert [(each.ref, each.contribution) for each in part.records] == [
        ("2", None),
        ("1", "1000.00"),
    ]
    assert part.records[1].at == datetime(2026, 10, 10, 9, 0, tzinfo=UTC)
    assert part.records[1].link == "https://main/deal/1"
    assert (part.total, found.value.state) == ("1000.00", "partial")


def test_a_formula_is_explained_by_its_sides(month: Books, catalog: Catalog) -> None:
    found = tell(month.store, catalog, ANNA, "win_rate", "2026-10")
    assert [(part.metric, part.sides, part.total) for part in found.parts] == [
        ("deals_won", ("numerator", "denominator"), 2),
        ("deals_lost", ("denominator",), 1),
    ]
    assert [each.ref for part in found.parts for each in part.records] == ["2", "1", "3"]


def test_the_team_is_explained_by_its_own_records(month: Books, catalog: Catalog) -> None:
    found = tell(month.store, catalog, TEAM, "talk_time", "2026-W41")
    (part,) = found.parts
    assert [(each.fact, each.ref, each.contribution) for each in part.records] == [
        ("call", "c", 70),
        ("call", "d", 9),
    ]


def test_an_unknown_number_has_no_records(month: Books, catalog: Catalog) -> None:
    month.read_up_to(None, streams=("calls",))
    found = tell(month.store, catalog, ANNA, "calls_in", "2026-10")
    assert (found.parts, found.value.value, found.agrees) == ((), None, True)


@pytest.mark.parametrize("column", ["revenue", "deals_won"])
def test_a_cell_that_lies_about_sum_or_number_is_told(
    month: Books, catalog: Catalog, column: str
) -> None:
    assert tell(month.store, catalog, ANNA, "revenue", "2026-10").agrees
    with month.store.write() as tx:
        tx.execute(cells_of(catalog).period.update().values({column: 99}))
    assert not tell(month.store, catalog, ANNA, "revenue", "2026-10").agrees
    assert tell(month.store, catalog, ANNA, "calls_out", "2026-10").agrees


def test_a_change_not_counted_yet_is_told(month: Books, catalog: Catalog) -> None:
    month.calls(call("e", ANNA))
    assert not tell(month.store, catalog, ANNA, "calls_in", "2026-10").agrees
    refresh(month.store, catalog)
    assert tell(month.store, catalog, ANNA, "calls_in", "2026-10").agrees
