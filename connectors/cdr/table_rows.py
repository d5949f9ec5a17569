"""Rows of calls from a database, with the events that belong to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import structlog

from connectors.cdr import event, queue_event
from connectors.cdr.call import Call
from connectors.cdr.classify import lacks_columns
from connectors.cdr.database import Database
from connectors.cdr.group import measure
from connectors.cdr.log_file import Broken
from connectors.cdr.row import COLUMNS, REQUIRED, Row, call_named, lacking, row_reader
from connectors.cdr.settings import CdrSettings
from connectors.cdr.zone import ServerClock
from connectors.error import DataError

log = structlog.get_logger("merilo.connectors")

_Told = TypeVar("_Told", event.Event, queue_event.QueueEvent)

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
                yield Broken(call_named(names, values) or "?", error.what)


class Beside:
    """What is kept of calls beside their rows: channel events and queue events."""

    def __init__(self, database: Database | None, settings: CdrSettings) -> None:
        self._database, self._settings = database, settings

    def events(self, calls: Sequence[Call]) -> dict[str, list[event.Event]]:
        """The channel events of these calls, by call, in the order of time."""
        table = self._settings.cel_table
        names = self._names(table, event.COLUMNS, "linkedid")
        if not names:
            return {}
        owners = {row.call: call for call in calls for row in call.rows}
        return _by_call(self._read(table, names, "linkedid", owners, event.event_of))

    def queue_events(self, calls: Sequence[Call]) -> dict[str, list[queue_event.QueueEvent]]:
        """The queue events of these calls, by call, in the order of time."""
        table, file = self._settings.queue_table, self._settings.queue_log
        names = self._names(table, queue_event.COLUMNS, "callid")
        if not names and file is None:
            return {}
        queued = [call for call in calls if any(row.app == "Queue" for row in call.rows)]
        if not queued:
            return {}
        owners = {row.unique: call for call in queued for row in call.rows}
        found = [*self._read(table, names, "callid", owners, queue_event.event_of)]
        if file is not None:
            begins_s = min(call.starts[0] for call in queued)
            ends_s = max(call.ends for call in queued)
            for each in queue_event.events_of_file(file, begins_s, ends_s):
                if each.call in owners:
                    found.append((owners[each.call], each))
        return _by_call(found)

    def _names(self, table: str, wanted: Sequence[str], key: str) -> list[str]:
        """The columns to be read; none where there is no such table, or nothing tells whose the
        events are, or when."""
        if self._database is None or not table:
            return []
        there = self._database.columns(table)
        names = [name for name in wanted if name in there]
        return names if key in names and {*names} & {"eventtime", "time"} else []

    def _read(
        self,
        table: str,
        names: Sequence[str],
        key: str,
        owners: Mapping[str, Call],
        event_of: Callable[[Mapping[str, Any], float], _Told],
    ) -> Iterator[tuple[Call, _Told]]:
        """The events with these keys, each with its call. One that makes no sense is left out: the
        rows still tell of the call, if less exactly."""
        if self._database is None or not names:
            return
        order = next(name for name in ("id", "eventtime", "time") if name in names)
        for values in self._database.of_keys(table, names, key, [*owners], order):
            call = owners.get(str(values[key]))
            if call is None:
                continue
            try:
                yield call, event_of(values, call.offset_s)
            except DataError:
                continue


def _by_call(found: Iterable[tuple[Call, _Told]]) -> dict[str, list[_Told]]:
    events: dict[str, list[_Told]] = {}
    for call, each in found:
        events.setdefault(call.ref, []).append(each)
    for told in events.values():
        told.sort(key=lambda each: each.at)
    return events
