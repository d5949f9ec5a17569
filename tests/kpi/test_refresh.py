"""Refreshed cells are the rebuilt ones, byte for byte, whatever happened to the facts."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from kpi.catalog import Catalog, load_catalog
from kpi.cell import cells_of
from kpi.engine import Refreshed, rebuild, refresh
from kpi.explain import explain
from kpi.period import parse_period
from kpi.value import Query, values
from store.store import Store, open_store
from store.table import DEAL, JOURNAL, TEAM
from tests.kpi.books import (
    ANNA,
    BORIS,
    LOST,
    NOW,
    OPEN,
    WON,
    Books,
    both,
    call,
    cells,
    deal,
    seen_from,
)

DAYS = (20251228, 20251229, 20251231, 20260101, 20260104, 20260105, 20260228, 20260301)
people = st.sampled_from((ANNA, BORIS))
refs = st.sampled_from("abcdef")
days = st.sampled_from(DAYS)


@st.composite
def deals(draw: st.DrawFn) -> tuple[Any, ...]:
    state = draw(st.sampled_from((OPEN, WON, LOST)))
    return deal(
        draw(refs),
        created=draw(days),
        by=draw(st.none() | people),
        state=state,
        closed=draw(days) if state != OPEN else None,
        closer=draw(people) if state != OPEN else None,
        amount=draw(st.none() | st.sampled_from((0, 1, 99_99, 10**12))),
        removed=draw(st.booleans()),
    )


@st.composite
def calls(draw: st.DrawFn) -> tuple[Any, ...]:
    talk = draw(st.sampled_from((0, 1, 119, 120, 121, 7200)))
    who = draw(st.sampled_from((TEAM, ANNA, BORIS)))
    return call(draw(refs), who, day=draw(days), way=draw(st.sampled_from((1, 2))), talk=talk)


gone = st.tuples(refs, st.sampled_from((TEAM, ANNA, BORIS)))
step = st.tuples(
    st.sampled_from(("deals", "calls", "forget", "refresh", "backfill", "rebuild")),
    st.lists(deals(), max_size=4, unique_by=lambda row: row[0]),
    st.lists(calls(), max_size=4, unique_by=lambda row: row[:2]),
    st.lists(gone, max_size=3, unique=True),
)


def apply(books: Books, catalog: Catalog, action: tuple[Any, ...]) -> None:
    what, some_deals, some_calls, keys = action
    if what == "deals":
        books.deals(*some_deals)
    elif what == "calls":
        books.calls(*some_calls)
    elif what == "forget":
        books.forget_calls(*keys)
    elif what == "backfill":
        books.deals(*some_deals, journal=False)
    elif what == "rebuild":
        assert rebuild(books.store, catalog) is False
    else:
        refresh(books.store, catalog)


def refreshed_and_rebuilt(books: Books, catalog: Catalog) -> tuple[Any, Any]:
    refresh(books.store, catalog)
    with books.store.read() as tx:
        refreshed = cells(tx, catalog)
    with books.store.write() as tx:
        tx.execute(text("UPDATE mark SET value = 'other' WHERE name = 'kpi.catalog'"))
    assert refresh(books.store, catalog).rebuilt
    with books.store.read() as tx:
        return refreshed, cells(tx, catalog)


many_steps = st.lists(step, min_size=1, max_size=12)
on_one_store = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(store: Store, catalog: Catalog, steps: list[tuple[Any, ...]]) -> None:
    books = Books(store)
    books.burn()
    for each in steps:
        apply(books, catalog, each)
    refreshed, rebuilt = refreshed_and_rebuilt(books, catalog)
    assert refreshed == rebuilt


@settings(on_one_store, max_examples=20)
@given(steps=many_steps)
def test_refreshed_is_rebuilt_on_sqlite(
    store: Store, catalog: Catalog, steps: list[tuple[Any, ...]]
) -> None:
    check(store, catalog, steps)


@pytest.mark.long
@settings(on_one_store, max_examples=200)
@given(steps=many_steps)
def test_after_long_work_refreshed_is_rebuilt_on_sqlite(
    store: Store, catalog: Catalog, steps: list[tuple[Any, ...]]
) -> None:
    check(store, catalog, steps)


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(postgres_url, tmp_path)
    yield opened
    opened.close()


def test_postgresql_gives_the_numbers_of_sqlite(
    books: Books, postgres: Store, catalog: Catalog
) -> None:
    rows = [
        deal("1", by=ANNA, state=WON, closed=20261010, amount=10**14),
        deal("2", by=BORIS, state=WON, closed=20260930, amount=None),
        deal("3", by=None, created=20260928, state=LOST, closed=20261005),
    ]
    answers: list[Any] = []
    for each in (books, Books(postgres)):
        each.read_up_to(NOW)
        each.deals(*rows)
        each.calls(*both("c", ANNA, talk=119), *both("d", BORIS, day=20260929, talk=120))
        refresh(each.store, catalog)
        seen = seen_from(NOW)
        for by in ("day", "week", "month", "total"):
            query = Query(since=date(2026, 9, 29), until=date(2026, 10, 31), by=by)
            answers.append(values(each.store, catalog, query, seen))
        more = Query(
            since=date(2026, 9, 29), until=date(2026, 10, 31), metrics=("calls_119s", "revenue")
        )
        answers.append(values(each.store, catalog, more, seen))
        span = parse_period("2026-10")
        for manager in (ANNA, TEAM):
            for metric in ("average_deal", "talk_time"):
                answers.append(
                    explain(
                        each.store,
                        catalog,
                        manager_id=manager,
                        metric=metric,
                        span=span,
                        vantage=seen,
                    )
                )
    half = len(answers) // 2
    assert answers[:half] == answers[half:]
    assert all(each.agrees for each in answers[-4:])


@settings(on_one_store, max_examples=6)
@given(steps=many_steps)
def test_refreshed_is_rebuilt_on_postgresql(
    postgres: Store, catalog: Catalog, steps: list[tuple[Any, ...]]
) -> None:
    check(postgres, catalog, steps)


@pytest.mark.long
@settings(on_one_store, max_examples=40)
@given(steps=many_steps)
def test_after_long_work_refreshed_is_rebuilt_on_postgresql(
    postgres: Store, catalog: Catalog, steps: list[tuple[Any, ...]]
) -> None:
    check(postgres, catalog, steps)


def test_a_wrong_cell_is_found_and_repaired(books: Books, catalog: Catalog) -> None:
    books.deals(deal("1", state=WON, closed=20261003))
    refresh(books.store, catalog)
    with books.store.write() as tx:
        tx.execute(cells_of(catalog).period.update().values(revenue=1))
    assert rebuild(books.store, catalog) is True
    assert rebuild(books.store, catalog) is False


def test_changes_waiting_in_the_journal_are_no_difference(books: Books, catalog: Catalog) -> None:
    refresh(books.store, catalog)
    books.deals(deal("1"))
    assert rebuild(books.store, catalog) is False


def test_a_fold_empties_the_journals_and_reads_no_facts(books: Books, catalog: Catalog) -> None:
    books.calls(*both("c", ANNA, talk=5))
    refresh(books.store, catalog)
    books.calls(*both("c", ANNA, talk=6))
    books.deals(deal("1"))
    seen: list[str] = []
    event.listen(
        books.store.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: seen.append(" ".join(statement.split())),
    )
    assert refresh(books.store, catalog) == Refreshed(folded=5, rebuilt=False)
    assert seen
    assert not [each for each in seen if "FROM deal " in each or "FROM call " in each]
    with books.store.read() as tx:
        assert not any(tx.execute(select(journal)).all() for journal in JOURNAL.values())


def test_a_backfill_is_counted_anew_once(books: Books, catalog: Catalog) -> None:
    refresh(books.store, catalog)
    books.deals(deal("1"), journal=False)
    assert refresh(books.store, catalog) == Refreshed(rebuilt=True)
    assert refresh(books.store, catalog) == Refreshed()


def test_nothing_new_takes_no_write_lock(books: Books, catalog: Catalog) -> None:
    refresh(books.store, catalog)
    with books.store.write() as tx:
        tx.execute(DEAL.delete())
        assert refresh(books.store, catalog) == Refreshed()


def test_a_cell_that_became_zero_is_gone(books: Books, catalog: Catalog) -> None:
    books.calls(*both("c", ANNA, talk=5))
    refresh(books.store, catalog)
    books.forget_calls(("c", ANNA), ("c", TEAM))
    refresh(books.store, catalog)
    with books.store.read() as tx:
        assert not any(cells(tx, catalog))


def test_another_catalogue_builds_its_own_cells(
    books: Books, catalog: Catalog, tmp_path: Path
) -> None:
    books.calls(*both("c", ANNA, talk=700))
    refresh(books.store, catalog)
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[calls_long]\ntitle.ru = "Долгие"\ncategory = "activity"\nfact = "call"\n'
        'when = "started_at"\nwhere = { talk_s__gt = 600 }\n'
    )
    larger = load_catalog([mine])
    assert refresh(books.store, larger) == Refreshed(rebuilt=True)
    with books.store.read() as tx:
        found = tx.execute(select(cells_of(larger).day.c.calls_long)).scalars().all()
    assert found == [1, 1]


def test_a_title_alone_builds_nothing_anew(books: Books, catalog: Catalog, tmp_path: Path) -> None:
    refresh(books.store, catalog)
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[halves]\ntitle.ru = "Половина"\ncategory = "quality"\nunit = "calls"\n'
        'formula = "calls_in / 2"\n'
    )
    assert refresh(books.store, load_catalog([mine])) == Refreshed()
