"""How long clients waited whose calls were missed; kept beside the calls in `callback_s`, and those
of the seconds that were working time in `callback_work_s`.

Of a missed call: from its end to the first later talk with the same number, either way, within 24
hours; null while there is none. Of a talk: the longest of these waits that it ended; null when it
ended none. So several missed calls before one talk are one need. A CRM's copy of a call that a
telephone system tells of says nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from config.work_calendar import WorkCalendar
from store.call import SLICE, WAITS, Changed, Touched
from store.fact import Direction, Seen
from store.moment import DAY_MS, to_ms
from store.table import CALL, OF_TEAM, TEAM
from store.upsert import Place, amend_rows, chunks, find_among

_REACH_MS = 2 * DAY_MS
"""A call says something of calls that began at most so much earlier or later: a day of waiting, and
a day as the longest a missed call may have lasted."""

_COLUMNS = ("started_at", "ref", "source_id", "client_hash", "direction", "talk_s", "lasted_s",
            *WAITS)  # fmt: skip
_IN = int(Direction.IN)
_WAITED_FOR = f"(callback_s IS NOT NULL OR (talk_s = 0 AND direction = {_IN}))"


class Ring(NamedTuple):
    """A call from or to a number, as stored. Moments in milliseconds."""

    started_ms: int
    ref: str
    source_id: int
    client_hash: str
    direction: int
    talk_s: int
    lasted_s: int
    callback_s: int | None
    callback_work_s: int | None

    @property
    def is_missed(self) -> bool:
        """Whether a client rang and nobody talked."""
        return not self.talk_s and self.direction == _IN

    @property
    def ended_ms(self) -> int:
        """When it ended, as far as anybody knows."""
        return self.started_ms + min(self.lasted_s * 1000, DAY_MS)


class Wait(NamedTuple):
    """Seconds by the clock, and of them within working hours; None where nobody waited."""

    clock_s: int | None = None
    work_s: int | None = None


def settle_callbacks(
    tx: Connection, changed: Changed, calendar: WorkCalendar, *, journal: bool
) -> int:
    """Puts the waits right after calls changed; how many calls that changed."""
    wrong: dict[Place, Mapping[str, Any]] = {}
    for ring, wait in _settled(tx, changed.touched, calendar):
        place = (ring.source_id, ring.ref)
        if wait != (ring.callback_s, ring.callback_work_s) or place in changed.mixed:
            wrong[place] = dict(zip(WAITS, wait, strict=True))
    return amend_rows(tx, CALL, wrong, journal=journal)


def waited_calls(tx: Connection, source_id: int) -> Iterator[Changed]:
    """The calls of a source of which somebody waited, in slices: when working hours change."""
    call = CALL.c
    query = select(call.ref, call.client_hash, call.started_at).where(
        call.source_id == source_id, call.manager_id == TEAM, call.callback_s.is_not(None)
    )
    for part in chunks(tx.execute(query).all(), SLICE):
        touched = {(number, to_ms(at)) for _, number, at in part}
        yield Changed(source_id, [ref for ref, _, _ in part], touched)


def waits(rings: Iterable[Ring], calendar: WorkCalendar) -> Iterator[tuple[Ring, Wait]]:
    """Every call of one number with what is right for it; all of them must be given."""
    waiting: list[Ring] = []
    for ring in sorted(rings, key=lambda each: (each.started_ms, each.talk_s > 0, each)):
        if ring.is_missed:
            waiting.append(ring)
        elif not ring.talk_s:
            yield ring, Wait()
        else:
            ended = [each for each in waiting if each.ended_ms <= ring.started_ms]
            waiting = [each for each in waiting if each.ended_ms > ring.started_ms]
            found = [(each, _wait(each, ring, calendar)) for each in ended]
            yield from found
            yield ring, _longest(wait for _, wait in found)
    yield from ((each, Wait()) for each in waiting)


def _wait(missed: Ring, talk: Ring, calendar: WorkCalendar) -> Wait:
    waited_ms = talk.started_ms - missed.ended_ms
    if waited_ms > DAY_MS:
        return Wait()
    work_ms = calendar.work_ms(missed.ended_ms, talk.started_ms)
    return Wait(waited_ms // 1000, work_ms // 1000)


def _longest(waits: Iterable[Wait]) -> Wait:
    known = [wait for wait in waits if wait.clock_s is not None]
    if not known:
        return Wait()
    return Wait(max(each.clock_s or 0 for each in known), max(each.work_s or 0 for each in known))


def _settled(
    tx: Connection, touched: Touched, calendar: WorkCalendar
) -> Iterator[tuple[Ring, Wait]]:
    """The calls of which the touched ones may say something, with what is right for them."""
    moments: dict[str, list[int]] = {}
    for number, at in touched:
        moments.setdefault(number, []).append(at)
    for number, rings in _around(tx, moments).items():
        first, last = min(moments[number]) - _REACH_MS, max(moments[number]) + _REACH_MS
        found = waits(rings, calendar)
        yield from (each for each in found if first <= each[0].started_ms <= last)


def _around(tx: Connection, moments: Mapping[str, Sequence[int]]) -> dict[str, list[Ring]]:
    """By number, all calls that say something of those within reach of the moments."""
    if not moments:
        return {}
    first = min(map(min, moments.values())) - 2 * _REACH_MS
    last = max(map(max, moments.values())) + 2 * _REACH_MS
    where = f"{OF_TEAM} AND seen < {int(Seen.COPY)} AND started_at BETWEEN {{}} AND {{}}"
    given = (first, last)
    # Most numbers were never missed: nothing is to be told of their calls.
    missed = {
        number
        for (number,) in find_among(
            tx, CALL, ("client_hash",), moments, by="client_hash",
            where=f"{where} AND {_WAITED_FOR}", given=given,
        )
    }  # fmt: skip
    found: dict[str, list[Ring]] = {}
    for row in find_among(tx, CALL, _COLUMNS, missed, by="client_hash", where=where, given=given):
        ring = Ring._make(row)
        found.setdefault(ring.client_hash, []).append(ring)
    return found
