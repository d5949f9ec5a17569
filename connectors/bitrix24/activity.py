"""Activities: letters and meetings, by crm.activity.list. Calls are counted from telephony alone.

Neither subject nor text nor address is kept; the subject of a to-do is only compared, that of a
letter with its client's address only hashed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import Listing, fetch_by_id, read_all
from connectors.bitrix24.run import counted, open_run, pages_before, read_run
from connectors.field import moment, optional_ref, required_ref, senseless, text_of
from connectors.letter import addresses_in, ids_in, likeness, mark_letter
from store.fact import Direction, Email, EmailKind, Fact, Meeting, MeetingState

NAME = "activities"
MEETING, EMAIL, OTHER = "1", "4", "6"
"""TYPE_ID (api-reference/crm/data-types.md); OTHER: what a provider makes, to-dos among them."""

TO_DO = "CRM_TODO"
PERSONAL_MAIL = "CRM_EMAIL"
"""PROVIDER_ID of a letter somebody wrote or got; those of mailings and robots are others."""

FIELDS = (
    "ID",
    "TYPE_ID",
    "PROVIDER_ID",
    "SUBJECT",
    "DIRECTION",
    "COMPLETED",
    "START_TIME",
    "DEADLINE",
    "CREATED",
    "LAST_UPDATED",
    "RESPONSIBLE_ID",
    "AUTHOR_ID",
    "OWNER_TYPE_ID",
    "OWNER_ID",
    # Of a letter: its headers, as far as the portal tells them
    "SETTINGS",
    # On no page of the documentation; a portal that does not know it leaves it out
    "CALENDAR_EVENT_ID",
)
_DIRECTION = {"1": Direction.IN, "2": Direction.OUT}
_OWNER = {"1": "lead", "2": "deal", "3": "contact", "4": "company", "7": "quote"}
"""OWNER_TYPE_ID (api-reference/crm/data-types.md); others, smart processes among them, are none."""

_MOST_OPENING_PAGES = 4
_NO_DATE_YEAR = 2200
"""A to-do without a date is due in the year 9999."""


def _listing(where: Mapping[str, Any], select: Sequence[str], name: str = NAME) -> Listing:
    def params(after: str) -> Mapping[str, Any]:
        return {
            "select": select,
            "filter": {**where, ">ID": after},
            "order": {"ID": "ASC"},
            "start": -1,
        }

    return Listing(name, "crm.activity.list", "ID", params)


def _since(moment: datetime) -> Mapping[str, Any]:
    return {">=LAST_UPDATED": iso(moment), "TYPE_ID": (MEETING, EMAIL, OTHER)}


def opening(since: Since) -> Sequence[Command]:
    """As many pages as the last run needed, or the first of everything."""
    listing = _listing(_since(since.changed_from), FIELDS)
    return open_run(listing, since, pages_before(since, _MOST_OPENING_PAGES))


def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Everything that changed."""
    listing = _listing(_since(since.changed_from), FIELDS)
    first = first_answer(client, NAME, since, opening)
    rows = read_run(client, listing, since, first=first)
    return counted(rows, _MOST_OPENING_PAGES if since.cursor else 1)


def existing_ids(client: Bitrix24Client, since: datetime) -> Iterator[str]:
    """Ids of the letters, meetings and to-dos that exist and changed since the moment."""
    listing = _listing(_since(since), ("ID", "TYPE_ID", "PROVIDER_ID"), "ids")
    for found in read_all(client, listing):
        yield from (str(row["ID"]) for row in found.rows if _is_kept(row))


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The activities with these ids."""
    return fetch_by_id(client, refs, lambda some: _listing({"@ID": some}, FIELDS))


def meeting_rules(context: Context) -> str:
    """By what a to-do is a meeting, besides what the portal says."""
    return context.meetings.get("todo_title", "")


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A letter or a meeting; chats, calls and tasks make no fact.

    A to-do that is no meeting is kept as such: it may be renamed, and a sweep must know it.
    """
    if not _is_kept(record):
        return ()
    if str(record.get("TYPE_ID")) == EMAIL:
        return (_email(record, context),)
    return (_meeting(record, meeting_rules(context)),)


