"""Events: the account's own ledger of stages, owners and deletions.

It is read in spans of time, the oldest first, each behind a bound that lies in the past: what
happened does not change, so its pages stand still. (events-and-notes; at most 100 rows a page)
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from connectors.amocrm import lead, note, task
from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient, Body
from connectors.amocrm.ledger import page_of
from connectors.amocrm.value import moment, seconds_of, state_of
from connectors.amocrm.vanished import GONE, NOTED, PLANNED, SHOWN, behind
from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref, senseless
from store.fact import DealState, Fact, OwnerEvent, Removal, StageChange, Step

NAME = "stage_history"
LAG = timedelta(minutes=2)
"""An event may become visible a little after the moment it bears."""

_STATUS, _OWNER = "lead_status_changed", "entity_responsible_changed"
_VANISHING = ("lead_deleted", "lead_restored", "entity_merged", "task_deleted")
_KINDS = {"lead": ("deal", "lead"), "task": ("meeting", "task")}
"""Our kinds of facts behind an entity of theirs."""

_HELD = _KINDS | {"contact": ("client",), "company": ("client",), "customer": ("purchase",)}
"""Likewise, of what changes hands; these we call by their kind and number."""

_SPAN = timedelta(days=28)
_RECENT = timedelta(days=1)
"""What vanished before that never was in the lists that are read after the first events."""


class Place(NamedTuple):
    """Page `page` of the events from `begins` to `ends` (unix seconds, both included)."""

    begins: int
    ends: int
    page: int


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """What happened since the last run, or since the beginning."""
    now = client.now()
    begins = seconds_of(since.changed_from)
    place = _read_place(since.checkpoint) or _span(begins, begins, now)
    while True:
        body = _page(client, place, is_whole=since.cursor is None, now=now)
        rows = body.rows("events")
        told_to = min(datetime.fromtimestamp(place.ends + 1, UTC), body.served_at)
        following = place._replace(page=place.page + 1)
        if not rows or not body.has_next:
            following = _span(place.ends + 1, begins, now)
        yield Page(
            records=behind(client, told(rows, told_to)),
            checkpoint=":".join(map(str, following)),
            served_at=min(now, body.served_at),
            cursor="1",
        )
        if following.begins > seconds_of(now):
            return
        place = following


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """An event as facts: a move, a new owner, or that something is gone or back."""
    kind, ref = str(record.get("type")), required_ref(record, "id")
    if kind == _STATUS:
        yield _stage_change(record, ref)
    elif kind == _OWNER:
        yield from _owner_events(record, ref)
    elif kind in ("task_deleted", GONE):
        yield from _removals(record)
    elif kind == SHOWN:
        yield from lead.normalize(record["lead"], context)
    elif kind == NOTED:
        yield from note.call(record["note"], context)
        yield from note.letter(record["note"], context)
    elif kind == PLANNED:
        yield from task.normalize(record["task"], context)


def _stage_change(record: Record, ref: str) -> StageChange:
    after = _side(record, "value_after", "lead_status")
    stage = required_ref(after, "id")
    state = state_of(stage)
    return StageChange(
        ref=ref,
        kind="deal",
        record_ref=required_ref(record, "entity_id"),
        at=moment(record, "created_at"),
        pipeline_ref=required_ref(after, "pipeline_id"),
        stage_ref=stage,
        state=state,
        step=Step.MOVED if state is DealState.OPEN else Step.CLOSED,
        seen_at=moment(record, "told_to"),
    )


def _owner_events(record: Record, ref: str) -> Iterator[OwnerEvent]:
    before, after = (_side(record, name, "responsible_user") for name in _SIDES)
    entity, number = str(record.get("entity_type")), required_ref(record, "entity_id")
    for kind in _HELD.get(entity, ()):
        yield OwnerEvent(
            ref=ref,
            kind=kind,
            record_ref=number if entity in _KINDS else f"{entity}:{number}",
            at=moment(record, "created_at"),
            before_ref=optional_ref(before, "id"),
            after_ref=optional_ref(after, "id"),
        )


def _removals(record: Record) -> Iterator[Removal]:
    ref, at = required_ref(record, "entity_id"), moment(record, "created_at")
    for kind in _KINDS.get(str(record.get("entity_type")), ()):
        yield Removal(kind=kind, record_ref=ref, at=at)


_SIDES = ("value_before", "value_after")


def _side(record: Record, name: str, key: str) -> dict[str, Any]:
    found = [as_map(as_map(each).get(key)) for each in as_list(record.get(name))]
    if not found or not found[0]:
        raise senseless(name, f"does not tell the {key}")
    return found[0]


def _page(client: AmocrmClient, place: Place, *, is_whole: bool, now: datetime) -> Body:
    types: tuple[str, ...] = (_STATUS, _OWNER)
    if not is_whole or place.begins >= seconds_of(now - _RECENT):
        types += _VANISHING
    return page_of(client, types, place.begins, place.ends, place.page)


def _span(begins: int, earliest: int, now: datetime) -> Place:
    """The span that begins there; the last day is one of its own."""
    last = max(seconds_of(now - _RECENT), earliest)
    ends = min(begins + int(_SPAN.total_seconds()) - 1, last - 1)
    return Place(begins, seconds_of(now) if begins >= last else ends, 1)


def told(rows: Sequence[Record], until: datetime) -> list[Record]:
    """The events with the moment up to which they tell."""
    return [{**row, "told_to": seconds_of(until)} for row in rows]


def _read_place(text: str | None) -> Place | None:
    numbers = (text or "").split(":")
    return Place(*map(int, numbers)) if len(numbers) == len(Place._fields) else None
