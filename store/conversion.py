"""Which leads and quotes became won deals; kept beside them in `won`, whatever arrives first."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, Table

from store.fact import Deal, DealState
from store.table import DEAL, LEAD, QUOTE
from store.upsert import amend_rows, find_rows

_DEAL = ("ref", "lead_ref", "quote_ref", "state", "removed_at")


class Origins(NamedTuple):
    """What may be won or not by some deals: the deals, and the leads and quotes they came from."""

    deals: set[str]
    leads: set[str]
    quotes: set[str]

    def plus(self, more: "Origins") -> "Origins":
        """Both together."""
        return Origins(*(one | other for one, other in zip(self, more, strict=True)))


def origins(tx: Connection, source_id: int, deal_refs: Iterable[str]) -> Origins:
    """Where the stored deals with these ids came from, as they stand now."""
    found = Origins(set(deal_refs), set(), set())
    for _, lead_ref, quote_ref, *_ in find_rows(tx, DEAL, _DEAL, source_id, found.deals):
        found.leads.update(filter(None, (lead_ref,)))
        found.quotes.update(filter(None, (quote_ref,)))
    return found


def origins_of(deals: Collection[Deal]) -> Origins:
    """Where these deals say they came from."""
    return Origins(
        {deal.ref for deal in deals},
        {deal.lead_ref for deal in deals if deal.lead_ref},
        {deal.quote_ref for deal in deals if deal.quote_ref},
    )


def won_leads(tx: Connection, source_id: int, refs: Iterable[str]) -> set[str]:
    """Those of the leads from which a deal was made that exists and is won."""
    rows = find_rows(tx, DEAL, _DEAL, source_id, refs, by="lead_ref")
    return {lead_ref for _, lead_ref, _, *state in rows if _is_won(*state)}


def won_quotes(tx: Connection, source_id: int, deals: Mapping[str, str | None]) -> set[str]:
    """Those of the quotes (ref -> the deal it names) whose deal exists and is won.

    A quote's deal is the one it names, or one that was made from it.
    """
    named = find_rows(tx, DEAL, _DEAL, source_id, {each for each in deals.values() if each})
    won_deals = {ref for ref, _, _, *state in named if _is_won(*state)}
    made = find_rows(tx, DEAL, _DEAL, source_id, deals, by="quote_ref")
    won = {quote_ref for _, _, quote_ref, *state in made if _is_won(*state)}
    return won | {ref for ref, deal_ref in deals.items() if deal_ref in won_deals}


def settle_won(tx: Connection, source_id: int, touched: Origins, *, journal: bool) -> int:
    """Puts `won` right on leads and quotes after these deals changed; how many it changed."""
    leads = {ref: mark for ref, mark, _ in _known(tx, LEAD, source_id, touched.leads)}
    flipped = _turn(tx, LEAD, source_id, leads, won_leads(tx, source_id, leads), journal=journal)
    rows = [
        *_known(tx, QUOTE, source_id, touched.quotes),
        *_known(tx, QUOTE, source_id, touched.deals, by="deal_ref"),
    ]
    quotes = {ref: mark for ref, mark, _ in rows}
    won = won_quotes(tx, source_id, {ref: deal_ref for ref, _, deal_ref in rows})
    return flipped + _turn(tx, QUOTE, source_id, quotes, won, journal=journal)


Mark = tuple[int, int]
"""(won, row_hash)"""


def _is_won(state: int, removed_at: int | None) -> bool:
    return state == DealState.WON and removed_at is None


def _known(
    tx: Connection, table: Table, source_id: int, refs: Iterable[str], *, by: str = "ref"
) -> Iterator[tuple[str, Mark, str | None]]:
    deal = "deal_ref" if table is QUOTE else "NULL"
    names = ("ref", "won", "row_hash", "removed_at", deal)
    for ref, won, mark, removed_at, deal_ref in find_rows(tx, table, names, source_id, refs, by=by):
        if removed_at is None:  # a removed one that comes back is written anew
            yield ref, (won, mark), deal_ref


def _turn(
    tx: Connection,
    table: Table,
    source_id: int,
    known: Mapping[str, Mark],
    winners: set[str],
    *,
    journal: bool,
) -> int:
    news = {
        (source_id, ref): {"won": 1 - won, "row_hash": mark ^ 1}
        for ref, (won, mark) in known.items()
        if won != (ref in winners)
    }
    return amend_rows(tx, table, news, journal=journal)
