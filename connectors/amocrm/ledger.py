"""The account's ledger of events, asked by time or by what they are about. (events-and-notes)"""

from collections.abc import Iterator, Sequence

from connectors.amocrm.client import AmocrmClient, Body
from connectors.base import Record

PATH = "api/v4/events"
MOST = 100
"""Rows of a page at most."""


def page_of(client: AmocrmClient, types: Sequence[str], begins: int, ends: int, page: int) -> Body:
    """One page of the events of these types between two moments (unix seconds, both included)."""
    query = (
        ("limit", MOST),
        ("filter[created_at][from]", begins),
        ("filter[created_at][to]", ends),
        *((f"filter[type][{at}]", name) for at, name in enumerate(types)),
        ("page", page),
    )
    return client.get(PATH, query)


def of_types(
    client: AmocrmClient, types: Sequence[str], begins: int, ends: int
) -> Iterator[Record]:
    """Every event of these types between two moments, likewise."""
    page = 1
    while True:
        body = page_of(client, types, begins, ends, page)
        rows = body.rows("events")
        yield from rows
        if not rows or not body.has_next:
            return
        page += 1


def of_entities(client: AmocrmClient, kind: str, refs: Sequence[str], event: str) -> list[Record]:
    """The events of one type on up to ten entities of one kind."""
    wanted = [(f"filter[entity_id][{at}]", ref) for at, ref in enumerate(refs)]
    query = (("limit", MOST), ("filter[entity]", kind), ("filter[type][0]", event), *wanted)
    return client.get(PATH, query).rows("events")