def _is_kept(record: Record) -> bool:
    return str(record.get("TYPE_ID")) in (MEETING, EMAIL) or record.get("PROVIDER_ID") == TO_DO


def _email(record: Record, context: Context) -> Email:
    direction = _DIRECTION.get(str(record.get("DIRECTION")))
    if direction is None:
        raise senseless("DIRECTION", "is neither in nor out")
    responsible = optional_ref(record, "RESPONSIBLE_ID")
    sent = direction is Direction.OUT
    kind = _email_kind(record, sent=sent)
    headers = as_map(record.get("SETTINGS"))
    own = ids_in(text_of(as_map(headers.get("MESSAGE_HEADERS")), "Message-Id"))
    return Email(
        ref=required_ref(record, "ID"),
        direction=direction,
        kind=kind,
        owner_ref=(sent and optional_ref(record, "AUTHOR_ID")) or responsible,
        begun_at=_begun_at(record),
        updated_at=moment(record, "LAST_UPDATED"),
        about_ref=_about(record),
        message_hash=mark_letter(context, own[0]) if own else None,
        likeness=_likeness(record, direction, headers, context) if not kind else None,
    )


def _likeness(record: Record, way: Direction, headers: Record, context: Context) -> str | None:
    """By what it is found in a mailbox: the portal tells the Message-ID only of what it sent."""
    told = as_map(headers.get("EMAIL_META"))
    (author, *_), to = (addresses_in([text_of(told, name)]) or ("",) for name in ("from", "to"))
    return likeness(context, way, author, to, text_of(record, "SUBJECT"))


def _email_kind(record: Record, *, sent: bool) -> EmailKind:
    if text_of(record, "PROVIDER_ID") not in (PERSONAL_MAIL, ""):
        return EmailKind.AUTOMATIC
    # An outgoing letter that is not completed was never sent (crm-activity-add.md)
    return EmailKind.UNSENT if sent and not _is_completed(record) else EmailKind.PERSONAL


def _meeting(record: Record, todo_title: str) -> Meeting:
    state = MeetingState.HELD if _is_completed(record) else MeetingState.PLANNED
    return Meeting(
        ref=required_ref(record, "ID"),
        state=state if _is_meeting(record, todo_title) else MeetingState.NONE,
        owner_ref=optional_ref(record, "RESPONSIBLE_ID"),
        begun_at=_begun_at(record),
        updated_at=moment(record, "LAST_UPDATED"),
        about_ref=_about(record),
    )


def _about(record: Record) -> str | None:
    """The record that has it first of all; lists do not tell to which others it is bound."""
    kind, ref = _OWNER.get(str(record.get("OWNER_TYPE_ID"))), optional_ref(record, "OWNER_ID")
    return f"{kind}:{ref}" if kind and ref else None


def _is_meeting(record: Record, todo_title: str) -> bool:
    if str(record.get("TYPE_ID")) == MEETING or optional_ref(record, "CALENDAR_EVENT_ID"):
        return True
    return bool(todo_title and _pattern(todo_title).search(text_of(record, "SUBJECT")))


@lru_cache(maxsize=8)
def _pattern(todo_title: str) -> re.Pattern[str]:
    return re.compile(todo_title, re.IGNORECASE)


def _is_completed(record: Record) -> bool:
    return record.get("COMPLETED") in ("Y", True, "1", 1)


def _begun_at(record: Record) -> datetime:
    """When it was, or is to be: its start, else its deadline, else when it was noted down."""
    for name in ("START_TIME", "DEADLINE"):
        if record.get(name):
            at = moment(record, name)
            if at.year < _NO_DATE_YEAR:
                return at
    return moment(record, "CREATED")
