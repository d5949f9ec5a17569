"""Purchases of customers (`transactions`): sales that need no lead. (customers-api)

The list tells no change, has no order that is documented and no filter but ids: it is read once as
it lies, and then by the events that name what was added. Nothing changes a purchase; that one was
taken back, no event tells: the sweep finds it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.amocrm import ledger
from connectors.amocrm.account import account_of
from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.recent import fetched, with_ids
from connectors.amocrm.value import moment, money_of, optional_moment, seconds_of
from connectors.amocrm.walk import Walk, walk_on
from connectors.base import Context, Page, Record, Since
from connectors.error import AbsentError
from connectors.field import optional_ref, required_ref
from store.fact import Fact, Purchase, Removal

NAME = "purchases"
PATH = "api/v4/customers/transactions"
LAG = timedelta(minutes=2)

_ADDED = "transaction_added"

_PURCHASES = Walk(path=PATH, name="transactions", by="")
_CUSTOMERS = Walk(path="api/v4/customers", name="customers", by="")
Holders = Mapping[str, str | None]
"""Who is responsible for customers, by their ids."""


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """Every purchase at first, later those added; AbsentError in an account without customers."""
    if not account_of(client).has_customers:
        raise AbsentError(
            "The account has no customers.",
            did="Nothing is read of their purchases: how many there are is unknown.",
            todo="If there should be any, turn them on in the settings of the account.",
        )
    if since.cursor:
        yield from _added(client, seconds_of(since.changed_from))
        return
    holders = dict(_holders(row for rows in walk_on(client, _CUSTOMERS) for row in rows.rows))
    for rows in walk_on(client, _PURCHASES, since.checkpoint):
        yield Page(
            records=_described(client, rows.rows, holders),
            checkpoint=rows.place,
            served_at=rows.served_at,
            cursor="1",
        )


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The purchases with these ids that were not taken back."""
    for body, named in with_ids(client, _PURCHASES, refs):
        rows = [row for row in named if row.get("is_deleted") is not True]
        customers = sorted({str(row.get("customer_id")) for row in rows})
        found = fetched(client, _CUSTOMERS, customers) if customers else ()
        holders = dict(_holders(row for _, each in found for row in each))
        records = _described(client, rows, holders)
        yield Page(records=records, checkpoint="", served_at=body.served_at)


def existing_ids(client: AmocrmClient, since: datetime) -> Iterator[str]:
    """Ids of all purchases that were not taken back."""
    for rows in walk_on(client, _PURCHASES):
        yield from (str(row["id"]) for row in rows.rows if row.get("is_deleted") is not True)


def _added(client: AmocrmClient, begins: int) -> Iterator[Page]:
    """The purchases that events since the moment (unix seconds) name; at least one page."""
    now = client.now()
    named = {
        ref
        for event in ledger.of_types(client, (_ADDED,), begins, seconds_of(now))
        for side in as_list(event.get("value_after"))
        if (ref := optional_ref(as_map(as_map(side).get("transaction")), "id"))
    }
    yield Page(records=[], checkpoint="", served_at=now, cursor="1")
    yield from fetch(client, sorted(named))


def _holders(customers: Iterable[Record]) -> Iterator[tuple[str, str | None]]:
    for row in customers:
        yield str(row.get("id")), optional_ref(row, "responsible_user_id")


def _described(client: AmocrmClient, rows: Sequence[Record], holders: Holders) -> list[Record]:
    """The rows with what they do not tell: the account's currency, and who holds the customer."""
    currency = account_of(client).currency
    return [
        {
            **row,
            "account_currency": currency,
            "holder": holders.get(str(row.get("customer_id"))),
        }
        for row in rows
    ]


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A purchase, or that it was taken back."""
    ref, updated_at = required_ref(record, "id"), moment(record, "updated_at")
    if record.get("is_deleted") is True:
        yield Removal(kind="purchase", record_ref=ref, at=updated_at)
        return
    amount, currency = money_of(record, context)
    yield Purchase(
        ref=ref,
        client_ref=f"customer:{required_ref(record, 'customer_id')}",
        amount=amount,
        currency=currency,
        owner_ref=record.get("holder"),
        bought_at=optional_moment(record, "completed_at") or moment(record, "created_at"),
        updated_at=updated_at,
    )
