"""Our custom fields on records that people made: they are added, set and read, nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import MOST_IN_BATCH, Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.paging import Listing, read_all
from connectors.bitrix24.scorecard_text import FIELD_TYPE, code_of, denied, read_value
from connectors.destination import PLACES, Change, FieldKind, FieldSpec, Item, Outcome, Texts
from connectors.error import RejectedError, RemoteError
from connectors.people_record import PeoplePlace, PeopleRecords
from store.upsert import chunks

_PAGE = 50
Call = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of record. `entity` is the vendor's word for it, our keys are `<kind>:<id>`.

    `userfields`: the methods of its custom fields; `prefix`: how the names of ours begin.
    `listing`: the command that reads up to 50 ids with the given fields; `update`: the command that
    sets fields of one id to texts, None = to empty it; `walk`: every record with one field.
    """

    kind: str
    entity: str
    userfields: str
    prefix: str
    scopes: str
    listing: Callable[[Sequence[str], Sequence[str]], Call]
    update: Callable[[str, Texts], Call]
    walk: Callable[[str], Listing]


@dataclass(frozen=True, kw_only=True)
class RecordSet(PeopleRecords):
    """The records of a family."""

    client: Bitrix24Client
    family: Family

    def create_fields(self, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
        """Adds fields, 50 in one batch."""
        method = f"{self.family.userfields}.add"
        calls = [(method, {"fields": self._describe(spec)}) for spec in fields]
        parts = chunks(calls, MOST_IN_BATCH)
        return [outcome for part in parts for outcome in self._send(part)]

    def read(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """Our fields of the records with these keys: one request for 2,500 of them."""
        refs = [ref for key in keys if (ref := key.rpartition(":")[2]).isdigit()]
        codes = list(self.there.values())
        calls = [self.family.listing(part, codes) for part in chunks(refs, _PAGE)]
        found: dict[str, Item] = {}
        for part in chunks(calls, MOST_IN_BATCH):
            for row in self._rows(part):
                item = self._item(row)
                found[f"{self.family.kind}:{item.ref}"] = item
        return found

    def set_fields(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Sets our fields of up to 50 records, in one batch."""
        return self._send([self._command(change) for change in changes])

    def absent(self, key: str) -> RejectedError:
        """What is said of a record that is not there."""
        what = f"{key} is not in the portal, or the webhook may not see it."
        return RejectedError(what, code="")

    def is_blank(self, name: str) -> bool:
        """Whether no record has a value in this field. Reads them all: filters differ on empty."""
        code = self.there[name]
        every = (row for part in read_all(self.client, self.family.walk(code)) for row in part.rows)
        return all(_is_blank(row.get(code)) for row in every)

    def drop_field(self, name: str) -> None:
        """Removes our field, if it is there."""
        code = code_of(self.family.prefix, name)
        for each in existing(self.client, self.family):
            if each["FIELD_NAME"] == code:
                command = Command("one", f"{self.family.userfields}.delete", {"id": each["ID"]})
                outcome = self.client.batch([command], write=True).outcomes["one"]
                if isinstance(outcome, RemoteError):
                    raise denied(outcome, self.family.scopes)

    def _describe(self, spec: FieldSpec) -> dict[str, Any]:
        code, label = code_of(self.family.prefix, spec.name), {"ru": spec.title, "en": spec.title}
        field: dict[str, Any] = {
            "FIELD_NAME": code,
            "USER_TYPE_ID": FIELD_TYPE[spec.kind],
            "XML_ID": code,
            "EDIT_FORM_LABEL": label,
            "LIST_COLUMN_LABEL": label,
            "LIST_FILTER_LABEL": label,
            "EDIT_IN_LIST": "N",
        }
        if FIELD_TYPE[spec.kind] == "double":
            field["SETTINGS"] = {"PRECISION": PLACES[spec.kind]}
        return field

    def _command(self, change: Change) -> Call:
        codes = self.there
        texts = {codes[name]: text for name, text in change.texts.items() if name in codes}
        return self.family.update(str(change.ref), texts)

    def _item(self, row: Mapping[str, Any]) -> Item:
        kinds = {spec.name: spec.kind for spec in self.fields}
        texts = {name: _read(kinds[name], row.get(code)) for name, code in self.there.items()}
        return Item(ref=str(row["ID"]), texts=texts)

    def _rows(self, calls: Sequence[Call]) -> Iterator[Mapping[str, Any]]:
        commands = [Command(f"p{at}", *call) for at, call in enumerate(calls)]
        outcomes = self.client.batch(commands).outcomes
        for command in commands:
            outcome = outcomes[command.key]
            if isinstance(outcome, RemoteError):
                raise denied(outcome, self.family.scopes)
            yield from as_map(outcome.result).values()

    def _send(self, calls: Sequence[Call]) -> list[Outcome]:
        commands = [Command(f"c{at}", *call) for at, call in enumerate(calls)]
        outcomes = self.client.batch(commands, write=True).outcomes
        answers = [outcomes[command.key] for command in commands]
        scopes = self.family.scopes
        return [denied(each, scopes) if isinstance(each, RemoteError) else None for each in answers]


class RecordFields(PeoplePlace):
    """The records of a family as a place to write to."""

    def __init__(self, client: Bitrix24Client, family: Family) -> None:
        super().__init__(family.entity)
        self._client = client
        self._family = family

    def find(self, container: str, fields: Sequence[FieldSpec]) -> RecordSet | None:
        """The records with our fields as they are now: one request for 50 of all fields."""
        wanted = {code_of(self._family.prefix, spec.name): spec for spec in fields}
        codes = {}
        for each in existing(self._client, self._family):
            spec = wanted.get(each["FIELD_NAME"])
            is_one = each.get("MULTIPLE") != "Y"
            if spec and is_one and each["USER_TYPE_ID"] == FIELD_TYPE[spec.kind]:
                codes[spec.name] = each["FIELD_NAME"]
        return RecordSet(client=self._client, family=self._family, fields=fields, there=codes)


def existing(client: Bitrix24Client, family: Family) -> Iterator[Mapping[str, Any]]:
    """Every custom field of the family's records."""
    start: int | None = 0
    while start is not None:
        params = {"order": {"ID": "ASC"}, "start": start}
        command = Command("one", f"{family.userfields}.list", params)
        outcome = client.batch([command]).outcomes["one"]
        if isinstance(outcome, RemoteError):
            raise denied(outcome, family.scopes)
        yield from outcome.result
        start = outcome.next


def _read(kind: FieldKind, raw: Any) -> str | None:
    """Our spelling; what makes no sense stays as it is, so that it is seen to differ."""
    if _is_blank(raw):
        return None
    try:
        return read_value(kind, raw)
    except (ValueError, TypeError, InvalidOperation):
        return str(raw)


def _is_blank(raw: Any) -> bool:
    """An empty field in any of PHP's spellings; a zero is none of them."""
    return raw is None or raw is False or raw == "" or raw == []
