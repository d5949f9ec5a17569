"""Which stored letters are one letter, and which belong to one exchange of letters.

Letters are tied by their hashes: to those that they answer, and, where a letter answers none by its
headers, to the last one before with the same client and subject, if that is less than 14 days old.
An exchange is all that is tied together, whatever was read first.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import Connection, insert

from store.activity import EMAIL, EMAIL_LINK
from store.email_trail import EmailTrail
from store.moment import DAY_MS
from store.upsert import Row, delete_rows, find_among, find_rows

SUBJECT = "subject:"
"""Before the hash of client and subject; other nodes are letters."""

WEEKS_MS = 14 * DAY_MS

_OURS = "message_hash IS NOT NULL"
LETTER = "COALESCE(twin_hash, message_hash)"
"""Which letter a row is a copy of."""


class Copy(NamedTuple):
    """A row of a letter: one system's or person's. Moments in milliseconds.

    `message_hash`: the letter's, which a CRM may not tell of its copy.
    """

    message_hash: str
    kind: int
    begun_ms: int
    source_id: int
    ref: str
    direction: int
    credited_to: int | None
    removed_at: int | None
    counts: int
    opens: int
    reply_s: int | None
    reply_work_s: int | None

    @property
    def is_in_mailbox(self) -> bool:
        """Whether a mailbox has it; else it is what a CRM shows of the letter."""
        return is_in_mailbox(self.ref, self.message_hash)


def is_in_mailbox(ref: str, message: str | None) -> bool:
    """Whether a row of a letter is a mailbox's: those are called by its hash, and by more."""
    return message is not None and ref.startswith(message)


_SQL = {"message_hash": LETTER, "begun_ms": "begun_at"}
_COLUMNS = tuple(_SQL.get(name, name) for name in Copy._fields)
Letters = dict[str, list[Copy]]
"""Rows that were not removed, by letter."""


class Stand(NamedTuple):
    """Which letters some rows are copies of, and where they stand among those of their likeness:
    (likeness, moment in milliseconds)."""

    messages: set[str]
    marks: set[tuple[str, int]]

    def without(self, other: "Stand") -> "Stand":
        """What is not in the other."""
        return Stand(self.messages - other.messages, self.marks - other.marks)


def put_trails(
    tx: Connection, source_id: int, trails: Sequence[EmailTrail], *, journal: bool
) -> int:
    """Keeps what letters answer; how many rows went of people whom their headers do not name."""
    links = {
        (each.message_hash, node, source_id)
        for each in trails
        for node in (*each.answers, *_subject(each))
        if node != each.message_hash
    }
    messages = {each.message_hash for each in trails}
    names = EMAIL_LINK.columns.keys()
    known = set(find_rows(tx, EMAIL_LINK, names, source_id, messages, by="message_hash"))
    if new := sorted(links - known):
        tx.execute(insert(EMAIL_LINK), [dict(zip(names, each, strict=True)) for each in new])
    named = {each.message_hash: each.refs for each in trails if each.refs is not None}
    rows = find_rows(tx, EMAIL, ("message_hash", "ref"), source_id, named, by="message_hash")
    stale = [(source_id, ref) for message, ref in rows if _is_stale(message, ref, named[message])]
    delete_rows(tx, EMAIL, stale, journal=journal)
    return len(stale)


def stand_of(tx: Connection, source_id: int, refs: Iterable[str]) -> Stand:
    """How these stored rows stand."""
    found = Stand(set(), set())
    names = (LETTER, "likeness", "begun_at")
    for message, likeness, at in find_rows(tx, EMAIL, names, source_id, refs):
        if message is not None:
            found.messages.add(message)
        if likeness is not None:
            found.marks.add((likeness, at))
    return found


def copies_of(tx: Connection, messages: Collection[str]) -> Letters:
    """The rows of these letters, in mailboxes and CRMs."""
    rows = {
        Copy._make(row)
        for by in ("message_hash", "twin_hash")
        for row in find_among(
            tx, EMAIL, _COLUMNS, messages, by=by, where=f"{by} IS NOT NULL", given=()
        )
    }
    found: Letters = {}
    for copy in sorted(rows, key=lambda each: (each.source_id, each.ref)):
        if copy.removed_at is None and copy.message_hash in messages:
            found.setdefault(copy.message_hash, []).append(copy)
    return found


def letters_around(tx: Connection, messages: Iterable[str]) -> tuple[Letters, list[Row]]:
    """These letters and all that may be tied to them, with the ties (letter, node)."""
    known: set[str] = set()
    links: set[Row] = set()
    fresh = set(messages)
    while fresh:
        known |= fresh
        found = set(_links(tx, fresh)) - links
        links |= found
        fresh = {each for link in found for each in link} - known
    letters = {each for each in known if not each.startswith(SUBJECT)}
    return copies_of(tx, letters), sorted(links)


def exchanges(begun_ms: dict[str, int], links: Iterable[Row]) -> list[set[str]]:
    """The letters (each with its moment) that belong together, by all their ties."""
    group: dict[str, set[str]] = {}
    subjects: dict[str, list[str]] = {}
    answering: set[str] = set()
    for message, node in links:
        if node.startswith(SUBJECT):
            subjects.setdefault(node, []).append(message)
        else:
            answering.add(message)
            _tie(group, message, node)
    for same in subjects.values():
        for one, other in _near(same, begun_ms, answering):
            _tie(group, one, other)
    for message in begun_ms:
        group.setdefault(message, {message})
    unique = {id(each): each for each in group.values()}
    return [each & begun_ms.keys() for each in unique.values()]


def _near(
    same: Iterable[str], begun_ms: dict[str, int], answering: set[str]
) -> Iterator[tuple[str, str]]:
    """Letters of one subject that name none, with the one before if it is not too old."""
    ordered = sorted((begun_ms[each], each) for each in same if each in begun_ms)
    for (before_ms, before), (at_ms, message) in pairwise(ordered):
        if message not in answering and at_ms - before_ms < WEEKS_MS:
            yield before, message


def _tie(group: dict[str, set[str]], one: str, other: str) -> None:
    mine, theirs = group.setdefault(one, {one}), group.setdefault(other, {other})
    if mine is theirs:
        return
    if len(mine) < len(theirs):
        mine, theirs = theirs, mine
    mine |= theirs
    for each in theirs:
        group[each] = mine


def _links(tx: Connection, nodes: set[str]) -> Iterator[Row]:
    """The ties of letters, and those of a CRM's letter to the mailbox's that it is."""
    both = f"{_OURS} AND twin_hash IS NOT NULL AND twin_hash <> message_hash"
    for table, end, where in ((EMAIL_LINK, "node", _OURS), (EMAIL, "twin_hash", both)):
        names = ("message_hash", end)
        for by in names:
            yield from find_among(tx, table, names, nodes, by=by, where=where, given=())


def _subject(trail: EmailTrail) -> Sequence[str]:
    return () if trail.subject_hash is None else (f"{SUBJECT}{trail.subject_hash}",)


def _is_stale(message: str, ref: str, named: Sequence[str]) -> bool:
    return is_in_mailbox(ref, message) and ref not in named
