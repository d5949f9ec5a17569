"""Records of crm.item.list as streams: what changed since a moment, by ascending id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Page, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import GROWING, Listing, Rows, fetch_by_id, item_listing, read_all
from connectors.bitrix24.reply import BatchReply
from connectors.bitrix24.segment import open_listing, read_listing


@dataclass(frozen=True, kw_only=True)
class Items:
    """One kind of record. `also`: commands of the opening besides the list's own.

    `most`: pages asked in an opening at most.
    """

    name: str
    entity_type_id: int
    fields: Sequence[str]
    most: int
    also: tuple[Command, ...] = ()

    def opening(self, since: Since) -> Sequence[Command]:
        """As many pages as the last run needed, or the first of everything."""
        listing = self._changed(since)
        if is_whole(since):
            return [*self.also, *open_listing(listing, since.checkpoint)]
        return [*self.also, *listing.commands("0", pages_before(since, self.most))]

    def pages(self, client: Bitrix24Client, since: Since) -> Iterator[Page]:
        """Everything that changed."""
        return self.pages_after(client, since, first_answer(client, self.name, since, self.opening))

    def pages_after(
        self, client: Bitrix24Client, since: Since, first: BatchReply
    ) -> Iterator[Page]:
        """Everything that changed, the answer to the opening being there."""
        listing = self._changed(since)
        if is_whole(since):
            rows = read_listing(client, listing, since.checkpoint, first=first)
        else:
            rows = read_all(client, listing, sizes=GROWING, first=first)
        # After a first read of everything, the next run is no longer like it
        return counted(rows, self.most if since.cursor else 1)

    def ids(self, client: Bitrix24Client, since: datetime) -> Iterator[str]:
        """Ids of the records that exist and changed since the moment."""
        where = {">=updatedTime": iso(since)}
        listing = item_listing(self.entity_type_id, ("id",), where, name="ids")
        for found in read_all(client, listing):
            yield from (str(row["id"]) for row in found.rows)

    def fetch(self, client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
        """The records with these ids."""

        def listing_of(some: Sequence[str]) -> Listing:
            return item_listing(self.entity_type_id, self.fields, {"@id": some})

        return fetch_by_id(client, refs, listing_of)

    def _changed(self, since: Since) -> Listing:
        where = {">=updatedTime": iso(since.changed_from)}
        return item_listing(self.entity_type_id, self.fields, where, name=self.name)


def pages_before(since: Since, most: int) -> int:
    """How many pages the last run needed: a run like it then takes one request."""
    known = since.cursor and since.cursor.isdigit() and not since.checkpoint
    return min(max(int(since.cursor or 1), 1), most) if known else 1


def is_whole(since: Since) -> bool:
    """Whether much is to be read, maybe all there is: no run was finished, or one was cut off."""
    return not since.cursor or since.checkpoint is not None


def counted(rows: Iterator[Rows], most: int) -> Iterator[Page]:
    """The pages of a run; its cursor is how many there were."""
    pages = 0
    for found in rows:
        pages += found.pages
        yield Page(
            records=found.rows,
            checkpoint=found.place,
            served_at=found.served_at,
            cursor=str(min(pages, most)),
        )
