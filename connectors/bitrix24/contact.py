"""Contacts and companies: who is dealt with. Neither telephones nor addresses are asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.custom_field import values_of
from connectors.bitrix24.item import Items
from connectors.field import moment, optional_ref, required_ref, text_of
from connectors.named_field import CONTACT, missing_in
from store.fact import Client, ClientKind, Fact

KEY = "ref"
"""Added to every record: contact:12, company:5, which is how deals and calls name them here."""

_COMMON = ("id", "assignedById", "createdTime", "updatedTime")
_MOST_OPENING_PAGES = 4


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Contacts, or companies; as `Items`, with ids that tell which of the two is meant."""

    items: Items
    kind: ClientKind

    @property
    def prefix(self) -> str:
        """How their ids begin."""
        return f"{self.kind.name.lower()}:"

    def opening(self, since: Since) -> Sequence[Command]:
        """As many pages as the last run needed, or the first of everything."""
        return self.items.opening(since)

    def pages(self, client: Bitrix24Client, since: Since) -> Iterator[Page]:
        """Everything that changed."""
        return map(self._named, self.items.pages(client, since))

    def ids(self, client: Bitrix24Client, since: datetime) -> Iterator[str]:
        """Ids of those that exist and changed since the moment."""
        return (self.prefix + number for number in self.items.ids(client, since))

    def fetch(self, client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
        """Those with these ids."""
        numbers = [ref.removeprefix(self.prefix) for ref in refs if ref.startswith(self.prefix)]
        return map(self._named, self.items.fetch(client, numbers))

    def normalize(self, record: Record, context: Context) -> Iterable[Fact]:
        """A contact by name and surname, a company by its title; what custom fields hold."""
        if told := missing_in(record, CONTACT):
            return (told,)
        names = ("name", "lastName") if self.kind is ClientKind.CONTACT else ("title",)
        ref = self.prefix + required_ref(record, "id")
        company = optional_ref(record, "companyId")
        made = Client(
            ref=ref,
            kind=self.kind,
            name=" ".join(filter(None, (text_of(record, name) for name in names))) or ref,
            company_ref=f"company:{company}" if company else None,
            owner_ref=optional_ref(record, "assignedById"),
            created_at=moment(record, "createdTime"),
            updated_at=moment(record, "updatedTime"),
        )
        values = values_of(record, CONTACT, ref)
        return (made,) if values is None else (made, values)

    def _named(self, page: Page) -> Page:
        rows = [{**row, KEY: f"{self.prefix}{row.get('id')}"} for row in page.records]
        return replace(page, records=rows)


CONTACTS = Clients(
    kind=ClientKind.CONTACT,
    items=Items(
        name="contacts",
        entity_type_id=3,
        fields=(*_COMMON, "name", "lastName", "companyId"),
        most=_MOST_OPENING_PAGES,
        fields_of=CONTACT,
    ),
)
COMPANIES = Clients(
    kind=ClientKind.COMPANY,
    items=Items(
        name="companies",
        entity_type_id=4,
        fields=(*_COMMON, "title"),
        most=_MOST_OPENING_PAGES,
    ),
)
