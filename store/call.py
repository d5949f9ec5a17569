"""Call legs and the calls folded from them, as stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, select

from store.fact import CallLeg, Direction, Seen, TalkQuality, Transfer
from store.moment import day_number, from_ms, to_ms
from store.table import CALL, TEAM, CallLegRow, table_of
from store.upsert import Row, chunks, find_rows, row_hash

CALL_LEG: Table = table_of(CallLegRow)
_SLICE = 5_000
_DAY_MS = 86_400_000
_LEG_NAMES = CallLeg.__struct_fields__


class LegVersion(NamedTuple):
    """What tells whether a leg changed, and the call it was part of."""

    call_ref: str
    row_hash: int


Touched = set[tuple[str, int]]
"""(number's hash, start in milliseconds) of calls that are or were there."""


class Changed(NamedTuple):
    """Calls of a source that changed: where they stood among those of their numbers, and stand.

    `stored`: those of which some rows may have been written anew and others not. `twins`: calls of
    other sources, (source_id, ref), that stood for the same conversations.
    """

    source_id: int
    refs: Collection[str]
    touched: Touched
    stored: Collection[str] = ()
    twins: Collection[tuple[int, str]] = ()


def touched_calls(tx: Connection, source_id: int, refs: Iterable[str]) -> Touched:
    """Where these calls stand now among those of their numbers."""
    names = ("client_hash", "started_at", "manager_id")
    rows = find_rows(tx, CALL, names, source_id, refs)
    return {(number, at) for number, at, who in rows if number is not None and who == TEAM}


def mixed_calls(tx: Connection, changed: Changed, names: Sequence[str]) -> set[str]:
    """Those of the stored calls whose rows do not say the same in these columns."""
    seen: dict[str, Row] = {}
    mixed = set()
    for ref, *told in find_rows(tx, CALL, ("ref", *names), changed.source_id, changed.stored):
        if seen.setdefault(ref, tuple(told)) != tuple(told):
            mixed.add(ref)
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


def call_keys(tx: Connection, source_id: int, call_refs: Iterable[str]) -> set[Row]:
    """Keys (source_id, ref, manager_id) of the stored rows of the calls."""
    return set(find_rows(tx, CALL, ("source_id", "ref", "manager_id"), source_id, call_refs))


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
    query = query.order_by(leg.call_ref).limit(_SLICE)
    while part := list(tx.execute(query.where(leg.call_ref > last)).scalars()):
        yield part
        last = part[-1]


def open_calls(tx: Connection, first_ms: int, end_ms: int) -> Iterator[tuple[int, Sequence[str]]]:
    """By source, in slices, the calls begun in this time of which nobody knows who saw them."""
    call = CALL.c
    found: dict[int, list[str]] = defaultdict(list)
    # A day of margin: local days begin at other moments than those of UTC.
    first, last = from_ms(first_ms - _DAY_MS), from_ms(end_ms + _DAY_MS)
    query = select(call.source_id, call.ref).where(
        call.manager_id == TEAM,
        call.day.between(day_number(first.date()), day_number(last.date())),
        call.seen == int(Seen.OPEN),
        call.started_at >= from_ms(first_ms),
        call.started_at < from_ms(end_ms),
    )
    for source_id, ref in tx.execute(query.order_by(call.source_id, call.started_at)):
        found[source_id].append(ref)
    for source_id, refs in found.items():
        for part in chunks(refs, _SLICE):
            yield source_id, part


def _leg(row: Row) -> CallLeg:
    values = dict(zip(_LEG_NAMES, row, strict=True))
    values["direction"] = Direction(values["direction"])
    values["started_at"] = from_ms(values["started_at"])
    values["quality"] = TalkQuality(values["quality"])
    values["transfer"] = Transfer(values["transfer"])
    return CallLeg(**values)
