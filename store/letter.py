"""Which stored letters are one letter, and which belong to one exchange of letters.

Letters are tied by their hashes: to those that they answer, and, where a letter answers none by its
headers, to the last one before with the same client and subject, if that is less than 14 days old.
An exchange is all that is tied together, whatever was read first.
"""

from collections.abc import Iterable, Iterator, Sequence
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


class Copy(NamedTuple):
    """A row of a letter: one system's or person's. Moments in milliseconds."""

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


_COLUMNS = tuple("begun_at" if name == "begun_ms" else name for name in Copy._fields)
Letters = dict[str, list[Copy]]
"""Rows that were not removed, by letter."""


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


def messages_of(tx: Connection, source_id: int, refs: Iterable[str]) -> set[str]:
    """The letters that these stored rows are copies of."""
    rows = find_rows(tx, EMAIL, ("message_hash",), source_id, refs)
    return {message for (message,) in rows if message is not None}


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
    rows: Letters = {}
    letters = [each for each in known if not each.startswith(SUBJECT)]
    for row in find_among(tx, EMAIL, _COLUMNS, letters, by="message_hash", where=_OURS, given=()):
        copy = Copy._make(row)
        if copy.removed_at is None:
            rows.setdefault(copy.message_hash, []).append(copy)
    return rows, sorted(links)


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
    names = ("message_hash", "node")
    for by in names:
        yield from find_among(tx, EMAIL_LINK, names, nodes, by=by, where=_OURS, given=())


def _subject(trail: EmailTrail) -> Sequence[str]:
    return () if trail.subject_hash is None else (f"{SUBJECT}{trail.subject_hash}",)


def _is_stale(message: str, ref: str, named: Sequence[str]) -> bool:
    return ref.startswith(message) and ref not in named
