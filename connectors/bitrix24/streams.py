"""The streams of Bitrix24: what is asked for, in which order, and where a run resumes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Context, Page, Record, Since, Stream
from connectors.bitrix24 import (
    activity,
    currency,
    department,
    normalize,
    past,
    product_row,
    stage_history,
    task,
)
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import NO_PARAMS, Command, iso
from connectors.bitrix24.contact import COMPANIES, CONTACTS, KEY, Clients
from connectors.bitrix24.custom_field import deal_facts, with_fields, with_values
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.item import Items
from connectors.bitrix24.lead import LEADS, QUOTES, lead, lead_pages, quote
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import (
    GROWING,
    Listing,
    fetch_by_id,
    read_all,
)
from connectors.bitrix24.reply import Reply
from connectors.bitrix24.run import counted, open_run, pages_before, read_run, up_to_greatest
from connectors.named_field import DEAL
from store.fact import Fact

DEAL_TYPE = 2
"""entityTypeId of deals (api-reference/crm/data-types.md)."""

DEAL_FIELDS = (
    "id",
    "categoryId",
    "stageId",
    "stageSemanticId",
    "opportunity",
    "currencyId",
    "assignedById",
    "companyId",
    "contactId",
    "createdTime",
    "updatedTime",
    "movedTime",
    "leadId",
    "quoteId",
)
USER_FIELDS = (
    "ID",
    "NAME",
    "LAST_NAME",
    "EMAIL",
    "ACTIVE",
    "UF_DEPARTMENT",
    "UF_PHONE_INNER",
)

LAG = timedelta(minutes=2)
"""A request of the portal lives 60 s at most (limits.md), so `updatedTime` becomes visible at most
that much later; doubled for servers whose clocks differ."""

LATE_CALLS = 20
"""Ids read again below the greatest one seen: an id is taken before its row becomes visible."""

LATE = timedelta(hours=24)
"""Votes and records of calls, rows of statistics and of products may come this late."""

LONGEST_CALL = timedelta(hours=24)
"""While no call was seen yet there is no id to go on from, but the beginning: of a call that ends
after a read, that may lie so far before it."""

MOST_OPENING_PAGES = 10
MOST_USER_PAGES = 30

DEALS = Items(
    name="deals",
    entity_type_id=DEAL_TYPE,
    fields=DEAL_FIELDS,
    most=MOST_OPENING_PAGES,
    fields_of=DEAL,
)


def _call_listing(where: Mapping[str, Any]) -> Listing:
    def params(after: str) -> Mapping[str, Any]:
        return {"FILTER": {**where, ">ID": after}, "SORT": "ID", "ORDER": "ASC", "start": -1}

    return Listing("calls", "voximplant.statistic.get", "ID", params)


def _calls_of(since: Since) -> Listing:
    begun = {} if since.cursor else {">=CALL_START_DATE": iso(since.changed_from)}
    return _call_listing(begun)


def _user_listing(where: Mapping[str, Any] = NO_PARAMS) -> Listing:
    return Listing(
        "users",
        "user.get",
        "ID",
        lambda after: {
            "FILTER": {**where, ">ID": after},
            "SORT": "ID",
            "ORDER": "ASC",
            "select": USER_FIELDS,
            "start": -1,
        },
    )


def _user_opening(since: Since) -> Sequence[Command]:
    whole = Since(changed_from=since.changed_from, cursor=since.cursor)
    return _user_listing().commands("0", pages_before(whole, MOST_USER_PAGES))


def _user_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    # Always from the first one: a list that is resumed would show the others as gone.
    first = first_answer(client, "users", since, _user_opening)
    return counted(read_all(client, _user_listing(), sizes=GROWING, first=first), MOST_USER_PAGES)


def _user_fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    return fetch_by_id(client, refs, lambda some: _user_listing({"@ID": some}))


def _call_after(since: Since) -> str:
    return str(max(int(since.cursor or 0) - LATE_CALLS, 0))


def _call_opening(since: Since) -> Sequence[Command]:
    return open_run(_calls_of(since), since, after=_call_after(since))


def _call_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    first = first_answer(client, "calls", since, _call_opening)
    rows = read_run(client, _calls_of(since), since, _call_after(since), first=first)
    return up_to_greatest(rows, since)


def _call_fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    # An array means IN here; the prefix @ is not among this method's operators
    return fetch_by_id(client, refs, lambda some: _call_listing({"ID": some}))


def _funnel_opening(since: Since) -> Sequence[Command]:
    return (
        Command("funnels_list", "crm.category.list", {"entityTypeId": DEAL_TYPE}),
        Command("funnels_stages", "crm.status.list", {"order": {"SORT": "ASC"}}),
    )


def _funnel_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    reply = first_answer(client, "funnels", since, _funnel_opening)
    funnels = as_map(reply.reply("funnels_list").result).get("categories", [])
    statuses = _all_statuses(client, reply.reply("funnels_stages"))
    stages = [{"id": row.get("STATUS_ID"), **row} for row in statuses if _is_deal_stage(row)]
    yield Page(records=[*funnels, *stages], checkpoint="", served_at=reply.served_at)


def _funnel_fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    for page in _funnel_pages(client, Since(changed_from=client.options.clock())):
        wanted = [row for row in page.records if str(row.get("id")) in refs]
        yield replace(page, records=wanted)


def _all_statuses(client: Bitrix24Client, reply: Reply) -> list[Record]:
    # The page tells of no paging (crm-status-list.md); should there be more, they are fetched.
    rows: list[Record] = list(reply.result or [])
    while reply.next:
        reply = client.call("crm.status.list", {"order": {"SORT": "ASC"}, "start": reply.next})
        rows += reply.result
    return rows


def _is_deal_stage(row: Record) -> bool:
    directory = str(row.get("ENTITY_ID"))
    return directory == "DEAL_STAGE" or directory.startswith("DEAL_STAGE_")


def _deal_ids(client: Bitrix24Client, since: datetime) -> Iterator[str]:
    # One that is touched between the two lists is in neither: the sweep asks for it by its id
    yield from DEALS.ids(client, since)
    yield from past.ids(client, since)


def _past_opening(since: Since) -> Sequence[Command]:
    return past.opening_of((*DEALS.fields, *since.fields), since)


def _past_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    known = with_fields(client, since, DEAL)
    fields = (*DEALS.fields, *known.fields)
    return with_values(client, past.pages_of(fields, client, known), DEAL)


def _of_clients(clients: Clients) -> Stream:
    return Stream(
        name=clients.items.name,
        key=KEY,
        pages=clients.pages,
        normalize=clients.normalize,
        lag=LAG,
        existing_ids=clients.ids,
        fetch=clients.fetch,
        opening=clients.opening,
        fields_of=clients.items.fields_of,
    )


def _of_items(items: Items, normalized: Callable[[Record, Context], Iterable[Fact]]) -> Stream:
    return Stream(
        name=items.name,
        key="id",
        pages=items.pages,
        normalize=normalized,
        lag=LAG,
        existing_ids=items.ids,
        fetch=items.fetch,
        opening=items.opening,
        fields_of=items.fields_of,
    )


STREAMS = (
    Stream(
        name="users",
        key="ID",
        pages=_user_pages,
        normalize=normalize.account,
        fetch=_user_fetch,
        opening=_user_opening,
    ),
    Stream(
        name="funnels",
        key="id",
        pages=_funnel_pages,
        normalize=normalize.funnel,
        fetch=_funnel_fetch,
        opening=_funnel_opening,
    ),
    Stream(
        name=currency.NAME,
        key="CURRENCY",
        pages=currency.pages,
        normalize=currency.normalize,
        fetch=currency.fetch,
        opening=currency.opening,
    ),
    Stream(
        name=department.NAME,
        key="ID",
        pages=department.pages,
        normalize=department.normalize,
        fetch=department.fetch,
        opening=department.opening,
    ),
    replace(_of_items(DEALS, deal_facts), existing_ids=_deal_ids),
    Stream(
        name=past.NAME,
        key="id",
        pages=_past_pages,
        normalize=deal_facts,
        fetch=DEALS.fetch,
        opening=_past_opening,
        fields_of=DEAL,
    ),
    Stream(
        name=product_row.NAME,
        key="id",
        pages=product_row.pages,
        normalize=product_row.normalize,
        lag=LAG,
        fetch=product_row.fetch,
        opening=product_row.opening,
        late=LATE,
        feeds=("line_discounts",),
    ),
    _of_clients(CONTACTS),
    _of_clients(COMPANIES),
    Stream(
        name=stage_history.NAME,
        key="ID",
        pages=stage_history.pages,
        normalize=stage_history.normalize,
        lag=LAG,
        fetch=stage_history.fetch,
        opening=stage_history.opening,
    ),
    replace(_of_items(LEADS, lead), pages=lead_pages),
    _of_items(QUOTES, quote),
    Stream(
        name="calls",
        key="ID",
        pages=_call_pages,
        normalize=normalize.call,
        lag=LONGEST_CALL,
        fetch=_call_fetch,
        opening=_call_opening,
        late=LATE,
        feeds=("crm_calls",),
    ),
    Stream(
        name=activity.NAME,
        key="ID",
        pages=activity.pages,
        normalize=activity.normalize,
        lag=LAG,
        existing_ids=activity.existing_ids,
        fetch=activity.fetch,
        opening=activity.opening,
        rules=activity.meeting_rules,
        feeds=("emails",),
    ),
    Stream(
        name=task.NAME,
        key="id",
        pages=task.pages,
        normalize=task.normalize,
        lag=LAG,
        existing_ids=task.existing_ids,
        fetch=task.fetch,
        opening=task.opening,
    ),
)
