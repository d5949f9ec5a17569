"""The store is proved equal to the CRM, and a mass removal is believed only when told to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from store.error import GuardError
from store.store import Store
from sync.pipeline import Pass
from sync.sweep import looks_like_a_mistake, sweep_stream
from tests.store.row import stored
from tests.sync.scripted import CALLS, DEALS, Remote, source


@pytest.mark.parametrize(
    ("gone", "known", "mistake"),
    [
        (0, 0, False), (9, 9, False), (9, 1000, False), (10, 10, True), (10, 199, True),
        (10, 200, False), (11, 219, True), (11, 220, False), (50, 1000, False),
        (50, 999, True), (50, 100_000, False), (51, 100_000, True),
    ],
)  # fmt: skip
def test_the_guard_at_its_edges(gone: int, known: int, mistake: bool) -> None:
    assert looks_like_a_mistake(gone, known) is mistake


def _fill(store: Store, remote: Remote, count: int) -> None:
    remote.page_size = 500
    for number in range(count):
        remote.create(f"{number:04}", "7")
    Pass(source=source(store, remote, streams=(DEALS,))).run()


def _living(store: Store) -> int:
    return sum(row[14] is None for row in stored(store, "deal"))


def test_a_mass_removal_stops_and_changes_nothing_until_it_is_accepted(
    sqlite_store: Store, remote: Remote
) -> None:
    _fill(sqlite_store, remote, 60)
    for number in range(51):
        remote.delete(f"{number:04}")
    place = source(sqlite_store, remote, streams=(DEALS,))
    with pytest.raises(GuardError, match="51 of 60") as stopped:
        sweep_stream(place, DEALS)
    assert "merilo sweep main --accept-removals" in stopped.value.todo
    assert _living(sqlite_store) == 60
    result = sweep_stream(place, DEALS, accept=True)
    assert result is not None
    assert result.removed == 51
    assert _living(sqlite_store) == 9


def test_a_list_that_leaves_out_what_is_there_removes_nothing(
    sqlite_store: Store, remote: Remote
) -> None:
    _fill(sqlite_store, remote, 5)

    def partly(client: Remote, since: datetime) -> Iterator[str]:
        yield from list(client.deals)[1:]

    place = source(sqlite_store, remote)
    result = sweep_stream(place, replace(DEALS, existing_ids=partly))
    assert result is not None
    assert result.removed == 0
    assert _living(sqlite_store) == 5


def test_what_was_missed_is_fetched_and_what_is_set_aside_is_not(
    sqlite_store: Store, remote: Remote
) -> None:
    _fill(sqlite_store, remote, 3)
    remote.change("0000", senseless=True)
    Pass(source=source(sqlite_store, remote, streams=(DEALS,))).run()
    remote.create("new", "8")
    result = sweep_stream(source(sqlite_store, remote), DEALS)
    assert result is not None
    assert (result.compared, result.removed, result.missed) == (4, 0, 1)
    assert _living(sqlite_store) == 4
    remote.delete("0000")
    sweep_stream(source(sqlite_store, remote), DEALS)
    assert stored(sqlite_store, "quarantine") == []


def test_a_stream_never_read_to_its_end_is_not_swept(sqlite_store: Store, remote: Remote) -> None:
    remote.create("a", "7")
    assert sweep_stream(source(sqlite_store, remote), DEALS) is None
    _fill(sqlite_store, remote, 1)
    assert sweep_stream(source(sqlite_store, remote), CALLS) is None
