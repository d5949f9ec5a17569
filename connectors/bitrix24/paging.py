"""Lists of any length by ascending id: up to 50 pages of 50 rows in one request.

Each page of a batch asks for ids above the last one of the page before (`$result[..][49][id]`,
settings/performance/huge-data.md). While rows change, ids lose nothing; offsets do. After a page
shorter than 50 the reference is empty and what follows is the beginning again, so it is ignored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, repeat
from typing import Any, NamedTuple

from connectors.base import Page, Record
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import MOST_IN_BATCH, Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.reply import BatchReply, Reply
from connectors.error import RemoteError, RetryableError
from store.upsert import chunks

PAGE = 50
"""Rows of a list answer, fixed by the vendor (list-methods-pecularities.md)."""

FULL = (MOST_IN_BATCH,)
"""Pages asked at once when much is expected."""

GROWING = (5, MOST_IN_BATCH)
"""Pages asked at once when a first page was full but much is not expected."""


PAGES_KEPT = 10
"""Pages decoded and kept at once: 500 rows are few in memory and enough for one transaction."""

TRIES = 3
"""How often a page is asked for that its batch refuses, before the stream gives up."""


@dataclass(frozen=True)
class Listing:
    """A list method and how its rows are asked for and found.

    `params` gives the parameters for rows after an id; `path` leads from the result to the rows.
    `asked_field`: how the id is called in a request, where that differs from its name in a row.
    """

    name: str
    method: str
    id_field: str
    params: Callable[[str], Mapping[str, Any]]
    path: Sequence[str] = ()
    asked_field: str = ""

    def commands(self, after: str, pages: int, upto: int | None = None) -> list[Command]:
        """The chained pages behind id `after`, with no id greater than `upto`."""
        path = "".join(f"[{step}]" for step in (*self.path, PAGE - 1, self.id_field))
        befores = [after, *(f"$result[{self.name}{page}]{path}" for page in range(pages - 1))]
        return [
            Command(f"{self.name}{page}", self.method, self._bounded(before, upto))
            for page, before in enumerate(befores)
        ]

    def greatest(self) -> Command:
        """The page that begins with the greatest id; its key is `<name>_top`."""
        params, asked = dict(self.params("0")), self.asked_field or self.id_field
        if "select" in params:
            params["select"] = [asked]
        falling = {"order": {asked: "DESC"}} if "order" in params else {"ORDER": "DESC"}
        return Command(f"{self.name}_top", self.method, {**params, **falling})

    def _bounded(self, after: str, upto: int | None) -> Mapping[str, Any]:
        params = self.params(after)
        if upto is None:
            return params
        key = "filter" if "filter" in params else "FILTER"
        asked = self.asked_field or self.id_field
        return {**params, key: {**params[key], f"<={asked}": upto}}

    def rows(self, result: Any) -> list[Record]:
        """The rows of one page's result."""
        for step in self.path:
            result = as_map(result).get(step)
        if not isinstance(result, list):
            raise RetryableError(f"{self.method} answered without the list of rows it documents.")
        return result

    def number(self, row: Any) -> int:
        """The numeric id of a row."""
        try:
            return int(row[self.id_field])
        except (TypeError, KeyError, ValueError):
            raise RetryableError(f"{self.method} answered with a row without an id.") from None


class Rows(NamedTuple):
    """Rows of `pages` good pages of one answer; `ended` when there are no more.

    `place` is where a run resumes that was cut off after these rows.
    """

    rows: list[Record]
    last_id: str
    served_at: datetime
    pages: int
    ended: bool
    place: str


@dataclass
class _Chain:
    listing: Listing
    last: int
    rows: list[Record] = field(default_factory=list)
    pages: int = 0
    begun: bool = False
    ended: bool = False

    def add(self, outcome: Reply | RemoteError) -> bool:
        """Takes one page; False when the chain goes no further. Raises if its first page failed."""
        if isinstance(outcome, RemoteError):
            return self._stopped(outcome)
        rows = self.listing.rows(outcome.result)
        if rows and self.listing.number(rows[0]) <= self.last:
            what = f"{self.listing.method} answered with rows that were not asked for."
            return self._stopped(RetryableError(what))
        self.rows += rows
        self.pages += 1
        self.begun = True
        self.last = self.listing.number(rows[-1]) if rows else self.last
        self.ended = len(rows) < PAGE
        return not self.ended

    def take(self, served_at: datetime) -> Rows:
        """What was added since the last time."""
        last = str(self.last)
        taken = Rows(self.rows, last, served_at, self.pages, self.ended, last)
        self.rows, self.pages = [], 0
        return taken

    def _stopped(self, error: RemoteError) -> bool:
        if not self.begun:
            raise error
        return False


def gather(listing: Listing, after: str, reply: BatchReply) -> Iterator[Rows]:
    """The rows of a batch's chained pages up to the first short one, some pages at a time.

    A page that failed ends the chain: it is asked for again. If it is the first, its error is
    raised.
    """
    found = _Chain(listing, int(after))
    page = 0
    while (outcome := reply.outcomes.get(f"{listing.name}{page}")) and found.add(outcome):
        page += 1
        if page % PAGES_KEPT == 0:
            yield found.take(reply.served_at)
    yield found.take(reply.served_at)


def read_all(
    client: Bitrix24Client,
    listing: Listing,
    after: str = "0",
    *,
    sizes: Iterable[int] = FULL,
    first: BatchReply | None = None,
) -> Iterator[Rows]:
    """All rows with ids above `after`, at most PAGES_KEPT pages in each `Rows`; at least one
    `Rows` even if there are none.

    `first` is an answer already there; `sizes` are the pages asked in each request after it, the
    last one repeated. A page refused for the moment is asked for again, TRIES times in all.
    """
    sizes = list(sizes)
    wanted = chain(sizes, repeat(sizes[-1]))
    failures = 0
    while True:
        reply = first or client.batch(listing.commands(after, next(wanted)))
        first = None
        try:
            for found in gather(listing, after, reply):
                yield found
                after, failures = found.last_id, 0
        except RetryableError:  # the limiter knows of it and holds the method back
            failures += 1
            if failures == TRIES:
                raise
            continue
        if found.ended:
            return


def fetch_by_id(
    client: Bitrix24Client, refs: Sequence[str], listing_of: Callable[[Sequence[str]], Listing]
) -> Iterator[Page]:
    """The records with these ids, as far as they exist, up to 2,500 a request."""
    numbers = [ref for ref in refs if ref.isascii() and ref.isdigit()]
    for groups in chunks(list(chunks(numbers, PAGE)), MOST_IN_BATCH):
        listings = [listing_of(group) for group in groups]
        reply = client.batch(
            [Command(f"g{n}", each.method, each.params("0")) for n, each in enumerate(listings)]
        )
        found = [each.rows(reply.reply(f"g{n}").result) for n, each in enumerate(listings)]
        rows = list(chain.from_iterable(found))
        yield Page(records=rows, checkpoint="", served_at=reply.served_at)


def item_listing(
    entity_type_id: int, select: Sequence[str], where: Mapping[str, Any], *, name: str = "items"
) -> Listing:
    """Items of crm.item.list (api-reference/crm/universal/crm-item-list.md)."""

    def params(after: str) -> Mapping[str, Any]:
        return {
            "entityTypeId": entity_type_id,
            "select": select,
            "filter": {**where, ">id": after},
            "order": {"id": "ASC"},
            "start": -1,
        }

    return Listing(name, "crm.item.list", "id", params, ("items",))
