"""The stream of calls: rows gathered into calls, folded when they are over, page by page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from connectors.base import Context, Page, Record, Since
from connectors.cdr import export
from connectors.cdr.call import Call
from connectors.cdr.client import CdrClient
from connectors.cdr.event import ENDED
from connectors.cdr.flat import PROFILES, flat_leg
from connectors.cdr.fold import fold
from connectors.cdr.group import Gathering, in_time, starts_of
from connectors.cdr.log_file import Broken, log_rows, mark_of
from connectors.cdr.row import Row
from connectors.cdr.table_rows import Beside, table_rows
from connectors.cdr.zone import epoch_of
from connectors.error import DataError
from connectors.telephony import call_stream
from connectors.window import resumed_from
from store.fact import Fact

PAGE = 1_000
"""Calls of a page."""

QUIET = timedelta(seconds=60)
"""A call is over when its last row ended so long ago, or when an event says so."""

_BACK_S = 3 * 3600.0
"""Rows are read from so long before, so that a call is known to have begun earlier."""
_UNSURE_S = 2 * 3600.0
"""The server's clock may be put back while a run is under way."""


def pages(client: CdrClient, since: Since) -> Iterator[Page]:
    """The calls that began since a moment, in the order in which they ended, roughly.

    A run resumes at the beginning of the earliest call that was not kept yet.
    """
    if client.settings.profile in PROFILES:
        yield from export.pages(client, since)
        return
    served_at = client.now()
    begins_at = resumed_from(since)
    cursor = None
    if client.database is None:
        cursor = mark_of(client.files()[0], since.cursor)
    gathered: list[Sequence[Row]] = []
    waiting: list[Record] = []
    gathering = Gathering(client.rule, written=client.database is None)
    for row in _rows(client, begins_at.timestamp() - _BACK_S):
        if isinstance(row, Broken):
            waiting.append({"id": row.ref, "reason": row.reason})
            continue
        gathered += gathering.add(row)
        if len(gathered) >= PAGE:
            records = _records(client, gathered, begins_at, served_at, over=True)
            place = _place(client, gathering, row, begins_at, served_at)
            yield Page(records=[*waiting, *records], checkpoint=place, served_at=served_at)
            gathered, waiting = [], []
    gathered += gathering.rest()
    for begin in range(0, max(1, len(gathered)), PAGE):
        records = _records(client, gathered[begin : begin + PAGE], begins_at, served_at, over=False)
        last = begin + PAGE >= len(gathered)
        place = (served_at if last else begins_at).isoformat()
        yield Page(
            records=[*waiting, *records], checkpoint=place, served_at=served_at, cursor=cursor
        )
        waiting = []


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """The legs of a call; DataError for a row that makes no sense."""
    if "reason" in record:
        raise DataError(str(record["reason"]))
    if "call" in record:
        return fold(record["call"], context)
    read, values, rule, clock = record["read"], record["values"], record["rule"], record["clock"]
    return flat_leg(read(values, rule, clock), context)


STREAM = call_stream(pages, normalize, key="id")


def _rows(client: CdrClient, begins_s: float) -> Iterator[Row | Broken]:
    settings = client.settings
    if client.database is not None:
        return table_rows(client.database, settings, client.clock, begins_s)
    [path] = client.files()
    return log_rows(path, settings.profile, settings.columns, client.clock, begins_s)


def _place(
    client: CdrClient, gathering: Gathering, row: Row, begins_at: datetime, served_at: datetime
) -> str:
    """Up to where every call was given; as a moment, which is where a broken run goes on."""
    local_s = gathering.begins_s
    at_s = (row.local_s if local_s is None else local_s) - (client.clock.offset_s or 0)
    at = datetime.fromtimestamp(at_s - _UNSURE_S, UTC)
    return min(max(at, begins_at), served_at).isoformat()


def _records(
    client: CdrClient,
    gathered: Sequence[Sequence[Row]],
    begins_at: datetime,
    served_at: datetime,
    *,
    over: bool,
) -> list[Record]:
    """Calls as records; those begun earlier are left to the run that read them, and those that go
    on to the next one. `over`: they are known to have ended."""
    records: list[Record] = []
    calls: list[Call] = []
    begins_s = begins_at.timestamp()
    for rows in gathered:
        try:
            call = _call(client, rows)
        except DataError as error:
            records.append({"id": rows[0].call, "reason": error.what})
            continue
        if _began_s(call) >= begins_s:
            calls.append(call)
    quiet_s = (served_at - QUIET).timestamp()
    marks_alive = client.settings.profile == "mikopbx"
    for call in _with_events(client, calls):
        if not (over or call.ends <= quiet_s or _has_ended(call)):
            continue
        if marks_alive and any(row.alive for row in call.rows):
            continue
        records.append({"id": call.ref, "call": call})
    return records


def _with_events(client: CdrClient, calls: Sequence[Call]) -> Iterable[Call]:
    beside = Beside(client.database, client.settings)
    events, queue_events = beside.events(calls), beside.queue_events(calls)
    if not events and not queue_events:
        return calls
    return [
        replace(call, events=events.get(call.ref, ()), queue_events=queue_events.get(call.ref, ()))
        for call in calls
    ]


def _call(client: CdrClient, rows: Sequence[Row]) -> Call:
    rows, starts = in_time(rows, starts_of(rows, client.clock))
    first = rows[0]
    # A channel's name comes again after the server was started anew
    ref = first.call if first.unique else f"{first.channel}@{first.local_s:.0f}"
    return Call(ref, rows, starts, client.rule)


def _has_ended(call: Call) -> bool:
    return any(event.kind == ENDED for event in call.events)


def _began_s(call: Call) -> float:
    epoch = epoch_of(call.ref)
    return call.starts[0] if epoch is None else min(call.starts[0], epoch)


def sample(client: CdrClient, begins_at: datetime) -> Iterator[Row | Broken]:
    """The rows since a moment, as they are, for a look at the settings."""
    return _rows(client, begins_at.timestamp())
