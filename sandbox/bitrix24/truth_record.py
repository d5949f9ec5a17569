"""Which leads and quotes were created, by whose, and which of them are won by now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.record import Record, RecordVersion
from sandbox.bitrix24.stage import semantic


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
    last = deal.at(reads[-1]) if reads else deal.now
    return last is not None and not last.deleted and semantic(last.stage) == "S"


def _existing(
    records: Iterable[Record], reads: Sequence[float]
) -> Iterator[tuple[Record, RecordVersion, int]]:
    """Those that exist at the end: the record, its version then, and who held it at creation."""
    for record in records:
        last = record.at(reads[-1]) if reads else record.now
        if last is not None and not last.deleted:
            yield record, last, _creator(record, reads)


def _creator(record: Record, reads: Sequence[float]) -> int:
    if not reads:
        return record.versions[0].owner
    seen: list[RecordVersion] = []
    for moment in reads:
        version = record.at(moment)
        if version is not None and not version.deleted and (not seen or seen[-1] != version):
            seen.append(version)
    owner = seen[0].owner
    for before, after in pairwise(seen):
        if int(record.created_at) > int(before.updated_at):
            owner = after.owner
    return owner
