"""Which leads and quotes were created, by whose, and which of them are won by now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.record import Record, RecordVersion
from sandbox.bitrix24.stage import semantic
from sandbox.bitrix24.truth_owner import last_version, version_at


@dataclass(frozen=True, slots=True)
class RecordFact:
    """A lead or quote (`kind`) created `at`, and whether its deal is won at the end."""

    id: int
    kind: str
    user: int
    at: float
    won: bool


def record_facts(portal: Portal, reads: Sequence[float]) -> Iterator[RecordFact]:
    """As somebody can know who read at these moments; without any, as it really was."""
    won = [deal for deal in portal.deals.every.values() if _is_won(deal, reads)]
    won_ids = {deal.id for deal in won}
    from_lead = {(deal.extra or {}).get("leadId") for deal in won}
    from_quote = {(deal.extra or {}).get("quoteId") for deal in won}
    for lead, _, user in _existing(portal.leads.every.values(), reads):
        yield RecordFact(lead.id, "lead", user, lead.created_at, lead.id in from_lead)
    for quote, last, user in _existing(portal.quotes.every.values(), reads):
        is_won = last.deal in won_ids or quote.id in from_quote
        yield RecordFact(quote.id, "quote", user, quote.created_at, is_won)


def _is_won(deal: Deal, reads: Sequence[float]) -> bool:
    last = last_version(deal, reads)
    return last is not None and semantic(last.stage) == "S"


def _existing(
    records: Iterable[Record], reads: Sequence[float]
) -> Iterator[tuple[Record, RecordVersion, int]]:
    """Those that exist at the end: the record, its version then, and who held it at creation."""
    for record in records:
        last = last_version(record, reads)
        if last is not None:
            yield record, last, version_at(record, record.created_at, reads).owner
