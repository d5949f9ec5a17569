"""The scorecard in amoCRM: a list with one element per manager and month.

An account has ten lists at most, so all managers and months are in one. (catalogs-api)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.amocrm import custom_field
from connectors.amocrm.account import account_of
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.custom_field import allowed, code_of, sent_in_parts, spell, texts_in
from connectors.base import Record
from connectors.destination import (
    KEY,
    OWNER,
    TITLE,
    Change,
    FieldKind,
    FieldSpec,
    Item,
    Outcome,
)
from connectors.error import RejectedError
from store.upsert import chunks

LIST_NAME = "Показатели менеджеров"
_PATH = "api/v4/catalogs"
_PAGE = 250
_AT_ONCE = 50
_OWNER = FieldSpec(name=OWNER, title="ID сотрудника", kind=FieldKind.TEXT)
"""Elements belong to nobody, so who is meant stands in a field."""


@dataclass
class ElementList:
    """One list. `ids`: our field names -> the ids of those that are there."""

    client: AmocrmClient
    number: str
    fields: Sequence[FieldSpec]
    ids: Mapping[str, str]
    ours: bool
    _refs: dict[str, str] | None = field(default=None, repr=False)

    @property
    def missing(self) -> Sequence[FieldSpec]:
        """The asked fields that are not there with the right type."""
        return [spec for spec in self.fields if spec.name not in self.ids]

    def create_fields(self, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
        """Adds fields, in one request."""
        return custom_field.create(self.client, self._path, fields)

    def read(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """The elements with these keys. They cannot be asked for by key, so at first all are read;
        what is known by its id afterwards is asked for by that."""
        rows = self._every() if self._refs is None else self._named(keys, self._refs)
        items: dict[str, Item] = {}
        known = dict(self._refs or {})
        for row in sorted(rows, key=lambda each: int(each["id"])):
            item = self._item(row)
            if key := item.texts.get(KEY):
                items.setdefault(key, item)
                known.setdefault(key, item.ref)
        self._refs = known
        return {key: items[key] for key in keys if key in items}

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Creates and changes, each in one request; an empty text clears a field."""
        made = [change for change in changes if change.ref is None]
        kept = [change for change in changes if change.ref is not None]
        answers = [*self._send("POST", made), *self._send("PATCH", kept)]
        outcomes = dict(zip((each.key for each in (*made, *kept)), answers, strict=True))
        if made:
            self._refs = None
        return [outcomes[change.key] for change in changes]

    def delete(self, refs: Sequence[str]) -> Sequence[Outcome]:
        """Refused: the API cannot delete elements."""
        return [_undeletable("an element of a list") for _ in refs]

    def is_empty(self) -> bool:
        """Whether no element is left."""
        return next(self._every(), None) is None

    def is_blank(self, name: str) -> bool:
        """Whether no element has a value in this field."""
        return all(self._item(row).texts.get(name) is None for row in self._every())

    def drop_field(self, name: str) -> None:
        """Removes the field with this name, if it is there."""
        custom_field.drop(self.client, self._path, name)

    def drop(self) -> None:
        """Refused: the API cannot delete lists."""
        raise _undeletable("a list")

    @property
    def _path(self) -> str:
        return f"{_PATH}/{self.number}"

    def _send(self, method: str, changes: Sequence[Change]) -> list[Outcome]:
        def send(part: Sequence[Change]) -> None:
            self.client.write(method, f"{self._path}/elements", [self._sent(each) for each in part])

        return sent_in_parts(send, changes)

    def _sent(self, change: Change) -> dict[str, object]:
        zone = account_of(self.client).zone
        specs = {spec.name: spec for spec in self.fields}
        values = [
            {"field_id": int(self.ids[name]), "values": spell(specs[name], text, zone)}
            for name, text in change.texts.items()
            if name in self.ids
        ]
        sent: dict[str, object] = {"custom_fields_values": values}
        if TITLE in change.texts:
            sent["name"] = change.texts[TITLE] or change.key
        if change.ref is not None:
            sent["id"] = int(change.ref)
        return sent

    def _item(self, row: Record) -> Item:
        zone = account_of(self.client).zone
        title = str(row.get("name") or "") or None
        return Item(ref=str(row["id"]), texts={TITLE: title, **texts_in(row, self.fields, zone)})

    def _every(self) -> Iterator[Record]:
        number = 1
        while True:
            query = (("limit", _PAGE), ("page", number))
            body = allowed(self.client.get, f"{self._path}/elements", query)
            rows = body.rows("elements")
            yield from (row for row in rows if row.get("is_deleted") is not True)
            if not rows or not body.has_next:
                return
            number += 1

    def _named(self, keys: Sequence[str], refs: Mapping[str, str]) -> Iterator[Record]:
        for part in chunks([refs[key] for key in keys if key in refs], _AT_ONCE):
            wanted = [(f"filter[id][{at}]", ref) for at, ref in enumerate(part)]
            body = allowed(self.client.get, f"{self._path}/elements", (("limit", _PAGE), *wanted))
            yield from (row for row in body.rows("elements") if row.get("is_deleted") is not True)


class Scorecard:
    """Finds and makes the list. `container` is the name under which it is made.

    The vendor gives a list its id when it is made, so a list is known by its name, and under
    another name by the code of its key field.
    """

    def __init__(self, client: AmocrmClient) -> None:
        self._client = client

    def adoptable(self) -> str | None:
        """A list with our key field."""
        for each in self._lists():
            if self._is_marked(each):
                return str(each["name"])
        return None

    def choose(self, seed: str) -> str:
        """A name that no list has."""
        used = {str(each.get("name")) for each in self._lists()}
        names = (LIST_NAME, *(f"{LIST_NAME} {number}" for number in range(2, 12)))
        return next(name for name in names if name not in used)

    def find(self, container: str, fields: Sequence[FieldSpec]) -> ElementList | None:
        """The list with its fields as they are now: two requests."""
        lists = list(self._lists())
        named = [each for each in lists if each.get("name") == container]
        # Somebody may have renamed it
        found = next(iter(named), None) or next(filter(self._is_marked, lists), None)
        if found is None:
            return None
        number, wanted = str(found["id"]), (*fields, _OWNER)
        ids = custom_field.there(self._client, f"{_PATH}/{number}", wanted)
        blank = not ids and not any(custom_field.existing(self._client, f"{_PATH}/{number}"))
        return ElementList(self._client, number, wanted, ids, ours=KEY in ids or blank)

    def create(self, container: str) -> None:
        """Adds the list; nobody but us needs to add elements to it."""
        made = {"name": container, "type": "regular", "can_add_elements": False}
        allowed(self._client.write, "POST", _PATH, [made])

    def _lists(self) -> Iterator[Record]:
        number = 1
        while True:
            body = allowed(self._client.get, _PATH, (("limit", _PAGE), ("page", number)))
            rows = body.rows("catalogs")
            yield from (row for row in rows if row.get("type") == "regular")
            if not rows or not body.has_next:
                return
            number += 1

    def _is_marked(self, row: Record) -> bool:
        fields = custom_field.existing(self._client, f"{_PATH}/{row['id']}")
        return any(each.get("code") == code_of(KEY) for each in fields)


def make_target(client: AmocrmClient, _settings: object) -> Scorecard:
    """The writer of the destination kind `scorecard`."""
    return Scorecard(client)


def _undeletable(what: str) -> RejectedError:
    return RejectedError(
        f"amoCRM has no way to delete {what} by its API.",
        code="",
        todo="Delete it in the account, by hand.",
    )
