"""Notes that are calls or letters, beside leads, contacts, companies and customers.

One call may be shown by several notes: on the lead, on the contact, by two widgets. Neither the
text of a letter nor an address nor a recording is kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from connectors.amocrm.account import account_of
from connectors.amocrm.classify import as_map
from connectors.amocrm.client import AmocrmClient, Query
from connectors.amocrm.recent import with_ids
from connectors.amocrm.user import users_of
from connectors.amocrm.value import KINDS, moment, seconds_of
from connectors.amocrm.walk import Walk, walk_on
from connectors.base import Context, Page, PhoneMark, Record, Since
from connectors.field import LONGEST_REF, optional_ref, required_ref, short_ref, text_of
from connectors.letter import likeness, mark_letter
from store.fact import CallLeg, Direction, Email, EmailKind, EmailTrail, Fact

CALLS, EMAILS = "calls", "emails"
CALL_TYPES = {"call_in": Direction.IN, "call_out": Direction.OUT}
LETTER = "amomail_message"
LAG = timedelta(minutes=2)

_NOBODY_TALKED = {"1", "6", "7"}
"""call_status: a message was left, not reached, busy (events-and-notes)."""

_OUTCOME = {
    "1": "voicemail",
    "2": "callback",
    "3": "absent",
    "4": "answered",
    "5": "wrong_number",
    "6": "missed",
    "7": "busy",
}
_LONGEST_TALK_S = 7 * 86_400
_AHEAD = timedelta(days=1)


def call_pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """Notes of calls."""
    return _pages(client, since, tuple(CALL_TYPES))


def letter_pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """Notes of letters."""
    return _pages(client, since, (LETTER,))


def _pages(client: AmocrmClient, since: Since, types: Sequence[str]) -> Iterator[Page]:
    """One folder after the other; the checkpoint is the folder and the place in it."""
    begun, _, place = (since.checkpoint or "").partition(" ")
    folders = _folders(client)
    waiting = folders[folders.index(begun) :] if begun in folders else folders
    users = users_of(client)
    for folder in waiting:
        listing = _listing(client, folder, types, seconds_of(since.changed_from))
        for rows in walk_on(client, listing, place if folder == begun else None):
            yield Page(
                records=_records(rows.rows, folder, users),
                checkpoint=f"{folder} {rows.place}",
                served_at=rows.served_at,
                cursor="1",
            )


def _folders(client: AmocrmClient) -> list[str]:
    has_customers = account_of(client).has_customers
    return [folder for folder in KINDS if folder != "customers" or has_customers]


def _listing(client: AmocrmClient, folder: str, types: Sequence[str], begins: int) -> Walk:
    ends = seconds_of(client.now() + _AHEAD)
    return Walk(
        path=f"api/v4/{folder}/notes",
        name="notes",
        query=(
            *_of_types(types),
            ("filter[updated_at][from]", begins),
            ("filter[updated_at][to]", ends),
        ),
    )


def _of_types(types: Iterable[str]) -> Query:
    return tuple((f"filter[note_type][{at}]", name) for at, name in enumerate(types))


def _records(rows: Iterable[Record], folder: str, users: set[str]) -> list[Record]:
    """Notes ready to be normalized: what they lie beside, and who the users are."""
    return [{**row, "folder": folder, "users": users} for row in rows]


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The notes with these ids: ours, which tell beside what they are, or the vendor's."""
    users, told = users_of(client), [ref.partition("@") for ref in refs]
    for folder in _folders(client):
        numbers = [number for number, _, place in told if place in ("", folder)]
        notes = Walk(path=f"api/v4/{folder}/notes", name="notes")
        for body, rows in with_ids(client, notes, numbers):
            records = _records(rows, folder, users)
            yield Page(records=records, checkpoint="", served_at=body.served_at)


def beside(client: AmocrmClient, folder: str, ref: str) -> Iterator[Record]:
    """Every note of a call or letter that one record shows, ready to be normalized."""
    path = f"api/v4/{folder}/{ref}/notes"
    listing = Walk(path=path, name="notes", query=_of_types((*CALL_TYPES, LETTER)))
    users = users_of(client)
    for rows in walk_on(client, listing):
        yield from _records(rows.rows, folder, users)


