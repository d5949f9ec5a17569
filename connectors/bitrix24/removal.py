"""What was deleted, as the portal's offline queue tells an application: sooner than a sweep.

An event is a hint: a record is gone only when it is not shown by its id either. What is lost (a
crash between taking and clearing, a portal that sends nothing) the sweep finds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from connectors.base import Context, Page, Record, Since, Stream
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.opening import first_answer
from connectors.error import AbsentError, AuthError, RemoteError
from connectors.field import moment
from store.fact import Fact, Removal

NAME = "removals"
MOST_AT_ONCE = 9
"""Of one kind in one run; more are left to the sweep and its guard against mass removals."""

_MOST_EVENTS = 50
_ROUNDS = 20
_BOUND = Command("removals_bound", "event.get")
_TOLD = Command("removals_told", "event.offline.get", {"clear": 0, "limit": _MOST_EVENTS})


class _Watched(NamedTuple):
    """The stream of what an event deletes, how its ids begin, and the kinds of fact it may be."""

    stream: str
    prefix: str
    kinds: tuple[str, ...]


WATCHED: Mapping[str, _Watched] = {
    "ONCRMDEALDELETE": _Watched("deals", "", ("deal",)),
    "ONCRMLEADDELETE": _Watched("leads", "", ("lead",)),
    "ONCRMQUOTEDELETE": _Watched("quotes", "", ("quote",)),
    "ONCRMCONTACTDELETE": _Watched("contacts", "contact:", ("client",)),
    "ONCRMCOMPANYDELETE": _Watched("companies", "company:", ("client",)),
    "ONCRMACTIVITYDELETE": _Watched("activities", "", ("email", "meeting")),
    "ONTASKDELETE": _Watched("tasks", "", ("task",)),
}
"""By the event's code (api-reference/events/events.md)."""

Fetch = Callable[[Bitrix24Client, Sequence[str]], Iterator[Page]]


def stream_for(streams: Sequence[Stream], client: Bitrix24Client) -> Stream | None:
    """The stream of removals among these; None for a webhook, which has no queue of events."""
    if client.app is None:
        return None
    watched = {each.name: each for each in streams}
    return Stream(
        name=NAME,
        key="ID",
        pages=partial(_pages, watched),
        normalize=normalize,
        opening=lambda _since: (_BOUND, _TOLD),
    )


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A record that is gone; as which kind of fact it was kept, the store knows."""
    at = moment(record, "TIMESTAMP_X")
    for kind in WATCHED[record["EVENT_NAME"]].kinds:
        yield Removal(kind=kind, record_ref=record["ref"], at=at)


def _pages(streams: Mapping[str, Stream], client: Bitrix24Client, since: Since) -> Iterator[Page]:
    first = first_answer(client, NAME, since, lambda _since: (_BOUND, _TOLD))
    try:
        _bind_missing(client, first.reply(_BOUND.key).result)
        told = as_map(first.reply(_TOLD.key).result)
    except AuthError as error:
        raise AbsentError(error.what, did="The sweep alone finds what was deleted.") from None
    for _ in range(_ROUNDS):
        events = [row for row in told.get("events") or [] if isinstance(row, dict)]
        gone = _gone(streams, client, events)
        yield Page(records=gone, checkpoint="", served_at=first.served_at, cursor="told")
        # The page is kept by now: whoever asks for the next one has committed it
        if told.get("process_id"):
            client.call("event.offline.clear", {"process_id": told["process_id"]}, write=True)
        if len(events) < _MOST_EVENTS:
            return
        told = as_map(client.call(_TOLD.method, _TOLD.params).result)


def _bind_missing(client: Bitrix24Client, bound: Any) -> None:
    """Asks for the events that are not asked for yet: a new version of the application has none."""
    rows = [row for row in bound or [] if isinstance(row, dict) and str(row.get("offline")) == "1"]
    known = {str(row.get("event")).upper() for row in rows}
    missing = [name for name in WATCHED if name not in known]
    if not missing:
        return
    params = {"event_type": "offline"}
    commands = [Command(name, "event.bind", {"event": name, **params}) for name in missing]
    reply = client.batch(commands, write=True)
    for outcome in reply.outcomes.values():
        if isinstance(outcome, AuthError):
            raise outcome


def _gone(
    streams: Mapping[str, Stream], client: Bitrix24Client, events: Sequence[Record]
) -> list[Record]:
    """The events whose record is not there, each with its id as facts have it."""
    named: dict[str, dict[str, Record]] = {}
    for event in events:
        name, number = str(event.get("EVENT_NAME")).upper(), _number(event.get("EVENT_DATA"))
        if name in WATCHED and number is not None:
            ref = WATCHED[name].prefix + number
            row = {**event, "EVENT_NAME": name, "ref": ref}
            named.setdefault(WATCHED[name].stream, {})[ref] = row
    return [
        row
        for stream, rows in named.items()
        if len(rows) <= MOST_AT_ONCE
        for row in _absent(streams[stream], client, rows)
    ]


def _absent(stream: Stream, client: Bitrix24Client, rows: Mapping[str, Record]) -> list[Record]:
    if stream.fetch is None:
        return []
    try:
        pages = list(stream.fetch(client, sorted(rows)))
    except RemoteError:  # nothing is known of them; a sweep will tell
        return []
    shown = {str(record.get(stream.key)) for page in pages for record in page.records}
    return [row for ref, row in rows.items() if ref not in shown]


def _number(data: Any) -> str | None:
    """The id in an event's data, which is spelt in three ways, or false."""
    found = as_map(data) if isinstance(data, dict | list) else {}
    for place in (found.get("FIELDS"), found.get("FIELDS_BEFORE"), found):
        number = str(as_map(place).get("ID")) if isinstance(place, dict) else ""
        if number.isdigit() and number != "0":
            return number
    return None
