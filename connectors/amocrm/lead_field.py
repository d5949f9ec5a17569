"""Facts about a lead in its own custom fields: only they are sent, never the lead itself.

Echoing status, reason or author back is refused, and writing to what lies in Unsorted would take
it out of there. (leads-api; issues 88, 156, 366 of the vendor's client)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.amocrm import custom_field
from connectors.amocrm.account import account_of
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.custom_field import code_of, sent_in_parts, spell, texts_in
from connectors.amocrm.lead import PATH, described
from connectors.amocrm.walk import Walk, walk_on
from connectors.base import Record
from connectors.destination import Change, FieldSpec, Item, Outcome
from connectors.error import AuthError, RejectedError
from connectors.people_record import PeoplePlace, PeopleRecords
from store.upsert import chunks

_AT_ONCE = 50
_FEW = 20
"""Leads that are asked for one by one where lists cannot be filtered; for more, the list is read
from the newest on."""
_LEADS = Walk(path=PATH, name="leads")
_NEWEST = Walk(path=PATH, name="leads", by="updated_at", falling=True)


@dataclass(frozen=True, kw_only=True)
class LeadSet(PeopleRecords):
    """The leads."""

    client: AmocrmClient

    def create_fields(self, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
        """Adds fields, in one request."""
        return custom_field.create(self.client, PATH, fields)

    def read(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """Our fields of the leads with these keys (`deal:5`), but for those in Unsorted."""
        refs = [ref for key in keys if (ref := key.rpartition(":")[2]).isdigit()]
        try:
            rows = list(self._rows(refs))
        except AuthError as error:
            raise custom_field.denied(error) from None
        zone = account_of(self.client).zone
        return {
            f"deal:{row['id']}": Item(ref=str(row["id"]), texts=texts_in(row, self.fields, zone))
            for row in described(self.client, rows)
            if not row["is_unsorted"]
        }

    def set_fields(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Sets our fields of up to 50 leads, in one request unless it is refused as a whole."""

        def send(part: Sequence[Change]) -> None:
            self.client.write("PATCH", PATH, [self._sent(change) for change in part])

        return sent_in_parts(send, changes)

    def absent(self, key: str) -> RejectedError:
        """What is said of a lead that is not there."""
        what = f"{key} is not in the account, or the token may not see it."
        return RejectedError(what, code="")

    def is_blank(self, name: str) -> bool:
        """Whether no lead has a value in this field. Reads them all."""
        zone = account_of(self.client).zone
        every = (row for part in walk_on(self.client, _LEADS) for row in part.rows)
        return all(texts_in(row, self.fields, zone).get(name) is None for row in every)

    def drop_field(self, name: str) -> None:
        """Removes our field, if it is there."""
        custom_field.drop(self.client, PATH, name)

    def _sent(self, change: Change) -> dict[str, object]:
        zone = account_of(self.client).zone
        specs = {spec.name: spec for spec in self.fields}
        values = [
            {"field_code": code_of(name), "values": spell(specs[name], text, zone)}
            for name, text in change.texts.items()
            if name in self.there
        ]
        return {"id": int(str(change.ref)), "custom_fields_values": values}

    def _rows(self, refs: Sequence[str]) -> Iterator[Record]:
        if account_of(self.client).has_filter:
            for part in chunks(refs, _AT_ONCE):
                wanted = [(f"filter[id][{at}]", ref) for at, ref in enumerate(part)]
                body = self.client.get(PATH, (("limit", 250), *wanted))
                yield from (row for row in body.rows("leads") if str(row.get("id")) in part)
        elif len(refs) <= _FEW:
            bodies = (self.client.get(f"{PATH}/{ref}") for ref in refs)
            yield from (body.data for body in bodies if body.data)
        else:
            yield from self._newest(set(refs))

    def _newest(self, wanted: set[str]) -> Iterator[Record]:
        for rows in walk_on(self.client, _NEWEST):
            for row in rows.rows:
                if str(row.get("id")) in wanted:
                    wanted.remove(str(row["id"]))
                    yield row
            if not wanted:
                return


class LeadFields(PeoplePlace):
    """The leads as a place to write to."""

    def __init__(self, client: AmocrmClient) -> None:
        super().__init__("leads")
        self._client = client

    def find(self, container: str, fields: Sequence[FieldSpec]) -> LeadSet | None:
        """The leads with our fields as they are now."""
        ids = custom_field.there(self._client, PATH, fields)
        return LeadSet(client=self._client, fields=fields, there=ids)


def make_target(client: AmocrmClient, _settings: object) -> LeadFields:
    """The writer of the destination kind `record_fields`."""
    return LeadFields(client)
