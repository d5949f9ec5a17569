"""Deals from before the first read's reach, which nobody touched since: won ones and open ones.

Who bought before, and what still stands open, are questions of all time. They are read once; what
happens to them later, the stream of deals sees.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.base import Page, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import Listing, item_listing, read_all
from connectors.bitrix24.run import open_run, read_run

NAME = "past_deals"
_DEAL_TYPE = 2
_READ = "read"
_CLOCK = Command("past_deals_time", "server.time")


def listing(
    before: datetime,
    fields: Sequence[str],
    name: str = NAME,
    where: Mapping[str, Any] | None = None,
) -> Listing:
    """Deals that are won or open and have not changed since the moment; lost ones are no use."""
    kept = {"<updatedTime": iso(before), "@stageSemanticId": ("S", "P"), **(where or {})}
    return item_listing(_DEAL_TYPE, fields, kept, name=name)


def opening_of(fields: Sequence[str], since: Since) -> Sequence[Command]:
    """The first of everything; afterwards only the portal's time."""
    if since.cursor == _READ and since.checkpoint is None:
        return (_CLOCK,)
    return open_run(listing(since.changed_from, fields), since)


def pages_of(fields: Sequence[str], client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Everything once; afterwards an empty page that tells the time."""
    first = first_answer(client, NAME, since, lambda each: opening_of(fields, each))
    if since.cursor == _READ and since.checkpoint is None:
        yield Page(records=(), checkpoint="", served_at=first.reply(_CLOCK.key).served_at)
        return
    for found in read_run(client, listing(since.changed_from, fields), since, first=first):
        yield Page(
            records=found.rows, checkpoint=found.place, served_at=found.served_at, cursor=_READ
        )


def ids(client: Bitrix24Client, before: datetime) -> Iterator[str]:
    """Ids of these deals."""
    for found in read_all(client, listing(before, ("id",), "past_ids")):
        yield from (str(row["id"]) for row in found.rows)
