"""Lists of any length while rows come, go and change: pages that overlap and prove it.

The vendor pages by offset: page N of limit L begins at row (N - 1) * L, whatever L is. A row that
leaves the list shifts all behind it, and the next page would skip as many. So the next page always
begins before the end of the last one; only when it shows that it begins at or before the last row
seen is it taken, else it is asked for further back. What was there all the time is read, whatever
came or went meanwhile.

That holds whichever of two pages was answered first where rows keep their order, so pages by id
are asked for ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from connectors.amocrm.ahead import MOST_AHEAD, Ahead
from connectors.amocrm.client import AmocrmClient, Body, Query
from connectors.base import Record
from connectors.error import RetryableError
from connectors.thread_pool import asking

MOST = 250
"""Rows of a page at most (422 beyond); events have 100."""

_MOST_STEPS = 20


class Window(NamedTuple):
    """Page `page` of `limit` rows."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        """The row it begins with."""
        return (self.page - 1) * self.limit

    @property
    def end(self) -> int:
        """The row behind its last one."""
        return self.page * self.limit


def window_before(position: int, most: int = MOST) -> Window:
    """The page that begins before row `position` and reaches farthest beyond it."""
    if position <= 0:
        return Window(1, most)
    best, reach = Window(1, most), most
    for limit in range(most, 0, -1):
        number = (position - 1) // limit
        gain = (number + 1) * limit
        if gain > reach:
            best, reach = Window(number + 1, limit), gain
        if position + limit <= reach:  # a smaller page cannot reach farther
            break
    return best


class Mark(NamedTuple):
    """The last row seen: where it stood, its id and the value it is ordered by."""

    position: int
    ref: int
    value: int


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A list and its order. `name`: what the rows are embedded under.

    Rows are ordered by `by`, and by what they are found by when that is not their id; with "" they
    come as they lie, in an order that nobody tells but that stays.
    """

    path: str
    name: str
    query: Query = ()
    by: str = "id"
    falling: bool = False
    most: int = MOST

    def page(self, client: AmocrmClient, window: Window) -> Body:
        """One page of the list."""
        order = ((f"order[{self.by}]", "desc" if self.falling else "asc"),) if self.by else ()
        sizes = (("limit", window.limit), ("page", window.page))
        return client.get(self.path, (*self.query, *order, *sizes))

    def behind(self, position: int, count: int) -> list[Window]:
        """The next pages from row `position` on, if none leaves; none where rows change places."""
        windows: list[Window] = []
        while self.by == "id" and len(windows) < count:
            windows.append(window_before(position, self.most))
            position = windows[-1].end
        return windows

    def follows(self, rows: list[Record], last: Mark) -> bool:
        """Whether nothing can lie between the last row seen and the first of these."""
        first = self.mark(rows[0], 0)
        if self.by == "id":
            return first.ref <= last.ref
        before = first.value > last.value if self.falling else first.value < last.value
        same = (last.ref, last.value)
        return before or any(self.mark(row, 0)[1:] == same for row in rows)

    def mark(self, row: Record, position: int) -> Mark:
        """Where a row stands."""
        return Mark(position, whole(row, "id"), whole(row, self.by) if self.by else 0)

    def advances(self, mark: Mark, last: Mark | None) -> bool:
        """Whether a row stands behind the last one seen."""
        if last is None:
            return True
        if self.falling:
            return mark.value < last.value or (mark.value == last.value and mark.ref != last.ref)
        return mark.value > last.value or (mark.value == last.value and mark.ref != last.ref)


class Rows(NamedTuple):
    """The rows of one page, the place behind the last one seen, the account's time."""

    rows: list[Record]
    place: str
    served_at: datetime


def walk_on(client: AmocrmClient, listing: Walk, place: str | None = None) -> Iterator[Rows]:
    """Every row behind `place`, or all of them; at least one `Rows`, an empty one when there are
    none. Rows of the overlap come twice. A place of another order counts as none."""
    last = _mark(place or "", listing)
    with asking(MOST_AHEAD, "amocrm") as pool:
        ahead: Ahead[Window, Body] = Ahead(pool, lambda window: listing.page(client, window))
        while True:
            window, body = _next_page(ahead, listing, last)
            rows = body.rows(listing.name)
            end = window.end if body.has_next else window.offset + len(rows)
            mark = listing.mark(rows[-1], end) if rows else None
            is_new = mark is not None and listing.advances(mark, last)
            if not is_new and last is not None:
                mark = last._replace(position=end)
            # A link to another page may stand on the last one too
            ended = not body.has_next or (not is_new and len(rows) < window.limit)
            ahead.expect([] if ended else listing.behind(end, ahead.depth))
            yield Rows(rows, _place(mark, listing), body.served_at)
            if ended:
                return
            last = mark


def _next_page(ahead: Ahead[Window, Body], listing: Walk, last: Mark | None) -> tuple[Window, Body]:
    """The page behind `last`, asked for further back until it is seen to join on."""
    position = last.position if last else 0
    for step in range(_MOST_STEPS):
        window = window_before(position, listing.most)
        body = ahead.take(window)
        rows = body.rows(listing.name)
        if last is None or window.offset == 0 or (rows and listing.follows(rows, last)):
            return window, body
        position = max(0, position - (listing.most << step) // 4)
    raise RetryableError(f"{listing.path}: rows leave faster than they can be read.")


def _mark(place: str, listing: Walk) -> Mark | None:
    by, *numbers = place.split(":")
    if by != _order(listing) or len(numbers) != len(Mark._fields):
        return None
    return Mark(*map(int, numbers))


def _place(mark: Mark | None, listing: Walk) -> str:
    return "" if mark is None else ":".join(map(str, (_order(listing), *mark)))


def _order(listing: Walk) -> str:
    return f"{listing.by} {'desc' if listing.falling else 'asc'}"


def whole(row: Any, name: str) -> int:
    """A number that every row has."""
    try:
        return int(row[name])
    except (TypeError, KeyError, ValueError):
        raise RetryableError(f"The account answered with a row without {name}.") from None
