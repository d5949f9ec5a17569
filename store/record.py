"""What somebody owns, as stored: known versions, owner history and rows."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, or_, select

from store.fact import (
    Client,
    ClientKind,
    Deal,
    DealState,
    Direction,
    Email,
    EmailKind,
    Lead,
    Meeting,
    MeetingState,
    Purchase,
    Quote,
    Task,
    TaskState,
)
from store.moment import from_ms, to_ms
from store.surrounding import CLIENT, PURCHASE, TASK
from store.table import DEAL, EMAIL, LEAD, MEETING, QUOTE, OwnerChangeRow, OwnerEventRow, table_of
from store.upsert import Row, chunks, find_rows, keep_images, put_history

_OWNER_CHANGE, _OWNER_EVENT = table_of(OwnerChangeRow), table_of(OwnerEventRow)
_SLICE = 5_000

Record = Deal | Lead | Quote | Email | Meeting | Client | Task | Purchase
"""A fact that somebody owns and that may change hands."""

TABLES: Mapping[type[Record], Table] = {
    Deal: DEAL,
    Lead: LEAD,
    Quote: QUOTE,
    Email: EMAIL,
    Meeting: MEETING,
    Client: CLIENT,
    Task: TASK,
    Purchase: PURCHASE,
}
"""Where each kind of record is kept; the table's name stands in the owner history."""

_WORDS: Mapping[type[Record], Mapping[str, Callable[[int], Any]]] = {
    Deal: {"state": DealState},
    Lead: {"state": DealState},
    Email: {"direction": Direction, "kind": EmailKind},
    Meeting: {"state": MeetingState},
    Client: {"kind": ClientKind},
    Task: {"state": TaskState, "is_crm": bool},
}

History = Sequence[tuple[datetime, str | None]]
"""(after_at, owner_ref) ascending."""


def named_by(kind: str) -> str:
    """The column by which events of owners name records of a table: purchases by who bought."""
    return "client_ref" if kind == PURCHASE.name else "ref"


class Version(NamedTuple):
    """The part of a stored record that decides what its next version means."""

    owner_ref: str | None
    updated_at: datetime


def versions(
    tx: Connection, table: Table, source_id: int, refs: Iterable[str]
) -> dict[str, Version]:
    """The stored versions of the records that are known."""
    rows = find_rows(tx, table, ("ref", "owner_ref", "updated_at"), source_id, refs)
    return {ref: Version(owner_ref, from_ms(at)) for ref, owner_ref, at in rows}


def owner_changes(
    tx: Connection, table: Table, source_id: int, refs: Iterable[str]
) -> dict[str, History]:
    """The owner history of the records that ever changed hands."""
    found: dict[str, list[tuple[datetime, str | None]]] = {}
    names = ("ref", "after_at", "owner_ref", "fact")
    for ref, at, owner_ref, fact in find_rows(tx, _OWNER_CHANGE, names, source_id, refs):
        if fact == table.name:
            found.setdefault(ref, []).append((from_ms(at), owner_ref))
    return {ref: sorted(changes, key=lambda each: each[0]) for ref, changes in found.items()}


def owner_at(moment: datetime, history: History, owner_ref: str | None) -> str | None:
    """Who held a record at `moment`; `owner_ref` when it never changed hands.

    `history` begins with the first owner.
    """
    holder = history[0][1] if history else owner_ref
    for after_at, next_owner in history:
        if after_at < moment:
            holder = next_owner
    return holder


def add_owner_changes(
    tx: Connection,
    table: Table,
    source_id: int,
    changes: Iterable[tuple[str, datetime, str | None]],
) -> None:
    """Keeps (ref, after_at, owner_ref); a second owner seen within one version replaces it."""
    rows = [(source_id, ref, table.name, to_ms(at), owner_ref) for ref, at, owner_ref in changes]
    put_history(tx, _OWNER_CHANGE, rows)


def note_versions(
    tx: Connection, table: Table, source_id: int, marks: Mapping[str, datetime]
) -> None:
    """Keeps the vendor's newer marks of known records, whether anything else changed or not."""
    if marks:
        tx.execute(
            table.update()
            .where(table.c.source_id == source_id, table.c.ref == bindparam("of"))
            .values(updated_at=bindparam("mark")),
            [{"of": ref, "mark": mark} for ref, mark in marks.items()],
        )


