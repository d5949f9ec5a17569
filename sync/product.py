"""Keeps what deals sell, and keeps it in step with the deals: their client, close and money."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from store import product
from store.fact import ProductLine, ProductLines
from store.surrounding import PRODUCT_LINE
from store.upsert import Row, delete_rows, put_rows, row_hash
from sync.credit import Credit

Sold = Iterable[tuple[str, ProductLine]]
"""Lines, each with its deal."""


def keep_lines(
    tx: Connection, credit: Credit, source_id: int, facts: Sequence[ProductLines], *, journal: bool
) -> int:
    """Makes these all that the deals sell; returns how many lines came, changed or went."""
    sold = {fact.deal_ref: fact.lines for fact in facts}
    kept = {line.ref for lines in sold.values() for line in lines}
    known = product.lines_of(tx, source_id, sold)
    gone: list[Row] = [
        (source_id, line.ref) for lines in known.values() for line in lines if line.ref not in kept
    ]
    delete_rows(tx, PRODUCT_LINE, gone, journal=journal)
    lines = [(deal_ref, line) for deal_ref, lines in sold.items() for line in lines]
    return len(gone) + _put(tx, credit, source_id, lines, journal=journal)


def settle_lines(
    tx: Connection, credit: Credit, source_id: int, deal_refs: Iterable[str], *, journal: bool
) -> int:
    """Puts right what these deals lend their lines; how many lines it changed."""
    known = product.lines_of(tx, source_id, deal_refs)
    lines = [(deal_ref, line) for deal_ref, lines in known.items() for line in lines]
    return _put(tx, credit, source_id, lines, journal=journal)


def _put(tx: Connection, credit: Credit, source_id: int, sold: Sold, *, journal: bool) -> int:
    sold = list(sold)
    if not sold:
        return 0
    deals = product.standings(tx, source_id, {deal_ref for deal_ref, _ in sold})
    rows = [
        _row(credit, source_id, deal_ref, line, deals.get(deal_ref, product.NOTHING))
        for deal_ref, line in sold
    ]
    return put_rows(tx, PRODUCT_LINE, rows, journal=journal)


def _row(
    credit: Credit, source_id: int, deal_ref: str, line: ProductLine, deal: product.Standing
) -> Row:
    def base(amount: int | None) -> int | None:
        if amount is None:
            return None
        return credit.rates.in_base(
            source_id, amount, deal.currency, credit.currency, deal.closed_day
        )

    money = (base(line.amount), base(line.discount))
    row = product.line_row(source_id, deal_ref, line, deal, money)
    return (*row, row_hash(row))
