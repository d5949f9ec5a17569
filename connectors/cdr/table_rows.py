"""Rows of calls from a database, with the events that belong to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import structlog

from connectors.cdr import event, queue_event
from connectors.cdr.call import Call
from connectors.cdr.classify import lacks_columns
from connectors.cdr.database import Database
from connectors.cdr.group import measure
from connectors.cdr.log_file import Broken
from connectors.cdr.row import COLUMNS, REQUIRED, Row, lacking, row_reader
from connectors.cdr.settings import CdrSettings
from connectors.cdr.zone import ServerClock
from connectors.error import DataError

log = structlog.get_logger("merilo.connectors")

_NEWEST = 50
_TODO = "Check `profile` and `table`; a column of another name goes into `columns`."


def usual_names(settings: CdrSettings, own: Sequence[str]) -> dict[str, str]:
    """The columns of a table: the usual name of each, and the table's own."""
    theirs = {name: usual for usual, name in settings.columns.items()}
    return {theirs.get(name, name): name for name in own}


def table_columns(
    database: Database, settings: CdrSettings, wanted: Iterable[tuple[str, ...]]
) -> dict[str, str]:
    """The columns of the table of calls: usual name and own; RejectedError when a wanted one (of
    several names any) is missing."""
    there = usual_names(settings, database.columns(settings.table_name))
    if missing := lacking(wanted, there):
        raise lacks_columns(f"The table {settings.table_name}", missing, _TODO)
    return there


def call_columns(database: Database, settings: CdrSettings) -> dict[str, str]:
    """The columns that are read: usual name and own; RejectedError when one is missing.

    Which there are depends on who installed the switchboard, and when.
    """
    there = table_columns(database, settings, REQUIRED[settings.profile])
    used = [name for names in COLUMNS[settings.profile] for name in names if name in there]
    return {name: there[name] for name in dict.fromkeys(used)}


def table_rows(
    database: Database, settings: CdrSettings, clock: ServerClock, begins_s: float
) -> Iterator[Row | Broken]:
    """The rows of calls that began at or after a moment (seconds of UTC), in the order of time."""
    columns = call_columns(database, settings)
    if "linkedid" not in columns and database.is_first(settings.table_name):
        log.warning("cdr.no_linkedid", table=settings.table_name)
    names, own = [*columns], [*columns.values()]
    read = row_reader(settings.profile, names)
    time = columns.get("calldate") or columns["start"]
    measure(clock, read, database.newest(settings.table_name, own, time, _NEWEST))
    at_s = clock.local(begins_s)
    for part in database.by_time(settings.table_name, own, time, at_s):
        for values in part:
            try:
                yield read(values)
            except DataError as error:
                yield _broken(names, values, error)


def _broken(names: Sequence[str], values: Sequence[Any], error: DataError) -> Broken:
    known = dict(zip(names, values, strict=True))
    ref = known.get("uniqueid") or known.get("UNIQUEID") or known.get("id") or "?"
    return Broken(f"{ref}/{known.get('sequence', '')}", error.what)


class Beside:
    """What is kept of calls beside their rows: channel events and queue events."""

    def __init__(self, database: Database | None, settings: CdrSettings) -> None:
        self._database, self._settings = database, settings

    def events(self, calls: Sequence[Call]) -> dict[str, list[event.Event]]:
        """The channel events of these calls, by call, in the order of time."""
        table = self._settings.cel_table
        found: dict[str, list[event.Event]] = {}
        offsets = _offsets(calls)
        for values in self._of(table, event.COLUMNS, "linkedid", [call.ref for call in calls]):
            ref = str(values["linkedid"])
            found.setdefault(ref, [])
            try:
                found[ref].append(event.event_of(values, offsets.get(ref, 0.0)))
            except DataError:
                continue  # the rows still tell of the call, if less exactly
        for events in found.values():
            events.sort(key=lambda each: each.at)
        return found

    def queue_events(self, calls: Sequence[Call]) -> dict[str, list[queue_event.QueueEvent]]:
        """The queue events of these calls, by the id of the channel that waited."""
        settings = self._settings
        found: dict[str, list[queue_event.QueueEvent]] = {}
        queued = [call for call in calls if any(row.app == "Queue" for row in call.rows)]
        if not queued:
            return found
        offsets = _offsets(queued)
        ids = {row.unique: call.ref for call in queued for row in call.rows}
        for values in self._of(settings.queue_table, queue_event.COLUMNS, "callid", [*ids]):
            try:
                ref = ids[str(values["callid"])]
                each = queue_event.event_of(values, offsets.get(ref, 0.0))
            except (DataError, KeyError):
                continue
            found.setdefault(ref, []).append(each)
        if settings.queue_log is not None:
            begins_s = min(call.starts[0] for call in queued)
            ends_s = max(call.ends for call in queued)
            for each in queue_event.events_of_file(settings.queue_log, begins_s, ends_s):
                if each.call in ids:
                    found.setdefault(ids[each.call], []).append(each)
        for events in found.values():
            events.sort(key=lambda each: each.at)
        return found

    def _of(
        self, table: str, wanted: Sequence[str], key: str, keys: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        if self._database is None or not table or not keys:
            return []
        there = self._database.columns(table)
        names = [name for name in wanted if name in there]
        if key not in names or not {*names} & {"eventtime", "time"}:
            return []
        order = next(name for name in ("id", "eventtime", "time") if name in names)
        return self._database.of_keys(table, names, key, keys, order)


def _offsets(calls: Sequence[Call]) -> dict[str, float]:
    """How far the server's clock was ahead of UTC in each call, seconds."""
    return {call.ref: call.rows[0].local_s - call.starts[0] for call in calls}
