"""Rows of leads and quotes: whose they were when they were created, and whether they won."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from store.conversion import won_leads, won_quotes
from store.fact import Lead, Quote
from store.moment import to_ms
from store.upsert import Row, row_hash
from sync.credit import Credit
from sync.owner import OwnerChange

Kept = Sequence[tuple[Any, Sequence[OwnerChange]]]
"""Records of one kind, each with its owner history."""

_UNANSWERED: Row = (None, None)
"""Nobody has acted on a lead, until the actions are looked at (`store.response`)."""


def lead_rows(tx: Connection, credit: Credit, source_id: int, kept: Kept) -> list[Row]:
    """The leads in the column order of their table."""
    won = won_leads(tx, source_id, [lead.ref for lead, _ in kept])
    rows = []
    for lead, history in kept:
        head = (source_id, lead.ref, lead.stage_ref, int(lead.state), lead.owner_ref)
        rows.append(_finished(head, credit, lead, history, _UNANSWERED, won=lead.ref in won))
    return rows


def quote_rows(tx: Connection, credit: Credit, source_id: int, kept: Kept) -> list[Row]:
    """The quotes in the column order of their table."""
    won = won_quotes(tx, source_id, {quote.ref: quote.deal_ref for quote, _ in kept})
    rows = []
    for quote, history in kept:
        head = (source_id, quote.ref, quote.stage_ref, quote.deal_ref, quote.owner_ref)
        rows.append(_finished(head, credit, quote, history, won=quote.ref in won))
    return rows


COHORTS: Mapping[type[Lead | Quote], Callable[[Connection, Credit, int, Kept], list[Row]]] = {
    Lead: lead_rows,
    Quote: quote_rows,
}
"""How records become rows of which a share is won in the end."""


def _finished(
    head: Row,
    credit: Credit,
    record: Lead | Quote,
    history: Sequence[OwnerChange],
    more: Row = (),
    *,
    won: bool,
) -> Row:
    owner = record.owner_ref
    created_ms, day, created_by = credit.held(head[0], record.created_at, owner, history)
    rest = (None, day, created_by, *more)
    # A version that only carries a new mark, as after our own write-back, is no change.
    mark = row_hash((*head, created_ms, *rest))
    # Winning changes the last bit alone, so that it can be turned without the whole row.
    return (*head, created_ms, to_ms(record.updated_at), *rest, int(won), mark ^ won)
