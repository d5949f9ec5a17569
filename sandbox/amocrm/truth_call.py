"""Which calls and letters there really were: notes put together, and who is credited."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.amocrm.note import CALL_IN, CALL_OUT, MAIL, Letter, Note, PhoneCall
from sandbox.waiting import last_ten

# Left a message, not reached, busy: whatever the length says, nobody of the two talked.
_NO_TALK = frozenset({1, 6, 7})


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call: who is credited with it, when it began, seconds of talk and of all of it.

    `number` are the last ten digits of the other side's telephone, fewer when it has fewer.
    """

    user: int
    at: int
    incoming: bool
    talk: int
    lasted: int
    number: str


@dataclass(frozen=True, slots=True)
class LetterFact:
    """One letter: whose mailbox it left or came to, and when."""

    user: int
    at: int
    incoming: bool


def call_facts(
    notes: Iterable[Note], users: Iterable[int], horizon: int | None
) -> Iterator[CallFact]:
    """Every call once, however many notes show it; later notes than `horizon` are not known."""
    known = frozenset(users)
    groups: dict[tuple[object, ...], list[Note]] = {}
    for note in notes:
        if note.note_type in (CALL_IN, CALL_OUT) and not _later(note, horizon):
            groups.setdefault(_identity(note), []).append(note)
    for group in groups.values():
        first = min(group, key=lambda note: (note.created_at, note.id))
        call = _call(first)
        caller, lasted = _caller(first, call, known), _seconds(call)
        talk = talks_of(call)
        yield CallFact(caller, first.created_at, call.incoming, talk, lasted, last_ten(call.phone))


def letter_facts(notes: Iterable[Note], horizon: int | None) -> Iterator[LetterFact]:
    """Every letter once."""
    seen: dict[str, Note] = {}
    for note in notes:
        if note.note_type == MAIL and isinstance(note.body, Letter) and not _later(note, horizon):
            before = seen.get(note.body.message)
            if before is None or note.created_at < before.created_at:
                seen[note.body.message] = note
    for note in seen.values():
        if isinstance(note.body, Letter):
            yield LetterFact(note.owner, note.created_at, note.body.incoming)


def _later(note: Note, horizon: int | None) -> bool:
    return horizon is not None and note.created_at > horizon


def _call(note: Note) -> PhoneCall:
    if not isinstance(note.body, PhoneCall):
        raise TypeError(f"note {note.id} shows no call")
    return note.body


def _identity(note: Note) -> tuple[object, ...]:
    call = _call(note)
    if call.uniq:
        return call.source, call.uniq
    return last_ten(call.phone), note.created_at, _seconds(call)


def _caller(note: Note, call: PhoneCall, users: frozenset[int]) -> int:
    """The switchboard's word when it is a user's id; else who the note belongs to."""
    named = str(call.responsible)
    if named.isdigit() and int(named) in users:
        return int(named)
    return note.owner or note.created_by


def talks_of(call: PhoneCall) -> int:
    """Seconds of conversation, whatever type the switchboard sent them in."""
    status = str(call.status)
    return 0 if status.isdigit() and int(status) in _NO_TALK else _seconds(call)


def _seconds(call: PhoneCall) -> int:
    length = str(call.duration)
    return int(length) if length.isdigit() else 0
