"""Reports are read whole whatever their length, and local times mean one moment."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.error import RetryableError
from connectors.uis import report
from connectors.uis.account import local_from, local_till, moment_of
from connectors.uis.client import Reply, UisClient
from connectors.uis.report import Report

ZONE = ZoneInfo("Europe/Moscow")
NEW_YORK = ZoneInfo("America/New_York")
ROWS = Report(method="get.calls_report", fields=("id", "start_time"))
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)


def text(second: int) -> str:
    return local_from(BEGIN + timedelta(seconds=second), ZONE)


class Listing:
    """A report of rows that begin at these seconds, and of those that come while it is read."""

    def __init__(self, seconds: list[int], late: list[int], most: int) -> None:
        self.rows = [{"id": number, "start_time": text(at)} for number, at in enumerate(seconds)]
        self._late = late
        self._most = most
        self.offsets: list[int] = []

    def ask(self, _method: str, **asked: Any) -> Reply:
        if self.offsets and self._late:
            row = {"id": len(self.rows), "start_time": text(self._late.pop())}
            self.rows.append(row)
        self.offsets.append(asked["offset"])
        found = sorted(
            (row for row in self.rows if asked["date_from"] <= row["start_time"]),
            key=lambda row: (row["start_time"], row["id"]),
        )
        page = found[asked["offset"] :][: self._most]
        return Reply(page, len(found), {}, BEGIN)


def read(listing: Listing) -> list[int]:
    client = cast(UisClient, listing)
    parts = ROWS.between(client, text(0), text(10_000), ZONE)
    return [row["id"] for part in parts for row in part.rows]


@given(
    st.lists(st.integers(0, 20), max_size=40),
    st.lists(st.integers(0, 20), max_size=5),
    st.integers(2, 9),
)
def test_every_row_is_read_once_while_others_come(
    seconds: list[int], late: list[int], most: int
) -> None:
    listing = Listing(seconds, late, most)
    found = read(listing)
    assert len(found) == len(set(found))
    assert set(range(len(seconds))) <= set(found)


def test_offsets_do_not_grow_with_the_report() -> None:
    listing = Listing(list(range(500)), [], 10)
    assert len(read(listing)) == 500
    assert set(listing.offsets) == {0}


def test_a_second_with_more_rows_than_a_page_is_read_by_offset() -> None:
    listing = Listing([5] * 35 + [6], [], 10)
    assert len(read(listing)) == 36
    assert max(listing.offsets) == 30


def test_rows_in_another_order_than_asked_for_are_no_answer() -> None:
    class Shuffled(Listing):
        def ask(self, _method: str, **asked: Any) -> Reply:
            reply = super().ask(_method, **asked)
            return reply._replace(rows=reply.rows[::-1])

    with pytest.raises(RetryableError, match="order"):
        read(Shuffled([1, 2], [], 10))


def test_a_report_that_ends_too_early_is_no_answer() -> None:
    class Short(Listing):
        def ask(self, _method: str, **asked: Any) -> Reply:
            return super().ask(_method, **asked)._replace(rows=[], total=3)

    with pytest.raises(RetryableError, match="more rows"):
        read(Short([1, 2], [], 10))


def test_without_a_total_a_short_page_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    class Untold(Listing):
        def ask(self, _method: str, **asked: Any) -> Reply:
            return super().ask(_method, **asked)._replace(total=None)

    monkeypatch.setattr(report, "MOST", 10)
    assert len(read(Untold(list(range(25)), [], 10))) == 25


@given(st.floats(946_684_800, 1_893_456_000), st.sampled_from([ZONE, NEW_YORK]))
def test_no_moment_is_left_out_of_the_window_asked_for(moment: float, zone: ZoneInfo) -> None:
    at = datetime.fromtimestamp(moment, UTC)
    told = at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    assert local_from(at, zone) <= told <= local_till(at, zone)


def test_a_repeated_hour_is_asked_for_as_a_whole() -> None:
    second = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)  # 01:30 for the second time
    assert local_from(second, NEW_YORK) <= "2026-11-01 01:30:00"
    assert local_till(second, NEW_YORK) == "2026-11-01 02:30:00"
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # and for the first
    assert local_from(first, NEW_YORK) == "2026-11-01 00:30:00"


def test_a_local_time_is_of_the_zone_and_its_date() -> None:
    assert moment_of("2013-07-01 12:00:00", ZONE) == datetime(2013, 7, 1, 8, tzinfo=UTC)
    assert moment_of("2026-07-01 12:00:00", ZONE) == datetime(2026, 7, 1, 9, tzinfo=UTC)
    for nonsense in (None, "", "2026-07-01", 5, "0001-01-01 00:00:00"):
        assert moment_of(nonsense, ZoneInfo("Asia/Tokyo")) is None


@pytest.mark.parametrize("most", [3, 5, 50])
def test_an_hour_that_comes_twice_is_read_whole(most: int) -> None:
    """The vendor sorts by the true time and compares the local one."""
    first = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # 00:30, half an hour before the first 01:00
    moments = [first + timedelta(minutes=10 * number) for number in range(24)]

    class Autumn(Listing):
        def ask(self, _method: str, **asked: Any) -> Reply:
            found = [row for row in self.rows if asked["date_from"] <= row["start_time"]]
            return Reply(found[asked["offset"] :][:most], len(found), {}, BEGIN)

    listing = Autumn([], [], most)
    listing.rows = [
        {"id": number, "start_time": at.astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M:%S")}
        for number, at in enumerate(moments)
    ]
    client = cast(UisClient, listing)
    begins = listing.rows[0]["start_time"]
    parts = ROWS.between(client, str(begins), "2026-11-02 00:00:00", NEW_YORK)
    assert sorted(row["id"] for part in parts for row in part.rows) == list(range(24))
