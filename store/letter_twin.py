"""Which letters of CRMs are letters of mailboxes, kept beside them in `twin_hash`.

By the Message-ID where the CRM tells it, else by likeness: the same way, client and subject, and at
most an hour apart, nearest first, one to one. A CRM has the sender's moment or its own; a letter
that a server puts off is offered again after half an hour or more (RFC 5321, 4.5.4.1). Whatever is
no copy counts by itself.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from config.work_calendar import WorkCalendar
from store.activity import EMAIL
from store.letter import LETTER, Stand, copies_of, is_in_mailbox
from store.moment import DAY_MS
from store.pair import Heard, pair
from store.reply import EVERYBODY, Standing, settle_replies
from store.twin import Twin
from store.upsert import Place, amend_rows, by_source, find_among, find_rows

APART_MS = 3_600_000
_REACH_MS = DAY_MS
"""A letter may change the twin of others that came at most a day earlier or later."""

_MAILBOX = 0
"""No source has this number: a letter of a mailbox is one, whichever source has it."""


class _Told(NamedTuple):
    """A row of a letter that has a likeness."""

    source_id: int
    ref: str
    likeness: str
    begun_at: int
    direction: int
    message_hash: str | None
    twin_hash: str | None
    removed_at: int | None

    @property
    def is_in_mailbox(self) -> bool:
        """Whether a mailbox has it."""
        return is_in_mailbox(self.ref, self.message_hash)

    @property
    def letter(self) -> Place:
        """By what the letter is told from all others; a CRM may have several records of one."""
        source_id = _MAILBOX if self.is_in_mailbox else self.source_id
        return source_id, self.message_hash or self.ref


def settle_letters(tx: Connection, around: Stand, calendar: WorkCalendar, *, journal: bool) -> int:
    """Puts right which letters are one, for whom they count and how long clients waited.

    Of those that stand so and those near or tied to them; how many rows it changed.
    """
    wrong = _wrong(tx, around.marks)
    fresh = Standing(EVERYBODY)._asdict()
    news = {(told.source_id, told.ref): fresh | {"twin_hash": right} for told, right in wrong}
    paired = amend_rows(tx, EMAIL, news, journal=journal)
    moved = {each for told, right in wrong for each in (told.message_hash, told.twin_hash, right)}
    messages = around.messages | {each for each in moved if each is not None}
    return paired + settle_replies(tx, messages, calendar, journal=journal)


def tell_twins(tx: Connection, places: Iterable[Place]) -> dict[Place, Twin]:
    """Where these letters are besides: those of mailboxes in a CRM, those of CRMs in a mailbox."""
    letters = {
        (source_id, ref): message
        for source_id, refs in by_source(places).items()
        for ref, message in find_rows(tx, EMAIL, ("ref", LETTER), source_id, refs)
        if message is not None
    }
    copies = copies_of(tx, set(letters.values()))
    found: dict[Place, Twin] = {}
    for place, message in letters.items():
        is_ours = is_in_mailbox(place[1], message)
        for copy in copies.get(message, ()):
            if copy.is_in_mailbox != is_ours:
                found.setdefault(place, Twin(copy.source_id, copy.ref, copy.begun_ms, None))
    return found


def _wrong(tx: Connection, marks: Collection[tuple[str, int]]) -> list[tuple[_Told, str | None]]:
    """The CRMs' letters near these of which something else is kept, with what is right."""
    if not marks:
        return []
    moments = [at for _, at in marks]
    first, last = min(moments) - _REACH_MS, max(moments) + _REACH_MS
    rows = find_among(
        tx, EMAIL, _Told._fields, {likeness for likeness, _ in marks}, by="likeness",
        where="likeness IS NOT NULL AND begun_at BETWEEN {} AND {}",
        given=(first - _REACH_MS, last + _REACH_MS),
    )  # fmt: skip
    alike: dict[str, list[_Told]] = {}
    for told in map(_Told._make, rows):
        alike.setdefault(told.likeness, []).append(told)
    twins = {place: twin for same in alike.values() for place, twin in _pairs(same)}
    return [
        (told, twins.get(told.letter))
        for same in alike.values()
        for told in same
        if not told.is_in_mailbox
        and told.twin_hash != twins.get(told.letter)
        and first <= told.begun_at <= last
    ]


def _pairs(alike: Collection[_Told]) -> Iterable[tuple[Place, str]]:
    """The letters of CRMs among those of one likeness that are a mailbox's, with its hash."""
    heard, links = [], []
    # Of the rows of one letter the last one given stands for it: the earliest.
    for told in sorted(alike, key=lambda each: -each.begun_at):
        if told.removed_at is None:
            moment = told.begun_at, 0, told.direction
            heard.append(Heard(*told.letter, "", *moment, told.likeness))
            if told.message_hash is not None and not told.is_in_mailbox:
                links.append((told.letter, (_MAILBOX, told.message_hash)))
    for mine, (_, message) in pair(heard, links, {_MAILBOX}, (APART_MS, APART_MS)):
        yield mine, message
