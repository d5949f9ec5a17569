"""Contacts and companies: who the deals are with. Names of persons and firms only."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from connectors.amocrm.classify import as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.named_field import custom_values, missing_fields
from connectors.amocrm.recent import changed, fetched
from connectors.amocrm.value import moment
from connectors.amocrm.walk import Walk, walk_on
from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref, text_of
from connectors.named_field import CONTACT, missing_in
from store.fact import Client, ClientKind, Fact


@dataclass(frozen=True, kw_only=True)
class Cards:
    """One folder of cards; `kind` is ours for what is in it. Of contacts the custom fields are kept
    that the settings name."""

    folder: str
    kind: ClientKind

    @property
    def fields_of(self) -> str | None:
        """The kind of record whose custom fields are kept; None where none ever are."""
        return CONTACT if self.kind is ClientKind.CONTACT else None

    def pages(self, client: AmocrmClient, since: Since) -> Iterator[Page]:
        """All of them at first, later those that changed."""
        told = missing_fields(client, CONTACT) if self.fields_of else []
        for rows in changed(client, self._listing(), since):
            records, told = [*self._described(rows.rows), *told], []
            yield Page(
                records=records,
                checkpoint=rows.place,
                served_at=rows.served_at,
                cursor="1",
            )

    def fetch(self, client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
        """The cards with these ids (ours: `contact:12`)."""
        for body, rows in fetched(
            client, self._listing(), [ref.rpartition(":")[2] for ref in refs]
        ):
            yield Page(records=self._described(rows), checkpoint="", served_at=body.served_at)

    def ids(self, client: AmocrmClient, since: datetime) -> Iterator[str]:
        """Our ids of all of them."""
        for rows in walk_on(client, self._listing()):
            yield from (f"{self._word}:{row['id']}" for row in rows.rows)

    def normalize(self, record: Record, context: Context) -> Iterable[Fact]:
        """A card (contacts-api, companies-api), and what its custom fields hold."""
        if told := missing_in(record, CONTACT):
            yield told
            return
        if record.get("is_deleted") is True:
            return
        number = required_ref(record, "number")
        companies = as_list(as_map(record.get("_embedded")).get("companies"))
        company = next((optional_ref(as_map(each), "id") for each in companies), None)
        yield Client(
            ref=f"{self._word}:{number}",
            kind=self.kind,
            name=text_of(record, "name") or f"ID {number}",
            company_ref=f"company:{company}" if company else None,
            owner_ref=optional_ref(record, "responsible_user_id"),
            created_at=moment(record, "created_at"),
            updated_at=moment(record, "updated_at"),
        )
        wanted = context.fields.get(CONTACT, {})
        if wanted and self.fields_of:
            yield custom_values(record, f"{self._word}:{number}", wanted, CONTACT)

    @property
    def _word(self) -> str:
        return self.kind.name.lower()

    def _listing(self) -> Walk:
        return Walk(path=f"api/v4/{self.folder}", name=self.folder)

    def _described(self, rows: Sequence[Record]) -> list[Record]:
        """The rows under our ids."""
        return [
            {**row, "number": row.get("id"), "id": f"{self._word}:{row.get('id')}"} for row in rows
        ]


CONTACTS = Cards(folder="contacts", kind=ClientKind.CONTACT)
COMPANIES = Cards(folder="companies", kind=ClientKind.COMPANY)
