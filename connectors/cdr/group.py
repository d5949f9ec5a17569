"""Gathers the rows of each call from a stream of rows in the order of time."""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any

from connectors.cdr.row import Reader, Row
from connectors.cdr.rule import Rule
from connectors.cdr.zone import ServerClock
from connectors.error import DataError

APART_S = 3600.0 + 70
"""How long after its end a call may go on in the stream: the clock may be put back an hour."""
WRITTEN_APART_S = 4 * 3600.0
"""Of rows in the order in which they were written: the first of a call may be the last there."""
_LOOK_EVERY_S = 1800
_TOUCH_S = 2.0
"""Between rows of which one goes on where the other ended: each is rounded on its own."""
_NUMBERED = attrgetter("sequence", "local_s")


class Gathering:
    """Calls whose rows may not all have come yet. `written`: rows come in the order in which they
    were written, at their ends; else in that of their starts."""

    def __init__(self, rule: Rule, *, written: bool) -> None:
        self._rule, self._written = rule, written
        self._open: dict[str, list[Row]] = {}
        self._ends: dict[str, float] = {}
        self._rung: dict[str, Row] = {}
        self._looked_s = 0.0

    def add(self, row: Row) -> Sequence[Sequence[Row]]:
        """Takes the next row; gives the calls that ended long before it."""
        call, ends = row.call, row.local_s + row.lasted_s
        rows = self._open.get(call)
        if rows is None:
            self._open[call] = [row]
            self._ends[call] = ends
        else:
            rows.append(row)
            if ends > self._ends[call]:
                self._ends[call] = ends
        before = self._rung.get(row.target_channel)
        self._rung[row.target_channel] = row
        if before is not None and before.call != call:
            self._join(before, row)
        now_s = ends if self._written else row.local_s
        if now_s < self._looked_s + _LOOK_EVERY_S:
            return ()
        self._looked_s = now_s
        return self._ended(now_s - (WRITTEN_APART_S if self._written else APART_S))

    def rest(self) -> Sequence[Sequence[Row]]:
        """All that is left, when there are no more rows."""
        return self._ended(float("inf"))

    @property
    def begins_s(self) -> float | None:
        """When the earliest of the calls began that are not given yet, by the server's clock."""
        starts = (row.local_s for rows in self._open.values() for row in rows)
        return min(starts, default=None)

    def _ended(self, before_s: float) -> Sequence[Sequence[Row]]:
        ended = [call for call, ends in self._ends.items() if ends < before_s]
        for call in ended:
            del self._ends[call]
        given = [_in_order(self._open.pop(call)) for call in ended]
        for row in chain.from_iterable(given):
            self._rung.pop(row.target_channel, None)
        return given

    def _join(self, asked: Row, row: Row) -> None:
        """Takes a colleague who was asked from the telephone's other line, and is connected to the
        client now, for the part of the client's call that this is, whatever id it was given
        (Asterisk's CDR Specification, SIP Protocol Attended Transfer)."""
        if not row.target_channel or abs(row.local_s - asked.local_s - asked.lasted_s) > _TOUCH_S:
            return
        rows = self._open.get(asked.call, ())
        if not rows or any(self._is_outer(each) for each in rows):
            return
        self._open[row.call] += rows
        del self._open[asked.call], self._ends[asked.call]

    def _is_outer(self, row: Row) -> bool:
        ends = self._rule.caller(row), self._rule.called(row)
        return any(party.side == "outside" for party in ends)


def _in_order(rows: Sequence[Row]) -> Sequence[Row]:
    """Without copies (a file that was rotated while it was read), as they were begun: by their
    numbers, since the clock may have been put back meanwhile."""
    if len(rows) == 1:
        return rows
    return sorted(dict.fromkeys(rows), key=_NUMBERED)


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
    if starts == sorted(starts):
        return rows, starts
    order = sorted(range(len(rows)), key=lambda at: (starts[at], rows[at].sequence))
    return [rows[at] for at in order], [starts[at] for at in order]
