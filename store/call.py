"""Call legs and the calls folded from them, as stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, select

from store.fact import CallLeg, Direction
from store.moment import from_ms, to_ms
from store.table import CALL, CallLegRow, table_of
from store.upsert import Row, find_rows, row_hash

CALL_LEG: Table = table_of(CallLegRow)
_SLICE = 5_000
_LEG_NAMES = CallLeg.__struct_fields__


class LegVersion(NamedTuple):
    """What tells whether a leg changed, and the call it was part of."""

    call_ref: str
    row_hash: int


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


def _leg(row: Row) -> CallLeg:
    values = dict(zip(_LEG_NAMES, row, strict=True))
    values["direction"] = Direction(values["direction"])
    values["started_at"] = from_ms(values["started_at"])
    return CallLeg(**values)
