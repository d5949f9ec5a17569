"""Marks records as gone, and puts right what was counted of others because of them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table

from store import conversion, letter, letter_twin, repeat, response
from store import record as stored_record
from store.fact import Removal
from store.table import DEAL, EMAIL, MEETING
from store.upsert import find_rows
from sync.commit import Commit
from sync.credit import Credit
from sync.product import settle_lines

_TABLES = {table.name: table for table in stored_record.TABLES.values()}


def remove_records(
    tx: Connection,
    source_id: int,
    credit: Credit,
    tables: Collection[Table],
    gone: Sequence[str],
    at: datetime,
) -> None:
    """Marks the records with these ids as gone from every one of these tables."""
    journal = True
    for table in tables:
        stored_record.remove(tx, table, source_id, gone, at)
    leads: set[str] = set()
    if DEAL in tables:
        touched = conversion.origins(tx, source_id, gone)
        conversion.settle_won(tx, source_id, touched, journal=journal)
        clients = repeat.winning_clients(tx, source_id, gone)
        repeat.settle_repeats(tx, source_id, clients, journal=journal)
        settle_lines(tx, credit, source_id, gone, journal=journal)
        leads |= touched.leads
    if EMAIL in tables:
        stood = letter.stand_of(tx, source_id, gone)
        letter_twin.settle_letters(tx, stood, credit.calendar, journal=journal)
    if EMAIL in tables or MEETING in tables:
        about = response.abouts(tx, source_id, gone)
        leads |= response.leads_of(tx, source_id, about)
    response.settle_responses(tx, source_id, leads, credit.calendar, journal=journal)


def keep_removals(tx: Connection, commit: Commit, removals: Sequence[Removal]) -> int:
    """Removes what the vendor says is gone and is still there as far as we know; how many."""
    wanted: dict[str, dict[str, datetime]] = {}
    for each in removals:
        wanted.setdefault(each.kind, {})[each.record_ref] = each.at
    count = 0
    for kind, refs in wanted.items():
        table = _TABLES[kind]
        rows = find_rows(tx, table, ("ref", "removed_at"), commit.source_id, refs)
        there = sorted(ref for ref, removed_at in rows if removed_at is None)
        if there:
            at = max(refs.values())
            remove_records(tx, commit.source_id, commit.credit, (table,), there, at)
            count += len(there)
    return count
