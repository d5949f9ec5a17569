"""What changed in a list since a moment: by the paid filter, or the newest first without it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from connectors.amocrm.account import account_of
from connectors.amocrm.client import AmocrmClient, Body
from connectors.amocrm.value import seconds_of
from connectors.amocrm.walk import Rows, Walk, walk_on, whole
from connectors.base import Record, Since
from connectors.error import RetryableError
from store.upsert import chunks

_AT_ONCE = 50
"""Ids in one address."""
_AHEAD = timedelta(days=1)


def changed(client: AmocrmClient, listing: Walk, since: Since) -> Iterator[Rows]:
    """Every row of the list at first (`listing` goes by id), later those that changed."""
    if not since.cursor:
        yield from walk_on(client, listing, since.checkpoint)
        return
    oldest = seconds_of(since.changed_from)
    if not account_of(client).has_filter:
        yield from _down_to(client, listing, oldest, since.checkpoint)
        return
    for rows in walk_on(client, _filtered(client, listing, oldest), since.checkpoint):
        if any(whole(row, "updated_at") < oldest for row in rows.rows):
            # The filter was ignored: the account has it no more
            yield from _down_to(client, listing, oldest, None)
            return
        yield rows


def fetched(
    client: AmocrmClient, listing: Walk, refs: Sequence[str]
) -> Iterator[tuple[Body, list[Record]]]:
    """The rows with these ids that exist, or that this token may see."""
    numbers = [ref for ref in refs if ref.isascii() and ref.isdigit()]
    if not account_of(client).has_filter:
        for ref in numbers:
            body = client.get(f"{listing.path}/{ref}", listing.query)
            yield body, [body.data] if body.data else []
        return
    yield from with_ids(client, listing, numbers)


def with_ids(
    client: AmocrmClient, listing: Walk, refs: Sequence[str]
) -> Iterator[tuple[Body, list[Record]]]:
    """The rows with these ids of a list that may be filtered by them."""
    for part in chunks(refs, _AT_ONCE):
        wanted = [(f"filter[id][{at}]", ref) for at, ref in enumerate(part)]
        body = client.get(listing.path, (*listing.query, ("limit", listing.most), *wanted))
        yield body, [row for row in body.rows(listing.name) if str(row.get("id")) in part]


def _filtered(client: AmocrmClient, listing: Walk, oldest: int) -> Walk:
    # A bound on one side alone finds nothing (issue 358 of the vendor's client)
    until = seconds_of(client.now() + _AHEAD)
    bounds = (("filter[updated_at][from]", oldest), ("filter[updated_at][to]", until))
    return replace(listing, query=(*listing.query, *bounds))


def _down_to(client: AmocrmClient, listing: Walk, oldest: int, place: str | None) -> Iterator[Rows]:
    """The newest first, until what is older than the moment (unix seconds)."""
    for rows in walk_on(client, replace(listing, by="updated_at", falling=True), place):
        moments = [whole(row, "updated_at") for row in rows.rows]
        if moments != sorted(moments, reverse=True):
            raise RetryableError(f"{listing.path} is not listed in the order asked for.")
        recent = [row for row in rows.rows if whole(row, "updated_at") >= oldest]
        yield rows._replace(rows=recent)
        if len(recent) < len(moments):
            return
