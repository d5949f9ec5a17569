"""Gathers the rows of each call from a stream of rows in the order of time."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from connectors.cdr.row import Reader, Row
from connectors.cdr.zone import ServerClock
from connectors.error import DataError

APART_S = 3600.0 + 70
"""How long after its end a call may go on in the stream: the clock may be put back an hour."""
WRITTEN_APART_S = 4 * 3600.0
"""Of rows in the order in which they were written: the first of a call may be the last there."""
_LOOK_EVERY_S = 600


class Gathering:
    """Calls whose rows may not all have come yet. `written`: rows come in the order in which they
    were written, at their ends; else in that of their starts."""

    def __init__(self, *, written: bool) -> None:
        self._written = written
        self._open: dict[str, list[Row]] = {}
        self._ends: dict[str, float] = {}
        self._looked_s = 0.0

    def add(self, row: Row) -> Iterator[Sequence[Row]]:
        """Takes the next row; gives the calls that ended long before it."""
        rows = self._open.setdefault(row.call, [])
        rows.append(row)
        ends = row.local_s + row.lasted_s
        if len(rows) == 1 or ends > self._ends[row.call]:
            self._ends[row.call] = ends
        now_s = ends if self._written else row.local_s
        if now_s >= self._looked_s + _LOOK_EVERY_S:
            self._looked_s = now_s
            yield from self._ended(now_s - (WRITTEN_APART_S if self._written else APART_S))

    def rest(self) -> Iterator[Sequence[Row]]:
        """All that is left, when there are no more rows."""
        yield from self._ended(float("inf"))

    @property
    def begins_s(self) -> float | None:
        """When the earliest of the calls began that are not given yet, by the server's clock."""
        starts = (row.local_s for rows in self._open.values() for row in rows)
        return min(starts, default=None)

    def _ended(self, before_s: float) -> Iterator[Sequence[Row]]:
        for call in [call for call, ends in self._ends.items() if ends < before_s]:
            del self._ends[call]
            yield _in_order(self._open.pop(call))


def _in_order(rows: Sequence[Row]) -> Sequence[Row]:
    """Without copies (a file that was rotated while it was read), as they were begun: by their
    numbers, since the clock may have been put back meanwhile."""
    if len(rows) == 1:
        return rows
    own = {(r.unique, r.sequence, r.local_s, r.target_channel, r.lasted_s): r for r in rows}
    return sorted(own.values(), key=lambda row: (row.sequence, row.local_s))


def measure(clock: ServerClock, read: Reader, rows: Iterable[Sequence[Any]]) -> None:
    """Lets the clock know its offset by the first row that tells it."""
    for values in rows:
        try:
            row = read(values)
            clock.utc(row.local_s, row.unique)
        except (DataError, ValueError):
            continue
        return


def starts_of(rows: Sequence[Row], clock: ServerClock) -> list[float]:
    """The start of each row in seconds of UTC; DataError when nothing tells the zone."""
    if len(rows) == 1:
        return [clock.utc(rows[0].local_s, rows[0].unique)]
    starts: list[float] = []
    last: dict[str, tuple[float, float]] = {}
    for row in rows:
        if row.unique in last:
            offset_s, ended_s = last[row.unique]
            at = clock.after(row.local_s, row.unique, offset_s, ended_s)
        else:
            at = clock.utc(row.local_s, row.unique)
        starts.append(at)
        last[row.unique] = (row.local_s - at, at + row.lasted_s)
    return starts


def in_time(rows: Sequence[Row], starts: Sequence[float]) -> tuple[Sequence[Row], Sequence[float]]:
    """The rows in the order of UTC, which is another one when the clock was put back."""
    if all(before <= after for before, after in pairwise(starts)):
        return rows, starts
    order = sorted(range(len(rows)), key=lambda at: (starts[at], rows[at].sequence))
    return [rows[at] for at in order], [starts[at] for at in order]
