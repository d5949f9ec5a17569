"""The streams of Bitrix24: what is asked for, in which order, and where a run resumes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Page, Record, Since, Stream
from connectors.bitrix24 import normalize
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import NO_PARAMS, Command, iso
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import (
    FULL,
    GROWING,
    Listing,
    Rows,
    fetch_by_id,
    item_listing,
    read_all,
)
from connectors.bitrix24.reply import Reply

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
)
USER_FIELDS = ("ID", "NAME", "LAST_NAME", "EMAIL", "ACTIVE")

DEAL_LAG = timedelta(minutes=2)
"""A request of the portal lives 60 s at most (limits.md), so `updatedTime` becomes visible at most
that much later; doubled for servers whose clocks differ."""

LATE_CALLS = 20
"""Ids read again below the greatest one seen: an id is taken before its row becomes visible."""

MOST_OPENING_PAGES = 10
MOST_USER_PAGES = 30


def _deal_listing(since: Since) -> Listing:
    where = {">=updatedTime": iso(since.changed_from)}
    return item_listing(DEAL_TYPE, DEAL_FIELDS, where, name="deals")


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


def _pages_before(since: Since, most: int) -> int:
    """How many pages the last run needed: a run like it then takes one request."""
    known = since.cursor and since.cursor.isdigit() and not since.checkpoint
    return min(max(int(since.cursor or 1), 1), most) if known else 1


def _sizes(since: Since) -> Sequence[int]:
    return GROWING if since.cursor and not since.checkpoint else FULL


def _counted(rows: Iterator[Rows], most: int) -> Iterator[Page]:
    pages = 0
    for found in rows:
        pages += found.pages
        yield Page(
            records=found.rows,
            checkpoint=found.last_id,
            served_at=found.served_at,
            cursor=str(min(pages, most)),
        )


def _deal_opening(since: Since) -> Sequence[Command]:
    pages = _pages_before(since, MOST_OPENING_PAGES)
    return _deal_listing(since).commands(since.checkpoint or "0", pages)


def _deal_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    rows = read_all(
        client,
        _deal_listing(since),
        since.checkpoint or "0",
        sizes=_sizes(since),
        first=first_answer(client, "deals", since, _deal_opening),
    )
    # After a first read of everything, the next run is no longer like it
    return _counted(rows, MOST_OPENING_PAGES if since.cursor else 1)


def _deal_ids(client: Bitrix24Client, since: datetime) -> Iterator[str]:
    listing = item_listing(DEAL_TYPE, ("id",), {">=updatedTime": iso(since)}, name="ids")
    for found in read_all(client, listing):
        yield from (str(row["id"]) for row in found.rows)


def _deal_fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    return fetch_by_id(
        client, refs, lambda some: item_listing(DEAL_TYPE, DEAL_FIELDS, {"@id": some})
    )


def _user_opening(since: Since) -> Sequence[Command]:
    whole = Since(changed_from=since.changed_from, cursor=since.cursor)
    return _user_listing().commands("0", _pages_before(whole, MOST_USER_PAGES))


def _user_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    # Always from the first one: a list that is resumed would show the others as gone.
    first = first_answer(client, "users", since, _user_opening)
    return _counted(read_all(client, _user_listing(), sizes=GROWING, first=first), MOST_USER_PAGES)


def _user_fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    return fetch_by_id(client, refs, lambda some: _user_listing({"@ID": some}))


def _call_after(since: Since) -> str:
    return since.checkpoint or str(max(int(since.cursor or 0) - LATE_CALLS, 0))


def _call_opening(since: Since) -> Sequence[Command]:
    return _calls_of(since).commands(_call_after(since), 1)


def _call_pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    first = first_answer(client, "calls", since, _call_opening)
    after = _call_after(since)
    rows = read_all(client, _calls_of(since), after, sizes=_sizes(since), first=first)
    greatest = int(since.cursor or 0)
    for found in rows:
        greatest = max(greatest, int(found.last_id))
        yield Page(
            records=found.rows,
            checkpoint=found.last_id,
            served_at=found.served_at,
            cursor=str(greatest) if greatest else None,
        )


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
        name="deals",
        key="id",
        pages=_deal_pages,
        normalize=normalize.deal,
        lag=DEAL_LAG,
        existing_ids=_deal_ids,
        fetch=_deal_fetch,
        opening=_deal_opening,
    ),
    Stream(
        name="calls",
        key="ID",
        pages=_call_pages,
        normalize=normalize.call,
        fetch=_call_fetch,
        opening=_call_opening,
    ),
)
