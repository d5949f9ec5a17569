"""The stream of currency rates: the portal shows today's only, so each is dated when it is seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.opening import first_answer
from connectors.error import RetryableError
from connectors.field import moment, required_ref, senseless
from store.fact import Fact, Rate

NAME = "currencies"
_METHOD = "crm.currency.list"


def opening(since: Since) -> Sequence[Command]:
    """The whole list: it has neither pages nor marks of change (crm-currency-list.md)."""
    return (Command(NAME, _METHOD),)


def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Every currency, with the moment at which the portal told its rate."""
    reply = first_answer(client, NAME, since, opening)
    rows = reply.reply(NAME).result
    if not isinstance(rows, list):
        raise RetryableError(f"{_METHOD} answered without the list of rows it documents.")
    seen_at = reply.served_at.isoformat()
    records = [{**row, "seen_at": seen_at} for row in rows]
    yield Page(records=records, checkpoint="", served_at=reply.served_at)


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The currencies with these codes."""
    for page in pages(client, Since(changed_from=client.options.clock())):
        yield replace(page, records=[row for row in page.records if row.get("CURRENCY") in refs])


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """AMOUNT of the base currency buys AMOUNT_CNT units; the base currency costs 1."""
    rate = Fraction(1)
    if record.get("BASE") != "Y":
        rate = _positive(record, "AMOUNT") / _positive(record, "AMOUNT_CNT")
    yield Rate(
        currency=required_ref(record, "CURRENCY"),
        seen_at=moment(record, "seen_at"),
        numerator=rate.numerator,
        denominator=rate.denominator,
    )


def _positive(record: Record, name: str) -> Fraction:
    value: Any = record.get(name)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise senseless(name, "is no number") from None
    if not number.is_finite() or number <= 0:
        raise senseless(name, "is no price")
    return Fraction(number)
