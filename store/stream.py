"""How far each stream is read, what its runs did, and the records that made no sense."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from store.bookkeeping import QuarantineRow, ReceiptRow, StreamRow
from store.table import SourceRow, table_of

_STREAM, _RECEIPT = table_of(StreamRow), table_of(ReceiptRow)
_QUARANTINE, _SOURCE = table_of(QuarantineRow), table_of(SourceRow)


@dataclass(frozen=True, kw_only=True)
class StreamState:
    """A row of the table `stream`; see `StreamRow` for the meaning of every field."""

    source_id: int
    name: str
    since: datetime | None = None
    full_from: datetime | None = None
    checkpoint: str | None = None
    began_at: datetime | None = None
    watermark: datetime | None = None
    cursor: str | None = None
    finished_at: datetime | None = None
    swept_at: datetime | None = None
    late_at: datetime | None = None
    error: str | None = None
    error_at: datetime | None = None

    @property
    def is_absent(self) -> bool:
        """Whether the account has no such records: a run ended, and nothing can be known."""
        return self.watermark is None and self.finished_at is not None


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """A record that made no sense: its id, why, and its key names, never its values."""

    ref: str
    reason: str
    keys: str


_FIELDS = tuple(field.name for field in fields(StreamState))


def load_stream(tx: Connection, source_id: int, name: str) -> StreamState:
    """The stream's state; that of one never read if there is none."""
    query = select(*[_STREAM.c[field] for field in _FIELDS]).where(
        _STREAM.c.source_id == source_id, _STREAM.c.name == name
    )
    row = tx.execute(query).mappings().one_or_none()
    return StreamState(source_id=source_id, name=name) if row is None else StreamState(**row)


def load_streams(tx: Connection) -> dict[tuple[str, str], StreamState]:
    """The states of all streams, by source name and stream name."""
    query = select(_SOURCE.c.name.label("source"), *[_STREAM.c[field] for field in _FIELDS])
    rows = tx.execute(query.join_from(_STREAM, _SOURCE)).mappings()
    return {
        (row["source"], row["name"]): StreamState(**{field: row[field] for field in _FIELDS})
        for row in rows
    }


def save_stream(tx: Connection, state: StreamState) -> None:
    """Keeps the state as it is now."""
    values = {field: getattr(state, field) for field in _FIELDS}
    same = (_STREAM.c.source_id == state.source_id, _STREAM.c.name == state.name)
    if tx.execute(update(_STREAM).where(*same).values(**values)).rowcount == 0:
        tx.execute(insert(_STREAM).values(**values))


def fail_stream(tx: Connection, state: StreamState, error: str, at: datetime) -> StreamState:
    """Notes why the last attempt failed; everything read before it stays valid."""
    failed = replace(state, error=error, error_at=at)
    save_stream(tx, failed)
    return failed


def add_receipt(
    tx: Connection,
    state: StreamState,
    *,
    kind: str,
    ended_at: datetime,
    read: int,
    changed: int = 0,
    quarantined: int = 0,
    removed: int = 0,
) -> None:
    """Keeps what a finished run of a stream did; it began when `state` says, else as it ended."""
    tx.execute(
        insert(_RECEIPT).values(
            source_id=state.source_id,
            stream=state.name,
            kind=kind,
            began_at=state.began_at or ended_at,
            ended_at=ended_at,
            read=read,
            changed=changed,
            quarantined=quarantined,
            removed=removed,
        )
    )


def quarantine(
    tx: Connection, source_id: int, stream: str, records: Iterable[Quarantined], at: datetime
) -> None:
    """Sets records aside with their reason; a later sight of the same record replaces it."""
    for record in records:
        release(tx, source_id, stream, [record.ref])
        tx.execute(
            insert(_QUARANTINE).values(
                source_id=source_id,
                stream=stream,
                ref=record.ref,
                reason=record.reason,
                keys=record.keys,
                seen_at=at,
            )
        )


def release(tx: Connection, source_id: int, stream: str, refs: Sequence[str]) -> None:
    """Takes records out of quarantine, because they were understood."""
    tx.execute(
        delete(_QUARANTINE).where(
            _QUARANTINE.c.source_id == source_id,
            _QUARANTINE.c.stream == stream,
            _QUARANTINE.c.ref.in_(refs),
        )
    )


def quarantined(tx: Connection) -> list[dict[str, Any]]:
    """Every record set aside: source, stream, ref, reason, keys, seen_at."""
    query = select(_SOURCE.c.name.label("source"), *_QUARANTINE.c).join_from(_QUARANTINE, _SOURCE)
    ordered = query.order_by(_SOURCE.c.name, _QUARANTINE.c.stream, _QUARANTINE.c.ref)
    return [dict(row) for row in tx.execute(ordered).mappings()]


def quarantined_refs(tx: Connection, source_id: int, stream: str) -> set[str]:
    """Ids of the stream's records that are set aside."""
    query = select(_QUARANTINE.c.ref).where(
        _QUARANTINE.c.source_id == source_id, _QUARANTINE.c.stream == stream
    )
    return set(tx.execute(query).scalars())
