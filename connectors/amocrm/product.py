"""What leads sell: the elements of lists of products on them. (leads-api)

A lead names the elements, how many of each and maybe the field of the price; names and prices stand
in the element itself and are those of the moment of reading. There are no discounts. The lines come
with the leads; the stream of their own reads only what those left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from msgspec.structs import replace

from connectors.amocrm.account import stage_of, unsorted_stages
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.product_list import SOLD, may_have_products, with_lines
from connectors.amocrm.recent import changed, fetched
from connectors.amocrm.walk import Walk
from connectors.base import Context, Page, Record, Since
from connectors.error import AbsentError
from connectors.field import LARGEST, optional_ref, required_ref, senseless
from store.fact import Fact, ProductLine, ProductLines

NAME = "product_rows"
_LEADS = Walk(path="api/v4/leads", name="leads", query=(("with", "catalog_elements"),))
_READ = "product_reading"
_PRICE = "PRICE"
_EVER = datetime.min.replace(tzinfo=UTC)


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """What the pass over the leads left out: nothing, but where that failed or the list of products
    is new to us. AbsentError where there is none, or the token's user may not see it."""
    _need_products(client, had=bool(since.cursor))
    begins, served_at = client.notes.get(_READ, (None, None))
    if begins is not None and begins <= _begins(since):
        yield Page(records=[], checkpoint="", served_at=served_at, cursor="1")
        return
    for rows in changed(client, _LEADS, since):
        records = _with_lines(client, rows.rows)
        _need_products(client, had=True)
        yield Page(records=records, checkpoint=rows.place, served_at=rows.served_at, cursor="1")


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The leads with these ids and what they sell."""
    for body, rows in fetched(client, _LEADS, refs):
        yield Page(records=_with_lines(client, rows), checkpoint="", served_at=body.served_at)


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """All that a lead sells; nothing where that is unknown. A line that makes no sense sets its
    lead aside."""
    if SOLD not in record or record.get("is_deleted"):
        return
    ref, lines = required_ref(record, "id"), dict[str, ProductLine]()
    for each in record[SOLD]:
        line = _line(ref, each)
        lines[line.ref] = _both(lines[line.ref], line) if line.ref in lines else line
    yield ProductLines(deal_ref=ref, lines=tuple(lines.values()))


def note_reading(client: AmocrmClient, since: Since, served_at: datetime) -> None:
    """Notes that this pass has read the leads that changed since then, as they were at a moment."""
    if since.checkpoint is None:  # else a part was read by an earlier pass, maybe without lines
        client.notes[_READ] = (_begins(since), served_at)


def _with_lines(client: AmocrmClient, rows: Sequence[Record]) -> list[Record]:
    """The leads that are accepted, with what they sell; an accepted one comes as a changed one."""
    waiting = unsorted_stages(client)
    accepted = [row for row in rows if stage_of(row) not in waiting]
    return with_lines(client, accepted)


def _begins(since: Since) -> datetime:
    return since.changed_from if since.cursor else _EVER


def _need_products(client: AmocrmClient, *, had: bool) -> None:
    if not may_have_products(client, had=had):
        raise AbsentError(
            "The account has no list of products, or the token's user may not see it.",
            did="Nothing is known of what leads sell.",
            todo="If there are products, give that user the right to see lists.",
        )


def _line(lead: str, sold: Record) -> ProductLine:
    """An element on a lead; what one without a price is sold for is unknown."""
    element, by = required_ref(sold, "element"), optional_ref(sold, "by")
    several = sold["quantity"] not in (None, "")
    quantity = _number(sold["quantity"], "quantity") if several else Decimal(1)
    told = sold["prices"].get(by or _PRICE)
    price = None if told in (None, "") else _number(told, "price")
    return ProductLine(
        ref=f"{lead}:{sold['catalog']}:{element}",
        product_ref=element,
        name=sold["name"],
        quantity=_rounded(quantity.scaleb(3), "quantity"),
        amount=None if price is None else _rounded((price * quantity).scaleb(2), "price"),
        discount=None,
    )


def _both(one: ProductLine, other: ProductLine) -> ProductLine:
    """An element that a lead names twice is one line."""
    quantity, amount = one.quantity + other.quantity, None
    if one.amount is not None and other.amount is not None:
        amount = one.amount + other.amount
    return replace(one, quantity=quantity, amount=amount)


def _number(value: Any, name: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise senseless(name, "is no number") from None
    if not number.is_finite() or abs(number) > LARGEST:
        raise senseless(name, "is no number")
    return number


def _rounded(number: Decimal, name: str) -> int:
    """Half-up; a half goes away from zero."""
    if abs(number) > LARGEST:
        raise senseless(name, "is too large")
    return int(number.to_integral_value(ROUND_HALF_UP))
