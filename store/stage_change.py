"""The stage history as stored: every arrival of a record in a stage, and how far it was read."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, select

from store.fact import StageChange
from store.mark import read_mark, write_mark
from store.moment import from_ms, to_ms
from store.table import DEAL, StageChangeRow, table_of
from store.upsert import Row, find_rows, put_history

_CHANGE = table_of(StageChangeRow)

Arrival = tuple[str, str, str]
"""A record, a pipeline and a stage of it."""


def put_changes(
    tx: Connection, source_id: int, changes: Sequence[StageChange]
) -> list[StageChange]:
    """Keeps the changes and returns those that were not known."""
    rows = {(each.kind, each.ref): (_row(source_id, each), each) for each in changes}
    names = [column.name for column in _CHANGE.columns]
    known = set(find_rows(tx, _CHANGE, names, source_id, {each.ref for each in changes}))
    fresh = [(row, each) for row, each in rows.values() if row not in known]
    put_history(tx, _CHANGE, [row for row, _ in fresh])
    return [each for _, each in fresh]


def last_arrivals(
    tx: Connection, source_id: int, kind: str, refs: Collection[str]
) -> Mapping[Arrival, datetime]:
    """When each of these records last arrived in each stage that it is known to have been in."""
    found: dict[Arrival, int] = {}
    names = ("kind", "record_ref", "pipeline_ref", "stage_ref", "at")
    for of, ref, pipeline, stage, at in find_rows(
        tx, _CHANGE, names, source_id, refs, by="record_ref"
    ):
        if of == kind:
            place = (ref, pipeline, stage)
            found[place] = max(at, found.get(place, at))
    return {place: from_ms(at) for place, at in found.items()}


def waiting_deals(
    tx: Connection, source_id: int, days: tuple[int, int], moments: tuple[datetime, datetime]
) -> set[str]:
    """Deals that say they closed after the first of these moments, not after the second, and of
    which some history is known. `days`: the local days (YYYYMMDD) of the moments."""
    after, until = moments
    known = exists().where(
        _CHANGE.c.source_id == source_id,
        _CHANGE.c.record_ref == DEAL.c.ref,
        _CHANGE.c.kind == DEAL.name,
    )
    query = select(DEAL.c.ref).where(
        # Plus 0, or SQLite would read all deals of the source, by its index of sources and ids.
        DEAL.c.source_id + 0 == source_id,
        # Their own word stands, so the day they are counted on is that of their own moment.
        DEAL.c.closed_day.between(*days),
        DEAL.c.moved_at > after,
        DEAL.c.moved_at <= until,
        known,
    )
    return set(tx.execute(query).scalars())


def read_to(tx: Connection, source_id: int, kind: str) -> datetime | None:
    """The moment up to which the history was last read; None before any of it was."""
    text = read_mark(tx, _mark(source_id, kind))
    return None if text is None else from_ms(int(text))


def note_read_to(tx: Connection, source_id: int, kind: str, at: datetime) -> None:
    """Remembers up to which moment the history was read."""
    write_mark(tx, _mark(source_id, kind), str(to_ms(at)))


def _mark(source_id: int, kind: str) -> str:
    return f"stage_history.{source_id}.{kind}"


def _row(source_id: int, change: StageChange) -> Row:
    return (
        source_id,
        change.ref,
        change.kind,
        change.record_ref,
        to_ms(change.at),
        change.pipeline_ref,
        change.stage_ref,
        int(change.state),
        int(change.step),
    )
