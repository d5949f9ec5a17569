"""Pages that overlap: whatever comes and goes between two of them, what stayed is read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Condition
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.amocrm.ahead import MOST_AHEAD
from connectors.amocrm.client import Body
from connectors.amocrm.walk import Walk, walk_on, window_before
from connectors.error import RetryableError

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
RISING = Walk(path="leads", name="leads", most=7)
NEWEST = Walk(path="leads", name="leads", by="updated_at", falling=True, most=7)
LYING = Walk(path="leads", name="leads", by="", most=7)


@dataclass
class Shelf:
    """A list as the vendor pages it; `changes` happen one before each request. Without an order in
    the question the newest id comes first."""

    rows: dict[int, int]
    changes: list[tuple[str, int]] = field(default_factory=list)
    has_next_always: bool = False
    breaks_at: int = 0
    asked: int = 0
    told: Condition = field(default_factory=Condition)

    def __post_init__(self) -> None:
        self.newest = max(self.rows, default=0)

    def get(self, _path: str, query: Any) -> Body:
        with self.told:
            self._change()
            self.told.notify_all()
            if self.asked == self.breaks_at:
                raise RetryableError("The account does not answer.")
            return self._page(query)

    def was_asked(self, times: int) -> bool:
        """Whether so many pages are asked for soon."""
        with self.told:
            return self.told.wait_for(lambda: self.asked >= times, timeout=10)

    def _page(self, query: Any) -> Body:
        asked = dict(query)
        by, falling = ("updated_at", True) if "order[updated_at]" in asked else ("id", True)
        falling &= "order[id]" not in asked
        limit, page = asked["limit"], asked["page"]
        every = [{"id": ref, "updated_at": at} for ref, at in self.rows.items()]
        every.sort(key=lambda row: (row[by], row["id"]), reverse=falling)
        rows = every[(page - 1) * limit : page * limit]
        has_next = rows and (len(rows) == limit or self.has_next_always)
        links: dict[str, Any] = {"next": {}} if has_next else {}
        return Body({"_embedded": {"leads": rows}, "_links": links} if rows else {}, NOW)

    def _change(self) -> None:
        self.asked += 1
        if self.changes:
            what, number = self.changes.pop(0)
            known = sorted(self.rows)
            if what == "add":
                self.newest += 1
                self.rows[self.newest] = 1000 + self.asked
            elif known and what == "remove":
                del self.rows[known[number % len(known)]]
            elif known and what == "touch":
                self.rows[known[number % len(known)]] = 1000 + self.asked


changes = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "touch", "none"]), st.integers(0, 60)), max_size=40
)


@settings(max_examples=300)
@given(count=st.integers(0, 60), happens=changes, listing=st.sampled_from([RISING, NEWEST, LYING]))
def test_what_stayed_as_it_was_is_read_whatever_else_happened(
    count: int, happens: list[tuple[str, int]], listing: Walk
) -> None:
    shelf = Shelf({ref: ref % 7 for ref in range(1, count + 1)}, list(happens))
    before = dict(shelf.rows)
    read = {row["id"] for rows in walk_on(shelf, listing) for row in rows.rows}  # type: ignore[arg-type]
    stayed = {ref for ref, at in before.items() if shelf.rows.get(ref) == at}
    assert stayed <= read


@given(
    count=st.integers(1, 60),
    cut=st.integers(1, 12),
    happens=changes,
    listing=st.sampled_from([RISING, LYING]),
)
@example(count=10, cut=1, happens=[("remove", 49), ("add", 0)], listing=LYING)
def test_a_run_that_is_cut_off_goes_on_behind_its_place(
    count: int, cut: int, happens: list[tuple[str, int]], listing: Walk
) -> None:
    shelf = Shelf(dict.fromkeys(range(1, count + 1), 0), list(happens))
    before = set(shelf.rows)
    read: set[int] = set()
    place = None
    for number, rows in enumerate(walk_on(shelf, listing)):  # type: ignore[arg-type]
        read |= {row["id"] for row in rows.rows}
        place = rows.place
        if number + 1 == cut:
            break
    rest = walk_on(shelf, listing, place)  # type: ignore[arg-type]
    read |= {row["id"] for rows in rest for row in rows.rows}
    assert before & set(shelf.rows) <= read


def test_a_link_to_another_page_on_the_last_one_ends_all_the_same() -> None:
    shelf = Shelf(dict.fromkeys(range(1, 13), 0), has_next_always=True)
    read = [row["id"] for rows in walk_on(shelf, RISING) for row in rows.rows]  # type: ignore[arg-type]
    assert set(read) == set(range(1, 13))
    assert shelf.asked < 10


def test_an_empty_list_is_one_empty_page() -> None:
    (rows,) = walk_on(Shelf({}), RISING)  # type: ignore[arg-type]
    assert rows.rows == []


def test_a_hundred_thousand_rows_take_hardly_more_requests_than_without_overlap() -> None:
    position, requests = 250, 1
    while position < 100_000:
        window = window_before(position)
        assert window.offset < position < window.offset + window.limit
        position, requests = window.offset + window.limit, requests + 1
    assert requests <= 400 * 1.09


def test_a_row_without_an_id_is_no_list() -> None:
    shelf = Shelf({1: 1})
    shelf.get = lambda _path, query: Body({"_embedded": {"leads": [{}]}}, NOW)  # type: ignore[method-assign]
    with pytest.raises(RetryableError, match="without id"):
        list(walk_on(shelf, RISING))  # type: ignore[arg-type]


@pytest.mark.parametrize(("slow_s", "ahead"), [(10.0, 1), (-1.0, MOST_AHEAD)])
def test_pages_by_id_are_asked_for_ahead_and_more_of_them_where_answers_are_slow(
    monkeypatch: pytest.MonkeyPatch, slow_s: float, ahead: int
) -> None:
    monkeypatch.setattr("connectors.amocrm.ahead.SLOW_S", slow_s)
    shelf = Shelf(dict.fromkeys(range(1, 400), 0))
    walk = walk_on(shelf, RISING)  # type: ignore[arg-type]
    for _ in range(40):
        next(walk)
    assert shelf.was_asked(40 + ahead)
    pages = 40 + sum(1 for _ in walk)
    assert pages <= shelf.asked <= pages + ahead - 1


def test_no_page_is_asked_for_ahead_where_rows_change_places() -> None:
    shelf = Shelf(dict.fromkeys(range(1, 150), 0))
    for number, _rows in enumerate(walk_on(shelf, NEWEST), 1):  # type: ignore[arg-type]
        assert shelf.asked == number


def test_a_page_that_fails_ahead_of_its_turn_costs_none_of_those_before() -> None:
    shelf = Shelf(dict.fromkeys(range(1, 150), 0), breaks_at=4)
    walk = walk_on(shelf, RISING)  # type: ignore[arg-type]
    read = {row["id"] for _ in range(3) for row in next(walk).rows}
    assert shelf.was_asked(4)
    assert read == {*range(1, max(read) + 1)}
    with pytest.raises(RetryableError, match="does not answer"):
        list(walk)
