"""One pass: errors, quarantine, stopping, reaching further back, what is and is not read again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.base import Page, Since
from connectors.error import AuthError, RetryableError
from store import stream as stored_stream
from store.store import Store
from store.stream import StreamState
from sync.page import fetch_records
from sync.pipeline import Pass
from tests.store.row import stored
from tests.sync.scripted import CALLS, DEALS, START, USERS, Kill, Remote, source


def _state(store: Store, name: str = "deals") -> StreamState:
    with store.read() as tx:
        return stored_stream.load_streams(tx)["main", name]


def _refs(store: Store) -> list[str]:
    return sorted(row[1] for row in stored(store, "deal"))


def _fail_at(remote: Remote, number: int, error: BaseException) -> None:
    count = 0

    def hook(point: str) -> None:
        nonlocal count
        count += point == "page"
        if point == "page" and count == number:
            raise error

    remote.hook = hook


def _years_of_deals(remote: Remote) -> None:
    """One deal a year, the oldest first."""
    for years, ref in ((2, "a"), (1, "b"), (0, "c")):
        remote.now = START - timedelta(days=370 * years)
        remote.create(ref, "7")


def test_one_stream_failing_leaves_the_others_going_on(store: Store, remote: Remote) -> None:
    remote.create("a", "7")
    remote.ring("1")
    _fail_at(remote, 2, RetryableError("busy"))
    users, deals, calls = Pass(source=source(store, remote)).run()
    assert (users.error, str(deals.error), calls.error) == (None, "busy", None)
    assert calls.changed == 1
    assert _state(store).error == "busy"
    assert _state(store).watermark is None
    assert _state(store, "calls").watermark == START
    remote.hook = lambda _point: None
    Pass(source=source(store, remote)).run()
    assert _state(store).error is None
    assert _refs(store) == ["a"]


def test_an_error_of_the_opening_request_is_that_of_every_stream(
    store: Store, remote: Remote
) -> None:
    def refuse(_client: Any, _pairs: Any) -> None:
        raise AuthError("the webhook is unknown")

    place = source(store, remote)
    place = replace(place, connector=replace(place.connector, open_pass=refuse))
    results = Pass(source=place).run()
    assert [str(result.error) for result in results] == ["the webhook is unknown"] * 3
    assert remote.asked == 0
    assert _state(store).error == "the webhook is unknown"


def test_a_resumed_run_does_not_read_again_what_was_kept(store: Store, remote: Remote) -> None:
    for ref in "abcdef":
        remote.create(ref, "7")
    _fail_at(remote, 3, Kill())
    with pytest.raises(Kill):
        Pass(source=source(store, remote, streams=(DEALS,))).run()
    assert _refs(store) == ["a", "b", "c", "d"]
    remote.hook = lambda _point: None
    (result,) = Pass(source=source(store, remote, streams=(DEALS,))).run()
    assert result.read == 2


def test_a_kill_between_the_last_page_and_the_end_costs_one_request(
    store: Store, remote: Remote
) -> None:
    for ref in "abc":
        remote.create(ref, "7")
    place = source(store, remote, streams=(DEALS,))

    def die(result: Any) -> None:
        if result.read == 3:
            raise Kill

    with pytest.raises(Kill):
        Pass(source=place, report=die).run()
    began_at, asked = remote.now, remote.asked
    remote.now += timedelta(minutes=5)
    (result,) = Pass(source=place).run()
    assert (result.read, remote.asked - asked) == (0, 1)
    assert _state(store).watermark == began_at


def test_a_full_read_that_was_killed_is_resumed_as_a_full_read(
    store: Store, remote: Remote
) -> None:
    for ref in "abcd":
        remote.create(ref, "7")
    place = source(store, remote, streams=(DEALS,))
    Pass(source=place).run()
    remote.now += timedelta(hours=1)
    _fail_at(remote, 2, Kill())
    with pytest.raises(Kill):
        Pass(source=place, full=True).run()
    remote.hook = lambda _point: None
    (result,) = Pass(source=place).run()
    assert result.read == 2
    (result,) = Pass(source=place).run()
    assert result.read == 0


def test_asking_for_everything_again_begins_at_the_beginning(store: Store, remote: Remote) -> None:
    for ref in "abcd":
        remote.create(ref, "7")
    place = source(store, remote, streams=(DEALS,))
    _fail_at(remote, 2, Kill())
    with pytest.raises(Kill):
        Pass(source=place).run()
    remote.hook = lambda _point: None
    (result,) = Pass(source=place, full=True).run()
    assert result.read == 4


def test_settings_that_reach_further_back_read_everything_again(
    store: Store, remote: Remote
) -> None:
    _years_of_deals(remote)
    recent = source(store, remote, streams=(DEALS,))
    Pass(source=recent).run()
    since = _state(store).since
    assert _refs(store) == ["b", "c"]
    far = source(store, remote, streams=(DEALS,), since=date(2024, 1, 1))
    _fail_at(remote, 2, Kill())
    with pytest.raises(Kill):
        Pass(source=far).run()
    # Until the end is reached nobody may rely on the older ones.
    assert _state(store).since == since
    remote.hook = lambda _point: None
    Pass(source=far).run()
    assert _refs(store) == ["a", "b", "c"]
    assert _state(store).since == far.since
    assert Pass(source=far).run()[0].read == 1
    # The other way nothing is forgotten.
    Pass(source=recent).run()
    assert _state(store).since == far.since


def test_settings_that_reach_further_back_in_the_middle_of_a_first_read(
    store: Store, remote: Remote
) -> None:
    _years_of_deals(remote)
    remote.page_size = 1
    _fail_at(remote, 2, Kill())
    with pytest.raises(Kill):
        Pass(source=source(store, remote, streams=(DEALS,))).run()
    assert _refs(store) == ["b"]
    remote.hook = lambda _point: None
    Pass(source=source(store, remote, streams=(DEALS,), since=date(2024, 1, 1))).run()
    assert _refs(store) == ["a", "b", "c"]


def test_a_first_read_that_lasts_over_midnight_is_still_resumed(
    store: Store, remote: Remote
) -> None:
    for ref in "abcd":
        remote.create(ref, "7")
    _fail_at(remote, 2, Kill())
    with pytest.raises(Kill):
        Pass(source=source(store, remote, streams=(DEALS,))).run()
    remote.hook = lambda _point: None
    remote.now += timedelta(days=1)
    assert Pass(source=source(store, remote, streams=(DEALS,))).run()[0].read == 2


def test_a_stop_keeps_the_page_and_the_next_pass_goes_on(store: Store, remote: Remote) -> None:
    for ref in "abcd":
        remote.create(ref, "7")
    results = Pass(source=source(store, remote, streams=(DEALS, CALLS)), should_stop=lambda: True)
    (deals,) = results.run()
    assert deals.stopped
    assert _refs(store) == ["a", "b"]
    deals, _calls = Pass(source=source(store, remote, streams=(DEALS, CALLS))).run()
    assert deals.read == 2


def test_a_senseless_record_is_set_aside_replayed_and_let_go(store: Store, remote: Remote) -> None:
    place = source(store, remote, streams=(DEALS,))
    for ref in "abc":
        remote.create(ref, "7")
    remote.change("b", senseless=True)
    (result,) = Pass(source=place).run()
    assert (result.read, result.changed, result.quarantined) == (3, 2, 1)
    ((_, _, ref, reason, keys, _),) = stored(store, "quarantine")
    assert (ref, reason, keys) == ("b", "The field amount is no amount.", "id, version")
    assert fetch_records(place, DEALS, ["b"]).quarantined == 1
    remote.deals["b"] = replace(remote.deals["b"], senseless=False)
    assert fetch_records(place, DEALS, ["b"]).quarantined == 0
    assert stored(store, "quarantine") == []
    assert _refs(store) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"owner": "7\0"}, "owner_ref holds characters"),
        ({"owner": "\ud800"}, "owner_ref holds characters"),
        ({"amount": 2**63}, "amount is too large"),
        ({"amount": -(10**16)}, "amount is too large"),
        ({"created": START.replace(year=1)}, "created_at is before 1970"),
        ({"created": START.replace(tzinfo=None)}, "created_at has no time zone"),
        ({"closed": START.replace(year=2200)}, "closed_at is before 1970 or after 2199"),
    ],
)
def test_what_no_database_keeps_is_set_aside_and_the_page_goes_on(
    store: Store, remote: Remote, values: dict[str, Any], why: str
) -> None:
    for ref in "ab":
        remote.create(ref, "7")
    remote.deals["b"] = replace(remote.deals["b"], **values)
    (result,) = Pass(source=source(store, remote, streams=(DEALS,))).run()
    assert (result.changed, result.quarantined) == (1, 1)
    assert _refs(store) == ["a"]
    ((_, _, ref, reason, *_),) = stored(store, "quarantine")
    assert (ref, reason.partition(".")[2].startswith(why)) == ("b", True)


def test_an_id_no_database_keeps_is_set_aside_under_one_that_can_be(
    store: Store, remote: Remote
) -> None:
    for ref in ("\0b\ud800", "c"):
        remote.create(ref, "7")
    place = source(store, remote, streams=(DEALS,))
    assert [Pass(source=place).run()[0].quarantined for _ in range(2)] == [1, 1]
    assert [row[2] for row in stored(store, "quarantine")] == ["b?"]


def test_ordinary_texts_of_every_script_are_kept(store: Store, remote: Remote) -> None:
    remote.hire("7", "Анна\n«О'Нил» 👩‍💼\u202e\ttab")
    Pass(source=source(store, remote, streams=(USERS,))).run()
    names = [row[2] for row in stored(store, "account")]
    assert "Анна\n«О'Нил» 👩‍💼\u202e\ttab" in names
    assert stored(store, "quarantine") == []


def test_the_cursor_of_a_page_counts_when_the_run_ends(store: Store, remote: Remote) -> None:
    seen: list[Since] = []

    def pages(client: Remote, since: Since) -> Iterator[Page]:
        seen.append(since)
        yield Page(records=[], checkpoint="1", served_at=client.now, cursor="c1")
        client.hook("page")
        yield Page(records=[], checkpoint="2", served_at=client.now)

    stream = replace(DEALS, pages=pages)
    _fail_at(remote, 1, RetryableError("busy"))
    for _ in range(3):
        Pass(source=source(store, remote, streams=(stream,))).run()
        remote.hook = lambda _point: None
    assert [since.cursor for since in seen] == [None, None, "c1"]


def test_a_quiet_pass_changes_only_the_watermark(store: Store, remote: Remote) -> None:
    remote.create("a", "7")
    remote.ring("1")
    place = source(store, remote)
    Pass(source=place).run()
    tables = ("deal", "call", "call_leg", "owner_change", "receipt", "manager", "deal_journal")
    before = [stored(store, table) for table in tables]
    remote.now += timedelta(minutes=1)
    assert [result.changed for result in Pass(source=place).run()] == [0, 0, 0]
    assert [stored(store, table) for table in tables] == before
    assert _state(store).watermark == remote.now


def test_a_run_that_changed_something_leaves_a_receipt(store: Store, remote: Remote) -> None:
    remote.create("a", "7")
    Pass(source=source(store, remote, streams=(DEALS,))).run()
    ((_, _, stream, kind, _, _, read, changed, aside, removed),) = stored(store, "receipt")
    assert (stream, kind, read, changed, aside, removed) == ("deals", "read", 1, 1, 0, 0)
