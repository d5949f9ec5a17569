"""Call legs and the calls folded from them, as stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, select

from store.fact import CallLeg, Direction, Seen, TalkQuality, Transfer
from store.moment import DAY_MS, day_number, from_ms, to_ms
from store.table import CALL, TEAM, CallLegRow, table_of
from store.upsert import Place, Row, by_source, chunks, find_rows, row_hash

CALL_LEG: Table = table_of(CallLegRow)
SLICE = 5_000
"""So many calls are looked at together."""

WAITS, TWIN = ("callback_s", "callback_work_s"), ("twin_source_id", "twin_ref")
SETTLED = (*WAITS, "seen", *TWIN)
"""Columns of a call that are found out when its row stands: see `store.callback`, `store.twin`."""

_LEG_NAMES = CallLeg.__struct_fields__


class LegVersion(NamedTuple):
    """What tells whether a leg changed, and the call it was part of."""

    call_ref: str
    row_hash: int


Touched = set[tuple[str, int]]
"""(number's hash, start in milliseconds) of calls that are or were there."""


class Standing(NamedTuple):
    """How stored calls stand: the keys (source_id, ref, manager_id) of their rows, where they are
    among those of their numbers, and the legs by which other sources tell of them."""

    keys: set[Row]
    touched: Touched
    twin_legs: set[Place]


class Changed(NamedTuple):
    """Calls of a source that changed: where they stood among those of their numbers, and stand.

    `twin_legs`: by which other sources told of them. `names`: ids by which a CRM was told of them.
    `mixed`: those whose rows do not say the same in what is found out once a row stands, because
    some of them were written anew.
    """

    source_id: int
    refs: Collection[str]
    touched: Touched
    twin_legs: Collection[Place] = ()
    names: Collection[str] = ()
    mixed: Collection[Place] = ()


def standing(tx: Connection, source_id: int, refs: Iterable[str]) -> Standing:
    """How these calls stand now."""
    names = ("source_id", "ref", "manager_id", "client_hash", "started_at", *TWIN)
    found = Standing(set(), set(), set())
    for *key, number, at, twin_source, twin_leg in find_rows(tx, CALL, names, source_id, refs):
        found.keys.add(tuple(key))
        if number is not None and key[-1] == TEAM:
            found.touched.add((number, at))
        if twin_source is not None:
            found.twin_legs.add((twin_source, twin_leg))
    return found


def mixed_calls(tx: Connection, source_id: int, refs: Iterable[str]) -> set[Place]:
    """Those of these calls whose rows do not say the same in what is found out once they stand."""
    seen: dict[str, Row] = {}
    mixed = set()
    for ref, *told in find_rows(tx, CALL, ("ref", *SETTLED), source_id, refs):
        if seen.setdefault(ref, tuple(told)) != tuple(told):
            mixed.add((source_id, ref))
    return mixed


def leg_row(source_id: int, leg: CallLeg) -> Row:
    """The leg in the column order of its table."""
    row = (
        source_id,
        leg.ref,
        leg.call_ref,
        leg.user_ref,
        int(leg.direction),
        to_ms(leg.started_at),
        leg.talk_s,
        leg.outcome,
        leg.client_hash,
        leg.client_last4,
        leg.client_ref,
        leg.lasted_s,
        leg.stretch,
        leg.ring_s,
        leg.hold_s,
        int(leg.quality),
        int(leg.transfer),
        leg.queue,
        leg.outer_ref,
    )
    return row + (row_hash(row),)  # noqa: RUF005 (half the time, a million times)


def leg_versions(tx: Connection, source_id: int, refs: Iterable[str]) -> dict[str, LegVersion]:
    """The legs that are known, by id."""
    rows = find_rows(tx, CALL_LEG, ("ref", *LegVersion._fields), source_id, refs)
    return {ref: LegVersion(*version) for ref, *version in rows}


def legs_of(tx: Connection, source_id: int, call_refs: Iterable[str]) -> dict[str, list[CallLeg]]:
    """The stored legs of the calls, by call."""
    found: dict[str, list[CallLeg]] = defaultdict(list)
    for row in find_rows(tx, CALL_LEG, _LEG_NAMES, source_id, call_refs, by="call_ref"):
        leg = _leg(row)
        found[leg.call_ref].append(leg)
    return found


def call_refs(
    tx: Connection, source_id: int, user_refs: Collection[str] | None = None
) -> Iterator[Sequence[str]]:
    """Every call of the source, or of these accounts, in slices.

    Safe while the calls themselves are rewritten.
    """
    last = ""
    leg = CALL_LEG.c
    query = select(leg.call_ref).distinct().where(leg.source_id == source_id)
    if user_refs is not None:
        query = query.where(leg.user_ref.in_(user_refs))
    query = query.order_by(leg.call_ref).limit(SLICE)
    while part := list(tx.execute(query.where(leg.call_ref > last)).scalars()):
        yield part
        last = part[-1]


def open_calls(tx: Connection, first_ms: int, end_ms: int) -> Iterator[tuple[int, Sequence[str]]]:
    """By source, in slices, the calls begun in this time of which nobody knows who saw them."""
    call = CALL.c
    # A day of margin: local days begin at other moments than those of UTC.
    first, last = from_ms(first_ms - DAY_MS), from_ms(end_ms + DAY_MS)
    query = select(call.source_id, call.ref).where(
        call.manager_id == TEAM,
        call.day.between(day_number(first.date()), day_number(last.date())),
        call.seen == int(Seen.OPEN),
        call.started_at >= from_ms(first_ms),
        call.started_at < from_ms(end_ms),
    )
    rows = tx.execute(query.order_by(call.source_id, call.started_at))
    for source_id, refs in by_source(rows).items():
        for part in chunks(refs, SLICE):
            yield source_id, part


def _leg(row: Row) -> CallLeg:
    values = dict(zip(_LEG_NAMES, row, strict=True))
    values["direction"] = Direction(values["direction"])
    values["started_at"] = from_ms(values["started_at"])
    values["quality"] = TalkQuality(values["quality"])
    values["transfer"] = Transfer(values["transfer"])
    return CallLeg(**values)
