"""How long clients waited for an answer to a letter, and by which of its copies it counts.

A letter of a client opens a wait in its exchange if none is open; the next letter that a person of
ours sends there, whoever it is, ends it. `reply_s`, `reply_work_s`: of a letter that opened a wait
(`opens` 1) and of the one that ended it, the seconds between them, by clock and of working hours;
null while it is open. Letters of robots, mailings and what the company writes to itself neither
open nor end a wait.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from config.work_calendar import WorkCalendar
from store.activity import EMAIL
from store.fact import Direction, EmailKind
from store.letter import Copy, exchanges, letters_around
from store.upsert import Place, amend_rows

ALONE, ITS_MANAGER, EVERYBODY = 0, 1, 2
"""For whom a copy counts: nobody; its manager; its manager and the team."""


class Standing(NamedTuple):
    """What is right for a row; see the columns of its table."""

    counts: int
    opens: int = 0
    reply_s: int | None = None
    reply_work_s: int | None = None


class Wait(NamedTuple):
    """From a client's letter to the one that answered it, None while there is none."""

    opened: str
    ended: str | None


def settle_replies(
    tx: Connection, messages: Collection[str], calendar: WorkCalendar, *, journal: bool
) -> int:
    """Puts right these letters and those tied to them; how many rows it changed."""
    letters, links = letters_around(tx, messages)
    counted = {message: shares(copies) for message, copies in letters.items()}
    first = {message: _first(copies, counted[message]) for message, copies in letters.items()}
    replies: dict[str, Standing] = {}
    for group in exchanges({each: copy.begun_ms for each, copy in first.items()}, links):
        for wait in waits([first[each] for each in group]):
            replies |= _told(wait, first, calendar)
    wrong: dict[Place, Mapping[str, Any]] = {}
    for message, copies in letters.items():
        told = replies.get(message, Standing(0))
        for copy, counts in zip(copies, counted[message], strict=True):
            right = told._replace(counts=counts) if counts else Standing(counts)
            if right != copy[-4:]:
                wrong[copy.source_id, copy.ref] = right._asdict()
    return amend_rows(tx, EMAIL, wrong, journal=journal)


def shares(copies: Sequence[Copy]) -> list[int]:
    """For whom each copy of one letter counts: the team has it once, and so has each manager.

    A mailbox's copy goes before a CRM's, which counts for a manager only where no mailbox names
    one; a person's before a robot's, unless a CRM says that it sent it by itself; then the
    earliest.
    """
    ordered = sorted(copies, key=_order)
    first = ordered[0]
    named = {copy.credited_to for copy in ordered if copy.is_in_mailbox} - {None}
    found = {(first.source_id, first.ref): EVERYBODY}
    seen = {None, first.credited_to}
    for copy in ordered[1:]:
        is_known = copy.credited_to in seen or (named and not copy.is_in_mailbox)
        is_other = is_known or copy.kind != first.kind
        found[copy.source_id, copy.ref] = ALONE if is_other else ITS_MANAGER
        seen.add(copy.credited_to)
    return [found[copy.source_id, copy.ref] for copy in copies]


def waits(letters: Iterable[Copy]) -> Iterator[Wait]:
    """The waits of one exchange; all of its letters must be given, one row for each."""
    opened = None
    for letter in sorted(letters, key=lambda each: (each.begun_ms, each.direction, each)):
        if letter.kind != EmailKind.PERSONAL:
            continue
        if letter.direction == Direction.IN:
            opened = opened or letter.message_hash
        elif opened is not None:
            yield Wait(opened, letter.message_hash)
            opened = None
    if opened is not None:
        yield Wait(opened, None)


def _first(copies: Sequence[Copy], counts: Sequence[int]) -> Copy:
    return copies[counts.index(EVERYBODY)]


def _order(copy: Copy) -> tuple[bool, bool, int, int, int, str]:
    is_crm = not copy.is_in_mailbox
    is_sent_alone = is_crm and copy.kind == EmailKind.AUTOMATIC
    return not is_sent_alone, is_crm, copy.kind, copy.begun_ms, copy.source_id, copy.ref


def _told(
    wait: Wait, first: Mapping[str, Copy], calendar: WorkCalendar
) -> Iterable[tuple[str, Standing]]:
    if wait.ended is None:
        return ((wait.opened, Standing(0, opens=1)),)
    begun_ms, ended_ms = first[wait.opened].begun_ms, first[wait.ended].begun_ms
    spans = (ended_ms - begun_ms) // 1000, calendar.work_ms(begun_ms, ended_ms) // 1000
    return (wait.opened, Standing(0, 1, *spans)), (wait.ended, Standing(0, 0, *spans))
