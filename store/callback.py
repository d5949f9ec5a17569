"""How long clients waited whose calls were missed; kept beside the calls in `callback_s`.

Of a missed call: seconds from its end to the first later talk with the same number, either way,
within 24 hours; null while there is none. Of a talk: the longest of these waits that it ended; null
when it ended none. So several missed calls before one talk are one need.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam

from store.call import call_keys
from store.fact import Direction
from store.table import CALL, OF_TEAM, TEAM
from store.upsert import find_among, find_rows, keep_images

DAY_MS = 86_400_000
_REACH_MS = 2 * DAY_MS
"""A call says something of calls that began at most so much earlier or later: a day of waiting, and
a day as the longest a missed call may have lasted."""

_COLUMNS = ("started_at", "ref", "source_id", "client_hash", "direction", "talk_s", "lasted_s",
            "callback_s")  # fmt: skip
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

    @property
    def is_missed(self) -> bool:
        """Whether a client rang and nobody talked."""
        return not self.talk_s and self.direction == _IN

    @property
    def ended_ms(self) -> int:
        """When it ended, as far as anybody knows."""
        return self.started_ms + min(self.lasted_s * 1000, DAY_MS)


Touched = set[tuple[str, int]]
"""(number's hash, start in milliseconds) of calls that are or were there."""


def touched_calls(tx: Connection, source_id: int, refs: Iterable[str]) -> Touched:
    """Where these calls stand now among those of their numbers."""
    names = ("client_hash", "started_at", "manager_id")
    rows = find_rows(tx, CALL, names, source_id, refs)
    return {(number, at) for number, at, who in rows if number is not None and who == TEAM}


def settle_callbacks(
    tx: Connection, source_id: int, refs: Collection[str], touched: Touched, *, journal: bool
) -> int:
    """Puts `callback_s` right after these calls of a source changed; how many calls it changed.

    `touched`: where they stood before and stand now. `refs`: those of them of which some rows may
    have been written anew and others not.
    """
    wrong: dict[tuple[int, str], int | None] = {}
    mixed = {(source_id, ref) for ref in _mixed(tx, source_id, refs)}
    for ring, wait in _settled(tx, touched):
        if wait != ring.callback_s or (ring.source_id, ring.ref) in mixed:
            wrong[ring.source_id, ring.ref] = wait
    _write(tx, wrong, journal=journal)
    return len(wrong)


def waits(rings: Iterable[Ring]) -> Iterator[tuple[Ring, int | None]]:
    """Every call of one number with the seconds of its `callback_s`; all of them must be given."""
    waiting: list[Ring] = []
    for ring in sorted(rings, key=lambda each: (each.started_ms, each.talk_s > 0, each)):
        if ring.is_missed:
            waiting.append(ring)
        elif not ring.talk_s:
            yield ring, None
        else:
            ended = [each for each in waiting if each.ended_ms <= ring.started_ms]
            waiting = [each for each in waiting if each.ended_ms > ring.started_ms]
            found = [(each, _wait(each, ring)) for each in ended]
            yield from found
            yield ring, max((wait for _, wait in found if wait is not None), default=None)
    yield from ((each, None) for each in waiting)


def _wait(missed: Ring, talk: Ring) -> int | None:
    waited_ms = talk.started_ms - missed.ended_ms
    return waited_ms // 1000 if waited_ms <= DAY_MS else None


def _settled(tx: Connection, touched: Touched) -> Iterator[tuple[Ring, int | None]]:
    """The calls of which the touched ones may say something, with what is right for them."""
    moments: dict[str, list[int]] = {}
    for number, at in touched:
        moments.setdefault(number, []).append(at)
    for number, rings in _around(tx, moments).items():
        first, last = min(moments[number]) - _REACH_MS, max(moments[number]) + _REACH_MS
        yield from (each for each in waits(rings) if first <= each[0].started_ms <= last)


def _around(tx: Connection, moments: Mapping[str, Sequence[int]]) -> dict[str, list[Ring]]:
    """By number, all calls that say something of those within reach of the moments."""
    if not moments:
        return {}
    first = min(map(min, moments.values())) - 2 * _REACH_MS
    last = max(map(max, moments.values())) + 2 * _REACH_MS
    where, given = f"{OF_TEAM} AND started_at BETWEEN {{}} AND {{}}", (first, last)
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


def _mixed(tx: Connection, source_id: int, refs: Iterable[str]) -> Iterator[str]:
    """The calls whose rows do not say the same."""
    seen: dict[str, int | None] = {}
    for ref, wait in find_rows(tx, CALL, ("ref", "callback_s"), source_id, refs):
        if seen.setdefault(ref, wait) != wait:
            yield ref


def _write(tx: Connection, wrong: Mapping[tuple[int, str], int | None], *, journal: bool) -> None:
    if not wrong:
        return
    keys = [
        key
        for source_id in {place[0] for place in wrong}
        for key in sorted(call_keys(tx, source_id, [ref for at, ref in wrong if at == source_id]))
    ]
    if journal:
        keep_images(tx, CALL, keys, sign=-1)
    tx.execute(
        CALL.update()
        .where(CALL.c.source_id == bindparam("place"), CALL.c.ref == bindparam("of"))
        .values(callback_s=bindparam("wait")),
        [{"place": place, "of": ref, "wait": wait} for (place, ref), wait in wrong.items()],
    )
    if journal:
        keep_images(tx, CALL, keys, sign=+1)
