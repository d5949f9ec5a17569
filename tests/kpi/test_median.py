"""Medians of the asked period's own records."""

from datetime import date
from statistics import median
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kpi.catalog import Catalog
from kpi.engine import refresh
from kpi.explain import explain
from kpi.period import month_of
from kpi.value import Query, Value, values
from store.table import TEAM
from tests.kpi.books import ANNA, BORIS, WON, Books, deal, seen_from
from tests.kpi.test_refresh import on_one_store

OCTOBER = month_of(date(2026, 10, 1))


def won(ref: str, created: int, closed: int, by: int | None = ANNA) -> tuple[Any, ...]:
    """A deal won some days of October after it was made."""
    return deal(ref, created=20261000 + created, by=by, state=WON, closed=20261000 + closed)


def ask(books: Books, catalog: Catalog, manager: int, **more: Any) -> list[Value]:
    query = Query(
        since=OCTOBER.first,
        until=OCTOBER.last,
        metrics=("sales_cycle_median",),
        manager_ids=(manager,),
        **more,
    )
    return values(books.store, catalog, query, seen_from())


def test_the_median_of_a_month_is_not_made_of_days(books: Books, catalog: Catalog) -> None:
    books.read_up_to(seen_from().now)
    books.deals(won("1", 1, 2), won("2", 1, 3), won("3", 1, 31), won("4", 5, 9, BORIS))
    refresh(books.store, catalog)
    (anna,), (team,) = ask(books, catalog, ANNA), ask(books, catalog, TEAM)
    assert (anna.value, anna.unit, anna.n, anna.state) == (2, "days", 3, "value")
    assert (team.value, team.n) == (3, 4)
    weekly = ask(books, catalog, ANNA, by="week")
    assert [each.value for each in weekly] == [1.5, None, None, None, 30]
    assert [each.n for each in weekly] == [2, 0, 0, 0, 1]


def test_the_records_behind_a_median_are_listed(books: Books, catalog: Catalog) -> None:
    books.read_up_to(seen_from().now)
    books.deals(won("1", 1, 2), won("2", 1, 31), deal("3"), won("4", 5, 9, BORIS))
    refresh(books.store, catalog)
    found = explain(
        books.store,
        catalog,
        manager_id=ANNA,
        metric="sales_cycle_median",
        span=OCTOBER,
        vantage=seen_from(),
    )
    (part,) = found.parts
    assert found.agrees
    assert [(each.ref, each.contribution) for each in part.records] == [("1", 1), ("2", 30)]
    assert part.total == found.value.value == 15.5


def test_without_cases_there_is_nothing_to_measure(books: Books, catalog: Catalog) -> None:
    books.read_up_to(seen_from().now)
    refresh(books.store, catalog)
    (value,) = ask(books, catalog, ANNA)
    assert (value.value, value.n, value.state) == (None, 0, "value")
    (unknown,) = values(
        books.store,
        catalog,
        Query(
            since=OCTOBER.first,
            until=OCTOBER.last,
            metrics=("sales_cycle_median",),
            manager_ids=(ANNA,),
        ),
        seen_from(main=("calls",)),
    )
    assert (unknown.value, unknown.n, unknown.state) == (None, None, "unknown")


@on_one_store
@given(lengths=st.lists(st.integers(0, 30), min_size=1, max_size=9))
def test_it_is_the_middle_whatever_the_number_of_cases(
    books: Books, catalog: Catalog, lengths: list[int]
) -> None:
    books.burn()
    books.read_up_to(seen_from().now)
    books.deals(*(won(str(at), 1, 1 + days) for at, days in enumerate(lengths)))
    (value,) = ask(books, catalog, ANNA)
    assert value.value == median(lengths)
    assert value.n == len(lengths)
