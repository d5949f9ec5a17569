"""Records of crm.item.list as streams: what changed since a moment, by ascending id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Page, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.custom_field import field_names, with_fields, with_values
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.paging import Listing, fetch_by_id, item_listing, read_all
from connectors.bitrix24.reply import BatchReply
from connectors.bitrix24.run import counted, open_run, pages_before, read_run


@dataclass(frozen=True, kw_only=True)
class Items:
    """One kind of record. `also`: commands of the opening besides the list's own.

    `most`: pages asked in an opening at most. `fields_of`: as of `Stream`.
    """

    name: str
    entity_type_id: int
    fields: Sequence[str]
    most: int
    also: tuple[Command, ...] = ()
    fields_of: str | None = None

    def opening(self, since: Since) -> Sequence[Command]:
        """As many pages as the last run needed, or the first of everything."""
        pages = pages_before(since, self.most)
        return [*self.also, *open_run(self._changed(since), since, pages)]

    def pages(self, client: Bitrix24Client, since: Since) -> Iterator[Page]:
        """Everything that changed."""
        kind = self.fields_of
        if kind is None:
            return self._pages(client, since)
        return with_values(client, self._pages(client, with_fields(client, since, kind)), kind)

    def _pages(self, client: Bitrix24Client, since: Since) -> Iterator[Page]:
        return self.pages_after(client, since, first_answer(client, self.name, since, self.opening))

    def pages_after(
        self, client: Bitrix24Client, since: Since, first: BatchReply
    ) -> Iterator[Page]:
        """Everything that changed, the answer to the opening being there."""
        rows = read_run(client, self._changed(since), since, first=first)
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

        kind = self.fields_of
        fields = (*self.fields, *(field_names(client, kind) if kind else ()))

        def listing_of(some: Sequence[str]) -> Listing:
            return item_listing(self.entity_type_id, fields, {"@id": some})

        pages = fetch_by_id(client, refs, listing_of)
        return with_values(client, pages, kind) if kind else pages

    def _changed(self, since: Since) -> Listing:
        where = {">=updatedTime": iso(since.changed_from)}
        fields = (*self.fields, *since.fields)
        return item_listing(self.entity_type_id, fields, where, name=self.name)