def call(record: Record, context: Context) -> Iterable[Fact]:
    """A note of a call as a leg; the notes of one call are copies of one stretch of talk."""
    direction = CALL_TYPES.get(str(record.get("note_type")))
    if direction is None:
        return
    params = as_map(record.get("params"))
    started_at, status = moment(record, "created_at"), text_of(params, "call_status")
    length_s = _seconds(params.get("duration"))
    phone = context.mark_phone(text_of(params, "phone"))
    call_ref, named = _call_ref(record, params, length_s, phone), _named(record, params)
    yield CallLeg(
        ref=_ref(record),
        call_ref=call_ref,
        user_ref=named or _user(record),
        direction=direction,
        started_at=started_at,
        talk_s=0 if status in _NOBODY_TALKED else length_s,
        outcome=_OUTCOME.get(status, "other"),
        client_hash=phone.hash,
        client_last4=phone.last4,
        client_ref=_about(record),
        lasted_s=length_s,
        stretch=f"{call_ref} {named or ''}",
        outer_ref=_outer_ref(params),
    )


def letter(record: Record, context: Context) -> Iterable[Fact]:
    """A note of a letter, a copy of it as its other notes are, and what it answers: the letters of
    its thread."""
    if record.get("note_type") != LETTER:
        return
    params = as_map(record.get("params"))
    message, thread = text_of(params, "message_id"), text_of(params, "thread_id")
    letter = _letter_hash(message, context) if message else None
    way = Direction.IN if params.get("income") in _YES else Direction.OUT
    author, to = (_address(params.get(name)) for name in ("from", "to"))
    yield Email(
        ref=_ref(record),
        direction=way,
        kind=EmailKind.PERSONAL,
        owner_ref=_user(record),
        begun_at=moment(record, "created_at"),
        updated_at=moment(record, "created_at"),
        about_ref=_about(record),
        message_hash=letter,
        likeness=likeness(context, way, author, (to,), text_of(params, "subject")),
    )
    if letter and thread:
        answers = (context.mark_text(f"{context.source} thread {thread}"),)
        yield EmailTrail(message_hash=letter, answers=answers)


def _letter_hash(message: str, context: Context) -> str:
    """By its Message-ID, as a mailbox has it; else by an id that the account alone knows."""
    if "@" in message:
        return mark_letter(context, f"<{message.strip('<>')}>")
    return context.mark_text(f"{context.source} {message}")


def _address(told: Any) -> str:
    """The address of a sender or receiver; of several the first."""
    first = as_map(next(iter(told), None) if isinstance(told, list) else told)
    return text_of(first, "email").casefold()


_YES = (True, 1, "1", "true", "Y")


def _ref(record: Record) -> str:
    """A note's id, and the kind of record it lies beside."""
    return f"{required_ref(record, 'id')}@{record.get('folder')}"


def _call_ref(record: Record, params: dict[str, Any], length_s: int, phone: PhoneMark) -> str:
    """By the switchboard's own id, else by number, second and length."""
    if uniq := text_of(params, "uniq"):
        return short_ref(f"{text_of(params, 'source')} {uniq}")
    number = phone.hash or phone.last4
    if not number:
        return f"note {required_ref(record, 'id')}"
    return short_ref(f"{number} {record.get('created_at')} {length_s}")


def _outer_ref(params: dict[str, Any]) -> str | None:
    """The switchboard's own id of the call or of a leg of it, if it is spelt as ids are."""
    uniq = text_of(params, "uniq")
    return uniq if 0 < len(uniq) <= LONGEST_REF and uniq.isascii() and uniq.isprintable() else None


def _named(record: Record, params: dict[str, Any]) -> str | None:
    """The user whom the switchboard names: an id of theirs, not a number or a name."""
    named = text_of(params, "call_responsible")
    return named if named in record.get("users", ()) else None


def _about(record: Record) -> str | None:
    kind = KINDS.get(record.get("folder"))
    return f"{kind}:{required_ref(record, 'entity_id')}" if kind else None


def _seconds(value: Any) -> int:
    """A duration, however it is spelt; what is not known is 0."""
    try:
        seconds = int(value)
    except (TypeError, ValueError):
        return 0
    return seconds if 0 <= seconds <= _LONGEST_TALK_S else 0


def _user(record: Record) -> str | None:
    """Whose work a note tells of; nobody's, where a robot wrote it (id 0)."""
    return optional_ref(record, "responsible_user_id") or optional_ref(record, "created_by")
