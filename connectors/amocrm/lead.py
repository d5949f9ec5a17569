"""Leads: one record is our lead and our deal. What lies in Unsorted is neither yet."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.amocrm import product
from connectors.amocrm.account import account_of, stage_of, unsorted_stages
from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.named_field import custom_values, missing_fields
from connectors.amocrm.product_list import with_lines
from connectors.amocrm.recent import changed, fetched
from connectors.amocrm.value import moment, money_of, optional_moment, state_of
from connectors.amocrm.walk import Walk, walk_on
from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref, text_of
from connectors.named_field import DEAL, missing_in
from store.fact import Deal, DealState, Fact, Lead

NAME = "deals"
PATH = "api/v4/leads"
LAG = timedelta(minutes=2)
"""A request lives no longer than that, so what it changed is visible that late at most."""

LEADS = Walk(path=PATH, name="leads", query=(("with", "contacts,loss_reason,catalog_elements"),))


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """Every lead at first, later those that changed."""
    told, began_at = missing_fields(client), None
    for rows in changed(client, LEADS, since):
        began_at = began_at or rows.served_at
        records, told = [*_with_lines(client, rows.rows), *told], []
        yield Page(
            records=records,
            checkpoint=rows.place,
            served_at=rows.served_at,
            cursor="1",
        )
    if began_at is not None:
        product.note_reading(client, since, began_at)


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The leads with these ids."""
    for body, rows in fetched(client, LEADS, refs):
        yield Page(records=_with_lines(client, rows), checkpoint="", served_at=body.served_at)


def existing_ids(client: AmocrmClient, since: datetime) -> Iterator[str]:
    """Ids of all leads that are accepted."""
    for rows in walk_on(client, Walk(path=PATH, name="leads")):
        for row in described(client, rows.rows):
            if not (row["is_unsorted"] or row.get("is_deleted")):
                yield str(row["id"])


def described(client: AmocrmClient, rows: Sequence[Record]) -> list[Record]:
    """The rows with what only the account knows: its currency, and which stages are Unsorted."""
    currency, waiting = account_of(client).currency, unsorted_stages(client)
    return [
        {
            **row,
            "account_currency": currency,
            "is_unsorted": stage_of(row) in waiting,
        }
        for row in rows
    ]


def _with_lines(client: AmocrmClient, rows: Sequence[Record]) -> list[Record]:
    return with_lines(client, described(client, rows))


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A lead (leads-api) and what it sells; nothing for one in Unsorted or in the bin."""
    if told := missing_in(record, DEAL):
        return (told,)
    if record.get("is_unsorted") or record.get("is_deleted"):
        return ()
    ref = required_ref(record, "id")
    stage, pipeline = required_ref(record, "status_id"), required_ref(record, "pipeline_id")
    owner, state = optional_ref(record, "responsible_user_id"), state_of(stage)
    created_at, updated_at = moment(record, "created_at"), moment(record, "updated_at")
    amount, currency = money_of(record, context)
    made = Deal(
        ref=ref,
        pipeline_ref=pipeline,
        stage_ref=stage,
        state=state,
        amount=amount,
        currency=currency,
        owner_ref=owner,
        client_ref=client_of(record),
        created_at=created_at,
        updated_at=updated_at,
        closed_at=_closed_at(record, state, updated_at),
        lead_ref=ref,
        reason=loss_reason(record) if state is DealState.LOST else None,
    )
    lead = Lead(
        ref=ref,
        stage_ref=f"{pipeline}/{stage}",
        state=state,
        owner_ref=owner,
        created_at=created_at,
        updated_at=updated_at,
    )
    wanted = context.fields.get(DEAL, {})
    values = [custom_values(record, ref, wanted)] if wanted else []
    return (made, lead, *values, *product.normalize(record, context))


def client_of(record: Record) -> str | None:
    """The company, else the main contact, else the first one."""
    embedded = as_map(record.get("_embedded"))
    for company in as_list(embedded.get("companies")):
        if ref := optional_ref(as_map(company), "id"):
            return f"company:{ref}"
    contacts = [as_map(each) for each in as_list(embedded.get("contacts"))]
    for contact in sorted(contacts, key=lambda each: not each.get("is_main")):
        if ref := optional_ref(contact, "id"):
            return f"contact:{ref}"
    return None


def _closed_at(record: Record, state: DealState, updated_at: datetime) -> datetime | None:
    """Its own word, which anybody may set by the API, but no later than its last change."""
    if state is DealState.OPEN:
        return None
    return min(optional_moment(record, "closed_at") or updated_at, updated_at)


def loss_reason(record: Record) -> str | None:
    """Why it was lost; "" when nobody said."""
    found: Any = as_map(record.get("_embedded")).get("loss_reason")
    reasons = [found] if isinstance(found, dict) else as_list(found)
    return next((text_of(as_map(each), "name") for each in reasons), "")
