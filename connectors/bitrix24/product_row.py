"""What deals sell: the product rows of every deal that changed, by crm.item.productrow.list.

Rows have no mark of change of their own and are shown for named deals only, so a run asks which
deals changed, and then for all rows of those.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24 import paging
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import MOST_IN_BATCH, Command
from connectors.bitrix24.item import Items
from connectors.bitrix24.paging import TRIES, Listing
from connectors.error import RetryableError
from connectors.field import LARGEST, optional_ref, required_ref, senseless, text_of
from store.fact import Fact, ProductLine, ProductLines
from store.upsert import chunks

NAME = "product_rows"
_METHOD = "crm.item.productrow.list"
_ROWS = "rows"
DEALS_ASKED = 25
"""Deals in one command: most sell a row or two, so their rows fit one page of 50."""

CHANGED = Items(name=NAME, entity_type_id=2, fields=("id",), most=10)


class _Asked(NamedTuple):
    """Deals of which the rows above an id are wanted."""

    deals: Sequence[str]
    after: str = "0"


def opening(since: Since) -> Sequence[Command]:
    """Which deals changed."""
    return CHANGED.opening(since)


def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """The deals that changed, each with all its rows."""
    return (_with_rows(client, page) for page in CHANGED.pages(client, since))


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The deals with these ids, with their rows."""
    return (_with_rows(client, page) for page in CHANGED.fetch(client, refs))


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """All rows of a deal; one that makes no sense sets its deal aside."""
    lines = tuple(map(_line, record[_ROWS]))
    return (ProductLines(deal_ref=required_ref(record, "id"), lines=lines),)


def _with_rows(client: Bitrix24Client, page: Page) -> Page:
    deals = [str(row["id"]) for row in page.records]
    rows = _rows_of(client, deals)
    records = [{"id": deal, _ROWS: rows.get(deal, [])} for deal in deals]
    return Page(
        records=records,
        checkpoint=page.checkpoint,
        served_at=page.served_at,
        cursor=page.cursor,
    )


def _rows_of(client: Bitrix24Client, deals: Sequence[str]) -> Mapping[str, list[Record]]:
    """The rows of these deals, by deal. A page refused for the moment is asked for again."""
    wanted = deque(map(_Asked, chunks(deals, DEALS_ASKED)))
    found: dict[str, list[Record]] = {}
    failures = 0
    while wanted:
        asked = [wanted.popleft() for _ in range(min(len(wanted), MOST_IN_BATCH))]
        reply = client.batch([_command(f"rows{n}", each) for n, each in enumerate(asked)])
        again: list[_Asked] = []
        for number, each in enumerate(asked):
            try:
                rows = _page_of(each, reply.reply(f"rows{number}").result)
            except RetryableError as error:  # the limiter knows of it and holds the method back
                again.append(each)
                trouble = error
                continue
            for row in rows:
                found.setdefault(str(row.get("ownerId")), []).append(row)
            if len(rows) == paging.PAGE:
                wanted.append(each._replace(after=str(rows[-1]["id"])))
        failures = failures + 1 if len(again) == len(asked) else 0
        if failures == TRIES:
            raise trouble
        wanted.extend(again)
    return found


def _command(key: str, asked: _Asked) -> Command:
    where = {"=ownerType": "D", "=ownerId": asked.deals, ">id": asked.after}
    return Command(key, _METHOD, {"filter": where, "order": {"id": "ASC"}, "start": -1})


def _page_of(asked: _Asked, result: Any) -> list[Record]:
    listing = Listing(NAME, _METHOD, "id", lambda _after: {}, ("productRows",))
    rows = listing.rows(result)
    if rows and listing.number(rows[0]) <= int(asked.after):
        raise RetryableError(f"{_METHOD} answered with rows that were not asked for.")
    return rows


def _line(record: Record) -> ProductLine:
    name = text_of(record, "productName")
    product = optional_ref(record, "productId")
    if product is None and not name:
        raise senseless("productName", "is empty beside no product")
    quantity = _number(record, "quantity", "is no quantity")
    return ProductLine(
        ref=required_ref(record, "id"),
        product_ref=product or f"name:{name.casefold()}",
        name=name,
        quantity=_rounded(quantity.scaleb(3), "quantity"),
        amount=_whole_line(record, "price", quantity),
        discount=_whole_line(record, "discountSum", quantity),
    )


def _whole_line(record: Record, name: str, quantity: Decimal) -> int:
    """Hundredths for the whole line, of a price apiece that may have more decimals than two."""
    return _rounded((_number(record, name, "is no amount") * quantity).scaleb(2), name)


def _number(record: Record, name: str, why: str) -> Decimal:
    value: Any = record.get(name)
    if value in (None, ""):
        return Decimal(0)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise senseless(name, why) from None
    if not number.is_finite() or abs(number) > LARGEST:
        raise senseless(name, why)
    return number


def _rounded(number: Decimal, name: str) -> int:
    """Half-up; a half goes away from zero."""
    if abs(number) > LARGEST:
        raise senseless(name, "is too large")
    return int(number.to_integral_value(ROUND_HALF_UP))
