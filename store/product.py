"""What deals sell, as stored: the lines of a deal, and what their deal says of itself."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from store.fact import ProductLine
from store.surrounding import PRODUCT_LINE
from store.table import DEAL
from store.upsert import Row, find_rows


class Standing(NamedTuple):
    """What a deal lends its lines; moments as they lie in the database."""

    currency: str = ""
    client_ref: str | None = None
    state: int = 0
    closed_at: int | None = None
    removed_at: int | None = None
    closed_day: int | None = None
    closed_by: int | None = None


NOTHING = Standing()
"""Of a deal that is not known (yet)."""


def standings(tx: Connection, source_id: int, deal_refs: Iterable[str]) -> Mapping[str, Standing]:
    """The deals that are known, by id."""
    rows = find_rows(tx, DEAL, ("ref", *Standing._fields), source_id, deal_refs)
    return {ref: Standing(*values) for ref, *values in rows}


def lines_of(
    tx: Connection, source_id: int, deal_refs: Iterable[str]
) -> Mapping[str, list[ProductLine]]:
    """The stored lines of these deals, by deal; a deal without lines is not among them."""
    names = ("deal_ref", *ProductLine.__struct_fields__)
    found: dict[str, list[ProductLine]] = {}
    for deal_ref, *values in find_rows(
        tx, PRODUCT_LINE, names, source_id, deal_refs, by="deal_ref"
    ):
        line = ProductLine(**dict(zip(ProductLine.__struct_fields__, values, strict=True)))
        found.setdefault(deal_ref, []).append(line)
    return found


def line_row(
    source_id: int,
    deal_ref: str,
    line: ProductLine,
    deal: Standing,
    base: tuple[int | None, int | None],
) -> Row:
    """The line in the column order of its table, but for the hash; `base`: amount and discount."""
    return (
        source_id,
        line.ref,
        deal_ref,
        line.product_ref,
        line.name,
        line.quantity,
        line.amount,
        line.discount,
        *base,
        deal.client_ref,
        deal.state,
        deal.closed_at,
        deal.removed_at,
        deal.closed_day,
        deal.closed_by,
    )