def live_refs(tx: Connection, table: Table, source_id: int, prefix: str = "") -> Iterator[str]:
    """Ids of the records that exist as far as we know, of those that begin so."""
    yield from _refs(tx, table, source_id, prefix, table.c.removed_at.is_(None))


def removed_refs(tx: Connection, table: Table, source_id: int, prefix: str = "") -> Iterator[str]:
    """Ids of the records that are gone, of those that begin so."""
    yield from _refs(tx, table, source_id, prefix, table.c.removed_at.is_not(None))


def _refs(
    tx: Connection, table: Table, source_id: int, prefix: str, condition: ColumnElement[bool]
) -> Iterator[str]:
    query = select(table.c.ref).where(table.c.source_id == source_id, condition)
    if prefix:
        query = query.where(table.c.ref.startswith(prefix, autoescape=True))
    yield from tx.execute(query).scalars()


def remove(tx: Connection, table: Table, source_id: int, refs: Sequence[str], at: datetime) -> None:
    """Marks records as gone; a record read again later is as if it had never left."""
    keys: list[Row] = [(source_id, ref) for ref in refs]
    keep_images(tx, table, keys, sign=-1)
    for part in chunks(refs, _SLICE):
        tx.execute(
            table.update()
            .where(table.c.source_id == source_id, table.c.ref.in_(part))
            # No row of a living record has this hash, so one that comes back is written anew.
            .values(removed_at=at, row_hash=to_ms(at))
        )
    keep_images(tx, table, keys, sign=+1)


def live_records(
    tx: Connection,
    kind: type[Record],
    source_id: int,
    owner_refs: Collection[str] | None = None,
) -> Iterator[list[Any]]:
    """Every record of a kind that exists, or that these accounts ever held, in slices.

    Safe while the rows themselves are rewritten.
    """
    return _in_slices(tx, kind, _living(kind, source_id, owner_refs))


def records_where(
    tx: Connection, kind: type[Record], source_id: int, condition: ColumnElement[bool]
) -> Iterator[list[Any]]:
    """Every record of a kind that exists and meets the condition, in slices, as `live_records`."""
    return _in_slices(tx, kind, _living(kind, source_id, None).where(condition))


def records_of(
    tx: Connection, kind: type[Record], source_id: int, refs: Collection[str]
) -> Iterator[list[Any]]:
    """Every record of a kind that exists and that these ids of owners' events name, in slices, as
    `live_records`."""
    table = TABLES[kind]
    for part in chunks(sorted(refs), _SLICE):
        # In no order: for one, SQLite would read all records up to the last that is asked for.
        query = _living(kind, source_id, None).where(table.c[named_by(table.name)].in_(part))
        yield [_record(kind, row) for row in tx.execute(query).mappings().all()]


def _in_slices(tx: Connection, kind: type[Record], query: Select[Any]) -> Iterator[list[Any]]:
    last, ref = "", TABLES[kind].c.ref
    query = query.order_by(ref).limit(_SLICE)
    while rows := tx.execute(query.where(ref > last)).mappings().all():
        yield [_record(kind, row) for row in rows]
        last = rows[-1]["ref"]


def _record(kind: type[Record], row: Mapping[Any, Any]) -> Record:
    words = {name: word(row[name]) for name, word in _WORDS.get(kind, {}).items()}
    return kind(**{**row, **words})


def _living(kind: type[Record], source_id: int, owner_refs: Collection[str] | None) -> Select[Any]:
    table = TABLES[kind]
    # What a deal says of its own close; `closed_at` may know better by the stage history.
    told = {"closed_at": "moved_at"} if "moved_at" in table.c else {}
    columns = [table.c[told.get(name, name)].label(name) for name in kind.__struct_fields__]
    query = select(*columns).where(table.c.source_id == source_id, table.c.removed_at.is_(None))
    if owner_refs is None:
        return query
    change = _OWNER_CHANGE.c
    held = select(change.ref).where(
        change.source_id == source_id,
        change.fact == table.name,
        change.owner_ref.in_(owner_refs),
    )
    event = _OWNER_EVENT.c
    handed = select(event.record_ref).where(
        event.source_id == source_id,
        event.kind == table.name,
        or_(event.before_ref.in_(owner_refs), event.after_ref.in_(owner_refs)),
    )
    is_handed = table.c[named_by(table.name)].in_(handed)
    return query.where(or_(table.c.owner_ref.in_(owner_refs), table.c.ref.in_(held), is_handed))
