"""What stands open is kept once a day: it follows the day, then it is frozen."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kpi.catalog import Catalog
from kpi.engine import Refreshed, rebuild, refresh
from kpi.explain import Explanation, explain
from kpi.period import By, parse_period
from kpi.value import Query, Value, values
from store.bookkeeping import StreamRow
from store.directory import Alias, replace_aliases
from store.table import TEAM, table_of
from tests.kpi.books import ANNA, BORIS, MOSCOW, WON, Books, deal, seen_from


class Days:
    """A company whose deals are read up to a moving moment, and counted then."""

    def __init__(self, books: Books, catalog: Catalog) -> None:
        self.books, self.catalog = books, catalog
        self.now = datetime(2026, 10, 5, 9, tzinfo=UTC)
        with books.store.write() as tx:
            wanted = [("7", ANNA, 20261011), ("8", BORIS, 99991231)]
            people = [Alias(books.source, ref, 0, last, who) for ref, who, last in wanted]
            replace_aliases(tx, [*people, Alias(books.source, "7", 20261012, 99991231, BORIS)])

    def read(self, now: datetime, *rows: tuple[Any, ...], since: datetime | None = None) -> None:
        """A cycle that ends at a moment: everything changed before it is in the store."""
        self.now = now
        self.books.deals(*rows)
        self.books.read_up_to(now, since=since)
        refresh(self.books.store, self.catalog, MOSCOW)

    def ask(self, who: int, first: int, last: int, by: By = "day", **more: Any) -> list[Value]:
        query = Query(
            since=date(2026, 10, first),
            until=date(2026, 10, last),
            by=by,
            manager_ids=(who,),
            metrics=(more.pop("metric", "open_deals"),),
        )
        return values(self.books.store, self.catalog, query, seen_from(self.now, **more))

    def explain(self, who: int, metric: str, period: str) -> Explanation:
        return explain(
            self.books.store,
            self.catalog,
            manager_id=who,
            metric=metric,
            span=parse_period(period),
            vantage=seen_from(self.now),
        )


@pytest.fixture
def days(books: Books, catalog: Catalog) -> Days:
    return Days(books, catalog)


def held(ref: str, owner: str | None = "7", **more: Any) -> tuple[Any, ...]:
    """An open deal of an account."""
    row = deal(ref, **more)
    return (*row[:7], owner, *row[8:])


def moscow(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


def test_a_day_follows_its_deals_and_is_frozen_when_it_ends(days: Days) -> None:
    days.read(moscow(5, 10), held("1"), held("2", "8"))
    days.read(moscow(5, 23, 58), held("3"))
    days.read(moscow(6, 0, 1), held("4"), held("1", state=WON, closed=20261006))
    days.read(moscow(6, 12))
    assert [each.value for each in days.ask(ANNA, 5, 6)] == [2, 2]
    assert [each.value for each in days.ask(TEAM, 5, 6)] == [3, 3]
    days.read(moscow(7, 9), held("3", state=WON, closed=20261007))
    assert [each.value for each in days.ask(ANNA, 5, 7)] == [2, 2, 1]


def test_days_before_the_first_snapshot_are_unknown_never_zero(days: Days) -> None:
    days.read(moscow(6, 12), held("1"))
    early, known, to_come = days.ask(BORIS, 5, 7)
    assert (early.value, early.n, early.state) == (None, None, "unknown")
    assert (known.value, known.n, known.state) == (0, 0, "value")
    assert to_come.state == "unknown"


def test_a_period_shows_its_last_snapshot(days: Days) -> None:
    days.read(moscow(5, 23, 59), held("1"), held("2"))
    days.read(moscow(9, 23, 59), held("1", state=WON, closed=20261009))
    (month,) = days.ask(ANNA, 1, 31, "month")
    assert (month.value, month.n) == (1, 1)
    assert month.coverage == {"main/deals": "2026-10-09T20:59:00Z"}
    assert month.state == "value"
    assert [each.value for each in days.ask(ANNA, 5, 11, "week")] == [1]


def test_a_day_not_read_to_its_end_is_partial_and_a_day_not_read_unknown(days: Days) -> None:
    days.read(moscow(5, 12), held("1"))
    days.read(moscow(7, 12), held("2"))
    found = days.ask(ANNA, 5, 7)
    assert [(each.value, each.state) for each in found] == [
        (1, "partial"),
        (None, "unknown"),
        (2, "value"),
    ]


def test_a_quiet_day_is_confirmed_without_writing_all_the_time(days: Days) -> None:
    days.read(moscow(5, 12), held("1"))
    store, catalog = days.books.store, days.catalog
    days.books.read_up_to(moscow(5, 12, 3))
    with store.write():
        assert refresh(store, catalog, MOSCOW) == Refreshed()
    days.read(moscow(5, 23, 59))
    days.read(moscow(6, 12))
    assert [each.state for each in days.ask(ANNA, 5, 6)] == ["value", "value"]


def test_nothing_is_kept_before_the_first_run_ends(days: Days) -> None:
    days.books.deals(held("1"))
    days.books.read_up_to(None)
    refresh(days.books.store, days.catalog, MOSCOW)
    assert [each.state for each in days.ask(ANNA, 5, 5)] == ["unknown"]


def test_the_holder_of_the_day_is_credited(days: Days) -> None:
    days.read(moscow(11, 23, 59), held("1"), held("2", None))
    days.read(moscow(12, 12))
    assert [each.value for each in days.ask(ANNA, 11, 12)] == [1, 0]
    assert [each.value for each in days.ask(BORIS, 11, 12)] == [0, 1]
    assert [each.value for each in days.ask(TEAM, 11, 12)] == [2, 2]


def test_money_without_a_rate_makes_the_pipeline_partial(days: Days) -> None:
    days.read(moscow(5, 12), held("1", amount=10_00), held("2", amount=None), held("3", "8"))
    (anna,) = days.ask(ANNA, 5, 5, metric="open_pipeline")
    (boris,) = days.ask(BORIS, 5, 5, metric="open_pipeline")
    assert (anna.value, anna.n, anna.state) == ("10.00", 2, "partial")
    assert (boris.value, boris.state) == ("100.00", "value")


def test_older_deals_that_nobody_touched_make_it_partial(days: Days) -> None:
    days.read(moscow(5, 12), held("1"), since=moscow(1, 12))
    assert [each.state for each in days.ask(ANNA, 5, 5)] == ["value"]
    days.read(moscow(5, 13), held("2", created=20260901), since=moscow(1, 12))
    assert [each.state for each in days.ask(ANNA, 5, 5)] == ["partial"]


def test_history_is_not_rebuilt(days: Days) -> None:
    days.read(moscow(5, 23, 59), held("1"))
    days.read(moscow(6, 12), held("1", state=WON, closed=20261006))
    assert rebuild(days.books.store, days.catalog) is False
    assert [each.value for each in days.ask(ANNA, 5, 6)] == [1, 0]


def test_deals_open_now_are_listed_those_of_a_past_day_cannot_be(days: Days) -> None:
    days.read(moscow(5, 23, 59), held("1"), held("2", "8"))
    days.read(moscow(6, 12), held("3"))
    found = days.explain(ANNA, "open_pipeline", "2026-10-06")
    assert found.agrees
    assert [[each.ref for each in part.records] for part in found.parts] == [["1", "3"]]
    assert found.parts[0].total == found.value.value == "200.00"
    past = days.explain(ANNA, "open_pipeline", "2026-10-05")
    assert past.agrees
    assert (past.value.value, past.parts) == ("100.00", ())


def test_another_source_that_is_read_late_does_not_move_a_frozen_day(days: Days) -> None:
    days.read(moscow(5, 23, 59), held("1"))
    begun = moscow(9, 12)
    with days.books.store.write() as tx:
        tx.execute(table_of(StreamRow).update().values(began_at=begun))
    days.books.deals(held("2"), held("3"))
    refresh(days.books.store, days.catalog, MOSCOW)
    days.now = begun + timedelta(minutes=1)
    assert [each.value for each in days.ask(ANNA, 5, 5)] == [1]
