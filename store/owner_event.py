"""Who handed which record to whom, as vendors' own histories tell."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from store.fact import OwnerEvent
from store.moment import from_ms, to_ms
from store.table import OwnerEventRow, table_of
from store.upsert import find_rows, put_history

_EVENT = table_of(OwnerEventRow)
_NAMES = tuple(column.name for column in _EVENT.columns)


class Handover(NamedTuple):
    """At this moment a record went from one account to another."""

    at: datetime
    ref: str
    before_ref: str | None
    after_ref: str | None


def put_events(
    tx: Connection, source_id: int, events: Sequence[OwnerEvent]
) -> Mapping[str, set[str]]:
    """Keeps the events; returns the records with one that was not known, by kind."""
    rows = {(each.kind, each.ref): _row(source_id, each) for each in events}
    known = set(find_rows(tx, _EVENT, _NAMES, source_id, {each.ref for each in events}))
    fresh = [row for row in rows.values() if row not in known]
    put_history(tx, _EVENT, fresh)
    touched: dict[str, set[str]] = {}
    for _, _, kind, record_ref, *_ in fresh:
        touched.setdefault(kind, set()).add(record_ref)
    return touched


def handovers(
    tx: Connection, source_id: int, kind: str, refs: Collection[str]
) -> dict[str, list[Handover]]:
    """The known handovers of these records of a kind, in no order."""
    found: dict[str, list[Handover]] = {}
    names = ("record_ref", "kind", "at", "ref", "before_ref", "after_ref")
    for record_ref, of, at, *rest in find_rows(tx, _EVENT, names, source_id, refs, by="record_ref"):
        if of == kind:
            found.setdefault(record_ref, []).append(Handover(from_ms(at), *rest))
    return found


def _row(
    source_id: int, event: OwnerEvent
) -> tuple[int, str, str, str, int, str | None, str | None]:
    return (
        source_id,
        event.ref,
        event.kind,
        event.record_ref,
        to_ms(event.at),
        event.before_ref,
        event.after_ref,
    )
