"""Facts follow when people, days or money are seen otherwise, and only those that must."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.settings import ManagerEntry
from store.fact import DealState
from store.mark import REBUILD, clear_mark, read_mark
from store.store import Store
from store.table import CALL, DEAL
from sync.commit import Commit
from sync.page import keep_page, settle_people
from sync.pipeline import Pass
from sync.sweep import sweep_stream
from tests.store.row import stored
from tests.sync.scripted import CALLS, DEALS, START, Remote, source

LATE = datetime(2026, 10, 1, 22, 30, tzinfo=UTC)
"""1 October in London, 2 October in Moscow."""


def _read(store: Store, remote: Remote, **settings: Any) -> None:
    results = Pass(source=source(store, remote, **settings)).run()
    assert not [result.error for result in results if result.error]


def _deals(store: Store) -> dict[str, dict[str, Any]]:
    names = [column.name for column in DEAL.columns]
    rows = (dict(zip(names, row, strict=True)) for row in stored(store, "deal"))
    return {row["ref"]: row for row in rows}


def _calls(store: Store) -> set[tuple[str, int, int, int]]:
    """(call, manager, day, talk)."""
    names = [column.name for column in CALL.columns]
    rows = [dict(zip(names, row, strict=True)) for row in stored(store, "call")]
    return {(row["ref"], row["manager_id"], row["day"], row["talk_s"]) for row in rows}


def _counted(store: Store) -> None:
    """The KPIs are up to date."""
    with store.write() as tx:
        clear_mark(tx, REBUILD)
        for table in ("deal_journal", "call_journal"):
            tx.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608


def _must_rebuild(store: Store) -> bool:
    with store.read() as tx:
        return read_mark(tx, REBUILD) is not None


@pytest.fixture
def read(store: Store, remote: Remote) -> Remote:
    remote.now = LATE
    remote.create("a", "7")
    remote.create("b", "8")
    remote.change("a", state=DealState.WON)
    remote.ring("1", user="7", talk=30, at=LATE)
    remote.ring("2", user="8", talk=0, at=LATE)
    _read(store, remote)
    _counted(store)
    return remote


def test_another_time_zone_moves_days(store: Store, read: Remote) -> None:
    assert {row["created_day"] for row in _deals(store).values()} == {20261002}
    _read(store, read, zone="Europe/London")
    assert {row["created_day"] for row in _deals(store).values()} == {20261001}
    assert _deals(store)["a"]["closed_day"] == 20261001
    assert {day for _, _, day, _ in _calls(store)} == {20261001}
    assert _must_rebuild(store)


def test_another_base_currency_leaves_amounts_without_a_rate(store: Store, read: Remote) -> None:
    assert _deals(store)["a"]["base_amount"] == 100
    _read(store, read, currency="KZT")
    assert _deals(store)["a"]["base_amount"] is None
    assert _deals(store)["a"]["amount"] == 100


def test_a_new_hire_changes_no_stored_row(store: Store, read: Remote) -> None:
    before = (stored(store, "deal"), stored(store, "call"))
    read.hire("9", "Вера")
    _read(store, read)
    assert (stored(store, "deal"), stored(store, "call")) == before
    assert not stored(store, "deal_journal")
    assert not stored(store, "call_journal")
    assert not _must_rebuild(store)


def test_two_accounts_that_become_one_person_move_their_work_and_journal_it(
    store: Store, read: Remote
) -> None:
    entry = ManagerEntry(name="Анна", aliases={"main": "7"})
    both = [entry, ManagerEntry(name="Борис", aliases={"main": "8"}, ignore=True)]
    _read(store, read, managers=both)
    assert _deals(store)["b"]["created_by"] is None
    assert _deals(store)["a"]["created_by"] is not None
    assert {(call, who != 0) for call, who, _, _ in _calls(store)} == {
        ("call 1", False), ("call 1", True), ("call 2", False),
    }  # fmt: skip
    assert {row[3] for row in stored(store, "deal_journal")} == {"b"}
    assert [row[1] for row in stored(store, "call_journal")] == [-1]
    assert not _must_rebuild(store)
    _read(store, read)
    assert _deals(store)["b"]["created_by"] is not None


def test_people_of_a_past_owner_are_credited_too(store: Store, read: Remote) -> None:
    read.now += timedelta(hours=1)
    read.change("a", owner="8")
    _read(store, read)
    _counted(store)
    _read(store, read, managers=[ManagerEntry(name="Анна", aliases={"main": "7"}, ignore=True)])
    assert _deals(store)["a"]["created_by"] is None
    assert _deals(store)["a"]["closed_by"] is None


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Europe/London"])
def test_what_was_removed_stays_removed(store: Store, read: Remote, zone: str) -> None:
    read.delete("a")
    sweep_stream(source(store, read), DEALS)
    _read(
        store, read, zone=zone,
        managers=[ManagerEntry(name="Анна", aliases={"main": "7"}, ignore=True)],
    )  # fmt: skip
    assert _deals(store)["a"]["removed_at"] is not None
    assert _deals(store)["b"]["removed_at"] is None


def test_accounts_read_after_the_deals_are_credited(store: Store) -> None:
    remote = Remote()
    remote.create("a", "7")
    remote.ring("1", user="7", talk=3)
    _read(store, remote)
    assert _deals(store)["a"]["created_by"] is None
    remote.hire("7", "Анна")
    _read(store, remote)
    assert _deals(store)["a"]["created_by"] is not None
    assert len(_calls(store)) == 2


def test_a_page_read_while_another_thread_settled_is_credited_by_the_new_people(
    store: Store, read: Remote
) -> None:
    """Its rows would otherwise stay with the person of before for ever."""
    place = source(store, read)
    old = Commit(source_id=1, credit=settle_people(place), journal=True)
    read.hire("9", "Вера")
    _read(store, read)
    read.create("late", "9")
    keep_page(place, DEALS, old, [{"id": "late", "version": read.deals["late"]}])
    assert _deals(store)["late"]["created_by"] is not None


def test_a_page_read_while_the_zone_changed_has_the_days_of_the_new_zone(
    store: Store, read: Remote
) -> None:
    place = source(store, read)
    old = Commit(source_id=1, credit=settle_people(place), journal=True)
    _read(store, read, zone="Europe/London")
    read.create("late", "7")
    keep_page(place, DEALS, old, [{"id": "late", "version": read.deals["late"]}])
    assert _deals(store)["late"]["created_day"] == 20261001


def test_a_leg_that_moves_to_another_call_leaves_nothing_behind(store: Store, read: Remote) -> None:
    read.ring("1", call="call 2", user="7", talk=30, at=LATE)
    _read(store, read, streams=(CALLS,))
    assert {call for call, *_ in _calls(store)} == {"call 2"}
    assert len(_calls(store)) == 2
    assert sum(row[1] for row in stored(store, "call_journal")) == -2


def test_a_second_leg_read_later_changes_the_whole_call(store: Store, read: Remote) -> None:
    read.ring("3", call="call 2", user="7", talk=40, at=LATE + timedelta(seconds=20))
    _read(store, read)
    talks = {who: talk for call, who, _, talk in _calls(store) if call == "call 2"}
    with store.read() as tx:
        anna = tx.exec_driver_sql("SELECT manager_id FROM alias WHERE ref = '7'").scalar_one()
    assert talks == {0: 40, anna: 40}


def test_another_rule_of_credit_folds_the_calls_anew_and_journals_it(
    store: Store, read: Remote
) -> None:
    read.ring("3", user="7", talk=50, at=LATE, call="call 3")
    read.ring("4", user="8", talk=20, at=LATE + timedelta(seconds=60), call="call 3")
    _read(store, read)
    people = {who for call, who, _, _ in _calls(store) if call == "call 3"}
    assert len(people) == 3
    _counted(store)
    _read(store, read, credit="last_talked")
    after = {who: talk for call, who, _, talk in _calls(store) if call == "call 3"}
    assert sorted(after.values()) == [20, 70]
    assert [row[1] for row in stored(store, "call_journal")] == [-1]
    _read(store, read)
    assert {who for call, who, _, _ in _calls(store) if call == "call 3"} == people


def test_a_leg_counts_on_the_day_the_call_began(store: Store, remote: Remote) -> None:
    midnight = datetime(2026, 10, 1, 21, tzinfo=UTC)
    remote.ring("1", call="c", user="7", at=midnight - timedelta(seconds=5), talk=1)
    remote.ring("2", call="c", user="8", at=midnight + timedelta(seconds=5), talk=1)
    _read(store, remote)
    assert {day for _, _, day, _ in _calls(store)} == {20261001}
    assert midnight > START
