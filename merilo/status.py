"""How far every stream is read and every destination written, as the store knows it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Table, func, select

from config.settings import Settings
from kpi.coverage import LEAST_SLACK, POLLS
from merilo.wiring import App
from store.bookkeeping import DestinationRow, QuarantineRow, WritebackItemRow, WritebackStepRow
from store.directory import source_ids
from store.stream import StreamState, load_streams
from store.surrounding import DEPARTMENT, PRODUCT_LINE
from store.table import EMAIL, AccountRow, CallLegRow, PipelineRow, table_of
from sync.sweep import PREFIXES, TABLES

_ROWS: Mapping[str, tuple[Table, ...]] = {
    "users": (table_of(AccountRow),),
    "funnels": (table_of(PipelineRow),),
    "calls": (table_of(CallLegRow),),
    "emails": (EMAIL,),
    "departments": (DEPARTMENT,),
    "product_rows": (PRODUCT_LINE,),
    **TABLES,
}
"""Where the records of a stream are kept, for counting them."""
_QUARANTINE, _PLACE = table_of(QuarantineRow), table_of(DestinationRow)
_ITEM, _STEP = table_of(WritebackItemRow), table_of(WritebackStepRow)

Condition = Literal["ok", "reading", "stale", "failing", "never", "absent"]


@dataclass(frozen=True, kw_only=True)
class StreamStatus:
    """A stream. `lag_s`: age of what it holds; `age_s`: since its last good run; both seconds.

    `state`: `reading` = its first run is under way, `never` = not begun,
    `absent` = the account has no such records, `failing` = the last
    attempt failed, `stale` = later than three polls and 15 minutes. `late_at`: when what comes late
    was last read again.
    """

    source: str
    stream: str
    state: Condition
    as_of: datetime | None
    lag_s: int | None
    age_s: int | None
    rows: int | None
    quarantined: int
    swept_at: datetime | None
    late_at: datetime | None
    error: str | None
    error_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class DestinationStatus:
    """A destination: when it was last written, how many records it keeps, why it waits."""

    destination: str
    written_at: datetime | None
    records: int
    held: int
    rejected: int
    pause: str | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything `merilo status` tells. Times aware UTC."""

    at: datetime
    streams: tuple[StreamStatus, ...]
    destinations: tuple[DestinationStatus, ...]

    def to_json(self) -> dict[str, Any]:
        """Keys in English, times in ISO 8601."""
        return _plain(asdict(self))  # type: ignore[no-any-return]


def read_status(app: App) -> Status:
    """The status of what the settings name; asks no remote system."""
    now = app.clock()
    with app.store.read() as tx:
        states, ids = load_streams(tx), source_ids(tx)
        streams = [
            _stream(tx, name, stream.name, states, ids, _late_after(app.settings, name), now)
            for name, connector in app.connectors.items()
            for stream in connector.streams
        ]
        destinations = [_destination(tx, each.name) for each in app.settings.destinations]
    return Status(at=now, streams=tuple(streams), destinations=tuple(destinations))


def _late_after(settings: Settings, source: str) -> timedelta:
    return max(POLLS * settings.sources[source].poll, LEAST_SLACK)


def _stream(
    tx: Connection,
    source: str,
    stream: str,
    states: Mapping[tuple[str, str], StreamState],
    ids: Mapping[str, int],
    late_after: timedelta,
    now: datetime,
) -> StreamStatus:
    number = ids.get(source, 0)
    state = states.get((source, stream), StreamState(source_id=number, name=stream))
    set_aside = select(func.count()).where(
        _QUARANTINE.c.source_id == number, _QUARANTINE.c.stream == stream
    )
    return StreamStatus(
        source=source,
        stream=stream,
        state=_condition(state, late_after, now),
        as_of=state.watermark,
        lag_s=_seconds(state.watermark, now),
        age_s=_seconds(state.finished_at, now),
        rows=_count(tx, stream, number),
        quarantined=tx.execute(set_aside).scalar_one(),
        swept_at=state.swept_at,
        late_at=state.late_at,
        error=state.error,
        error_at=state.error_at,
    )


def _condition(state: StreamState, late_after: timedelta, now: datetime) -> Condition:
    if state.error:
        return "failing"
    if state.watermark is None:
        if state.checkpoint:
            return "reading"
        return "absent" if state.is_absent else "never"
    return "stale" if now - state.watermark > late_after else "ok"


def _count(tx: Connection, stream: str, source_id: int) -> int | None:
    tables = _ROWS.get(stream)
    if tables is None:
        return None
    prefix = PREFIXES.get(stream, "")
    return sum(_count_rows(tx, table, source_id, prefix) for table in tables)


def _count_rows(tx: Connection, table: Table, source_id: int, prefix: str) -> int:
    query = select(func.count()).select_from(table).where(table.c.source_id == source_id)
    if "removed_at" in table.c:
        query = query.where(table.c.removed_at.is_(None))
    if prefix:
        query = query.where(table.c.ref.startswith(prefix, autoescape=True))
    return int(tx.execute(query).scalar_one())


def _destination(tx: Connection, name: str) -> DestinationStatus:
    place = tx.execute(select(_PLACE).where(_PLACE.c.name == name)).mappings().first()
    items = tx.execute(select(_ITEM.c.held, _ITEM.c.failures).where(_ITEM.c.destination == name))
    kept = items.all()
    return DestinationStatus(
        destination=name,
        written_at=place["written_at"] if place else None,
        records=len(kept),
        held=sum(held != "{}" for held, _ in kept),
        rejected=sum(failures > 0 for _, failures in kept),
        pause=place["pause"] if place else None,
    )


def _seconds(since: datetime | None, now: datetime) -> int | None:
    return None if since is None else max(0, round((now - since).total_seconds()))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
