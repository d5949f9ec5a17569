"""Proves that the store holds what the CRM holds, and finds what was removed or missed there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Table

from connectors.base import Stream
from store import directory
from store import record as stored_record
from store import stream as stored_stream
from store.error import GuardError
from store.stream import StreamState
from store.surrounding import CLIENT, PURCHASE, TASK
from store.table import DEAL, EMAIL, LEAD, MEETING, QUOTE
from sync.follow import follow
from sync.page import fetch_records
from sync.recredit import load_credit
from sync.removal import remove_records
from sync.source import Source

MANY = 50
FEW = 10
SHARE = 0.05
"""A mistake, probably: more than MANY records gone, or at least FEW and more than SHARE."""

TABLES = {
    "deals": (DEAL,),
    "leads": (LEAD,),
    "quotes": (QUOTE,),
    "activities": (EMAIL, MEETING),
    "contacts": (CLIENT,),
    "companies": (CLIENT,),
    "tasks": (TASK,),
    "purchases": (PURCHASE,),
}
"""Where the streams that can be swept are kept."""

PREFIXES = {"contacts": "contact:", "companies": "company:"}
"""How the ids of a stream begin that shares its table with another one."""


@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """What a sweep compared. `missed`: records the CRM has and the store had not."""

    stream: str
    compared: int
    removed: int
    missed: int


def looks_like_a_mistake(gone: int, known: int) -> bool:
    """Whether so many removals at once are rather lost rights or a broken answer."""
    return gone > MANY or (gone >= FEW and gone > known * SHARE)


def sweep_stream(source: Source, stream: Stream, *, accept: bool = False) -> SweepResult | None:
    """Compares the ids of a stream, fetches what was missed and marks what is gone.

    A record is gone when it is neither in the list nor shown when asked for by its id. None when
    the stream has no list of ids or was never read to its end. Raises GuardError, changing
    nothing, when too much would go at once and `accept` is False.
    """
    if stream.existing_ids is None or stream.fetch is None:
        return None
    tables, prefix = tables_of(stream), PREFIXES.get(stream.name, "")
    with source.store.read() as tx:
        source_id = directory.source_ids(tx).get(source.name, 0)
        state = stored_stream.load_stream(tx, source_id, stream.name)
        # Known before the listing begins: what is created meanwhile can only be extra there.
        known = {
            ref for table in tables for ref in stored_record.live_refs(tx, table, source_id, prefix)
        }
        removed = [
            ref
            for table in tables
            for ref in stored_record.removed_refs(tx, table, source_id, prefix)
        ]
        aside = stored_stream.quarantined_refs(tx, source_id, stream.name)
    if state.watermark is None or state.since is None:
        return None
    existing = set(stream.existing_ids(source.client, state.since))
    gone = sorted(known - existing)
    if looks_like_a_mistake(len(gone), len(known)) and not accept:
        raise _guard(source.name, stream.name, len(gone), len(known))
    gone = _confirmed(source, stream, gone)
    missed = fetch_records(source, stream, sorted(existing - known - aside))
    # Before anything is marked as gone; and what still names one that went before it could follow
    follow(source, stream.name, [*gone, *removed])
    _keep(source, state, tables, gone, len(existing), sorted(aside - existing))
    return SweepResult(
        stream=stream.name, compared=len(existing), removed=len(gone), missed=missed.changed
    )


def tables_of(stream: Stream) -> tuple[Table, ...]:
    """Where the facts of a stream are kept that may vanish."""
    named = tuple(stored_record.TABLES[kind] for kind in stream.facts)
    return named or TABLES[stream.name]


def _confirmed(source: Source, stream: Stream, gone: Sequence[str]) -> list[str]:
    """Those that are not there when asked for by id either: silence alone removes nothing."""
    if not gone or stream.fetch is None:
        return []
    pages = stream.fetch(source.client, gone)
    shown = {str(record.get(stream.key)) for page in pages for record in page.records}
    return [ref for ref in gone if ref not in shown]


def _keep(
    source: Source,
    state: StreamState,
    tables: Sequence[Table],
    gone: Sequence[str],
    compared: int,
    senseless: Sequence[str],
) -> None:
    """Marks what is gone; records in quarantine that are gone are no longer of interest."""
    now = source.clock()
    with source.store.write() as tx:
        if senseless:
            stored_stream.release(tx, state.source_id, state.name, senseless)
        if gone:
            remove_records(tx, state.source_id, load_credit(tx), tables, gone, now)
            ended = replace(state, began_at=None)
            stored_stream.add_receipt(
                tx, ended, kind="sweep", ended_at=now, read=compared, removed=len(gone)
            )
        fresh = stored_stream.load_stream(tx, state.source_id, state.name)
        stored_stream.save_stream(tx, replace(fresh, swept_at=now))


def _guard(source: str, stream: str, gone: int, known: int) -> GuardError:
    return GuardError(
        f"{source}/{stream}: {gone} of {known} records are gone from the CRM at once",
        did="Nothing was removed: lost rights or a broken answer look the same.",
        todo="Check the rights of the webhook's owner. If the records were really deleted, run: "
        f"merilo sweep {source} --accept-removals",
    )
