"""Sums told apart by a dimension: the reasons of lost deals."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.catalog import Catalog
from kpi.cell import cells_of
from kpi.engine import rebuild, refresh
from kpi.explain import explain
from kpi.period import parse_period
from kpi.value import Query, Value, values
from store.directory import put_funnels
from store.fact import DealState, Stage
from store.table import TEAM
from tests.kpi.books import ANNA, BORIS, LOST, WON, Books, deal, seen_from
from tests.kpi.test_refresh import on_one_store

OCTOBER = Query(
    since=date(2026, 10, 1), until=date(2026, 10, 31), by="month", metrics=("loss_reasons",)
)


def lost(ref: str, stage: str, **more: Any) -> tuple[Any, ...]:
    """A deal lost in a stage."""
    row = deal(ref, **{"state": LOST, "closed": 20261012, **more})
    return (*row[:2], stage, *row[3:])


def reasons(books: Books, catalog: Catalog, manager: str | None) -> dict[str | None, Any]:
    refresh(books.store, catalog)
    found = values(books.store, catalog, OCTOBER, seen_from())
    return {(each.of or {})["reason"]: each.value for each in found if each.manager == manager}


@pytest.fixture
def month(books: Books) -> Books:
    books.read_up_to(seen_from().now)
    stages = [("LOSE", "0", "Дорого"), ("X", "0", "Нет бюджета"), ("C1:LOSE", "1", "Дорого")]
    with books.store.write() as tx:
        facts = [
            Stage(ref=ref, pipeline_ref=funnel, name=name, sort=1, state=DealState.LOST)
            for ref, funnel, name in stages
        ]
        put_funnels(tx, books.source, facts)
    books.deals(
        lost("1", "LOSE"),
        lost("2", "X"),
        lost("3", "X", by=BORIS),
        lost("4", "GONE", by=BORIS),
        deal("5", state=WON, closed=20261010),
        lost("6", "X", closed=20261101),
    )
    return books


def test_reasons_of_managers_and_of_the_team(month: Books, catalog: Catalog) -> None:
    assert reasons(month, catalog, "Анна") == {"Дорого": 1, "Нет бюджета": 1}
    assert reasons(month, catalog, None) == {"Дорого": 1, "Нет бюджета": 2, None: 1}


def test_not_filled_in_is_a_reason_of_its_own(month: Books, catalog: Catalog) -> None:
    assert reasons(month, catalog, "Борис") == {"Нет бюджета": 1, None: 1}


def test_reasons_of_one_name_are_one_reason(month: Books, catalog: Catalog) -> None:
    row = lost("7", "C1:LOSE")
    month.deals((row[0], "1", *row[2:]))
    assert reasons(month, catalog, "Анна")["Дорого"] == 2


def test_before_the_first_count_reasons_come_from_the_facts(month: Books, catalog: Catalog) -> None:
    query = replace(OCTOBER, manager_ids=(ANNA, BORIS, TEAM))
    early = values(month.store, catalog, query, seen_from())
    refresh(month.store, catalog)
    assert early == values(month.store, catalog, query, seen_from())
    assert len(early) == 7


def test_a_renamed_reason_is_shown_under_its_new_name(month: Books, catalog: Catalog) -> None:
    refresh(month.store, catalog)
    stage = Stage(ref="X", pipeline_ref="0", name="Бюджет", sort=1, state=DealState.LOST)
    with month.store.write() as tx:
        put_funnels(tx, month.source, [stage])
    assert reasons(month, catalog, "Анна") == {"Бюджет": 1, "Дорого": 1}


def test_a_reason_in_words_stands_before_the_stage(books: Books, catalog: Catalog) -> None:
    books.read_up_to(seen_from().now)

    def told(ref: str, reason: str | None) -> tuple[Any, ...]:
        return (*lost(ref, "X")[:-1], reason)

    books.deals(told("1", "Дорого"), told("2", "Дорого"), told("3", ""), told("4", None))
    assert reasons(books, catalog, None) == {"Дорого": 2, None: 2}
    books.deals(told("1", "Долго"))
    assert reasons(books, catalog, None) == {"Долго": 1, "Дорого": 1, None: 2}
    assert rebuild(books.store, catalog) is False


def test_reasons_are_unknown_without_deals_never_none(month: Books, catalog: Catalog) -> None:
    refresh(month.store, catalog)
    found = values(month.store, catalog, OCTOBER, seen_from(main=("calls",)))
    assert found
    assert {(each.value, each.of, each.state) for each in found} == {(None, None, "unknown")}


def test_a_board_has_no_column_for_reasons(month: Books, catalog: Catalog) -> None:
    query = Query(since=OCTOBER.since, until=OCTOBER.until)
    found: list[Value] = values(month.store, catalog, query, seen_from())
    assert "loss_reasons" not in {each.metric for each in found}


def test_the_records_behind_each_reason_add_up(month: Books, catalog: Catalog) -> None:
    refresh(month.store, catalog)
    found = explain(
        month.store,
        catalog,
        manager_id=TEAM,
        metric="loss_reasons",
        span=parse_period("2026-10"),
        vantage=seen_from(),
    )
    assert found.agrees
    assert (found.value.value, found.value.n) == (4, 4)
    parts = {(part.of or {})["reason"]: [each.ref for each in part.records] for part in found.parts}
    assert parts == {"Дорого": ["1"], "Нет бюджета": ["2", "3"], None: ["4"]}


def test_a_wrong_reason_cell_is_told_and_repaired(month: Books, catalog: Catalog) -> None:
    refresh(month.store, catalog)
    with month.store.write() as tx:
        tx.execute(cells_of(catalog).split.update().values(amount=9))
    span = parse_period("2026-10")
    found = explain(
        month.store,
        catalog,
        manager_id=ANNA,
        metric="loss_reasons",
        span=span,
        vantage=seen_from(),
    )
    assert not found.agrees
    assert rebuild(month.store, catalog) is True
    assert reasons(month, catalog, "Анна") == {"Дорого": 1, "Нет бюджета": 1}


many_batches = given(
    batches=st.lists(
        st.lists(
            st.builds(
                lost,
                st.sampled_from("abcd"),
                st.sampled_from(("LOSE", "X", "GONE")),
                by=st.sampled_from((None, ANNA, BORIS)),
                state=st.sampled_from((WON, LOST)),
                closed=st.sampled_from((20261012, 20261101)),
                removed=st.booleans(),
            ),
            max_size=3,
            unique_by=lambda row: row[0],
        ),
        min_size=1,
        max_size=6,
    )
)


@settings(on_one_store, max_examples=8)
@many_batches
def test_reasons_counted_as_they_come_are_the_rebuilt_ones(
    books: Books, catalog: Catalog, batches: list[list[Any]]
) -> None:
    check(books, catalog, batches)


@pytest.mark.long
@settings(on_one_store, max_examples=100)
@many_batches
def test_many_reasons_counted_as_they_come_are_the_rebuilt_ones(
    books: Books, catalog: Catalog, batches: list[list[Any]]
) -> None:
    check(books, catalog, batches)


def check(books: Books, catalog: Catalog, batches: list[list[Any]]) -> None:
    books.burn()
    for rows in batches:
        refresh(books.store, catalog)
        books.deals(*rows)
    refresh(books.store, catalog)
    assert rebuild(books.store, catalog) is False
