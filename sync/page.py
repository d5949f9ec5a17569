"""Keeps one page: normalised, credited, journalled and marked as read in a single transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from config.error import MeriloError
from connectors.base import Context, Record, Stream
from connectors.error import DataError
from store import directory
from store import stream as stored_stream
from store.fact import Account, Fact, Rate, Removal
from store.stream import Quarantined, StreamState
from sync.commit import Commit
from sync.credit import Credit
from sync.door import why_refused
from sync.recredit import current, settle
from sync.removal import keep_removals
from sync.source import Source


@dataclass(frozen=True, kw_only=True)
class StreamResult:
    """What one run of a stream did. `stopped`: asked to stop before its end; the rest is resumed.

    `people`: accounts of persons, or rates, were new or changed: facts are credited otherwise.
    `absent`: the account has no such records. `gone`: what the page told was removed.
    """

    stream: str
    read: int = 0
    changed: int = 0
    quarantined: int = 0
    people: bool = False
    stopped: bool = False
    absent: bool = False
    gone: tuple[Removal, ...] = ()
    error: MeriloError | None = None

    def plus(self, page: "StreamResult") -> "StreamResult":
        """The counts of this run with those of one more page."""
        return replace(
            self,
            read=self.read + page.read,
            changed=self.changed + page.changed,
            quarantined=self.quarantined + page.quarantined,
            people=self.people or page.people,
        )


def keep_page(
    source: Source,
    stream: Stream,
    commit: Commit,
    records: Sequence[Record],
    state: StreamState | None = None,
) -> StreamResult:
    """Transaction A: the facts of a page, their journal, and `state`, all or nothing.

    A record that makes no sense is set aside with its reason; the page goes on.
    """
    facts, rejected = _normalize(stream, records, source.context)
    gone = tuple(each for each in facts if isinstance(each, Removal))
    with source.store.write() as tx:
        commit = current(tx, commit)
        changed = commit.put(tx, facts)
        changed += keep_removals(tx, commit, gone)
        _set_aside(tx, source, stream, commit.source_id, records, rejected)
        if state is not None:
            stored_stream.save_stream(tx, state)
    return StreamResult(
        stream=stream.name,
        read=len(records),
        changed=changed,
        quarantined=len(rejected),
        people=changed > 0 and any(isinstance(fact, Account | Rate) for fact in facts),
        gone=gone,
    )


def fetch_records(source: Source, stream: Stream, refs: Sequence[str]) -> StreamResult:
    """Reads single records by id, apart from any run; the stream's cursor stays where it is."""
    result = StreamResult(stream=stream.name)
    if not refs or stream.fetch is None:
        return result
    with source.store.write() as tx:
        source_id = directory.source_id(tx, source.name)
    commit = Commit(source_id=source_id, credit=settle_people(source), journal=True)
    for page in stream.fetch(source.client, refs):
        result = result.plus(keep_page(source, stream, commit, page.records))
    return result


def settle_people(source: Source) -> Credit:
    """Matches people by the settings and accounts of this moment, and credits facts accordingly."""
    with source.store.write() as tx:
        return settle(tx, source.settings)


def _normalize(
    stream: Stream, records: Sequence[Record], context: Context
) -> tuple[list[Fact], list[Quarantined]]:
    facts: list[Fact] = []
    rejected = []
    for record in records:
        try:
            found = list(stream.normalize(record, context))
            reason = next(filter(None, map(why_refused, found)), None)
        except DataError as error:
            found, reason = [], str(error)
        if reason is None:
            facts += found
        else:
            ref, keys = _plain(record.get(stream.key)), _plain(", ".join(sorted(record)))
            rejected.append(Quarantined(ref=ref, reason=reason, keys=keys))
    return facts, rejected


def _plain(value: object) -> str:
    """A text that any database keeps."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def _set_aside(
    tx: Connection,
    source: Source,
    stream: Stream,
    source_id: int,
    records: Sequence[Record],
    rejected: Sequence[Quarantined],
) -> None:
    aside = stored_stream.quarantined_refs(tx, source_id, stream.name)
    if aside:
        read = {_plain(record.get(stream.key)) for record in records}
        stored_stream.release(tx, source_id, stream.name, sorted(aside & read))
    stored_stream.quarantine(tx, source_id, stream.name, rejected, source.clock())
