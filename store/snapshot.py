"""Snapshots of what stood open, by day, source, metric and manager: nothing else records it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from store.bookkeeping import SnapshotDayRow, SnapshotRow
from store.table import table_of

_DAY, _SNAPSHOT = table_of(SnapshotDayRow), table_of(SnapshotRow)

Held = tuple[int, int, int]
"""Sum, number of records, and how many of them had nothing to sum."""


class SnapshotDay(NamedTuple):
    """A kept day of a metric and source; `as_of`: everything changed before it had been read."""

    metric: str
    source_id: int
    day: int
    as_of: datetime


def put_snapshot(tx: Connection, kept: SnapshotDay, sums: Mapping[int, Held]) -> None:
    """Keeps what each manager holds; replaces what was kept for that day."""
    key = {"metric": kept.metric, "source_id": kept.source_id, "day": kept.day}
    for table in (_DAY, _SNAPSHOT):
        same = (table.c[name] == value for name, value in key.items())
        tx.execute(delete(table).where(*same))
    tx.execute(insert(_DAY).values(**key, as_of=kept.as_of))
    rows = [
        {**key, "manager_id": manager_id, "amount": held[0], "records": held[1], "gap": held[2]}
        for manager_id, held in sums.items()
    ]
    if rows:
        tx.execute(insert(_SNAPSHOT), rows)


def last_looks(tx: Connection) -> dict[tuple[int, str], datetime]:
    """When each metric of each source was looked at last."""
    query = select(_DAY.c.source_id, _DAY.c.metric, func.max(_DAY.c.as_of))
    rows = tx.execute(query.group_by(_DAY.c.source_id, _DAY.c.metric))
    return {(row[0], row[1]): row[2] for row in rows}


def snapshot_days(
    tx: Connection, metrics: Collection[str], first_day: int, last_day: int
) -> list[SnapshotDay]:
    """The kept days of these metrics, ascending."""
    query = select(_DAY.c.metric, _DAY.c.source_id, _DAY.c.day, _DAY.c.as_of).where(
        _DAY.c.metric.in_(metrics), _DAY.c.day.between(first_day, last_day)
    )
    return [SnapshotDay(*row) for row in tx.execute(query.order_by(_DAY.c.day))]


def snapshot_sums(
    tx: Connection,
    metrics: Collection[str],
    days: Collection[int],
    manager_ids: Collection[int] | None,
) -> dict[tuple[str, int, int, int], Held]:
    """What was held on these days, by metric, source, day and manager."""
    rows = _SNAPSHOT.c
    query = select(
        rows.metric,
        rows.source_id,
        rows.day,
        rows.manager_id,
        rows.amount,
        rows.records,
        rows.gap,
    ).where(rows.day.in_(days), rows.metric.in_(metrics))
    if manager_ids is not None:
        query = query.where(rows.manager_id.in_(manager_ids))
    found: dict[tuple[str, int, int, int], Held] = {}
    for metric, source_id, day, manager_id, *held in tx.execute(query):
        found[metric, source_id, day, manager_id] = (held[0], held[1], held[2])
    return found
