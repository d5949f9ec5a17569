"""The smart process as a container: its fields and items, read and written in batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.reply import Reply
from connectors.bitrix24.scorecard_text import (
    ATTRIBUTE,
    denied,
    describe_field,
    field_code,
    read_value,
)
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
from connectors.error import RemoteError
from store.upsert import chunks

_PAGE = 50
_KEYS_AT_ONCE = 40
"""Below a page, so that a few items copied by people do not overflow it."""


@dataclass(frozen=True, kw_only=True)
class SmartProcess:
    """One smart process. `names`: our field names -> the camel-case ones that are there."""

    client: Bitrix24Client
    type_id: int
    entity_type_id: int
    fields: Sequence[FieldSpec]
    names: Mapping[str, str]
    ours: bool

    @property
    def missing(self) -> Sequence[FieldSpec]:
        """The asked fields that are not there with the right type."""
        return [spec for spec in self.fields if spec.name not in self.names]

    def create_fields(self, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
        """Adds fields in one batch."""
        described = [describe_field(self.type_id, spec) for spec in fields]
        return self._send([("userfieldconfig.add", params) for params in described])

    def read(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """The items with these keys: one request for 2,000 of them."""
        found: dict[str, Item] = {}
        for parts in chunks(list(chunks(keys, _KEYS_AT_ONCE)), _PAGE):
            for row in self._rows(parts):
                item = self._item(row)
                found.setdefault(str(item.texts[KEY]), item)
        return found

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Creates and updates in one batch; an empty text clears a field."""
        return self._send([self._command(change) for change in changes])

    def delete(self, refs: Sequence[str]) -> Sequence[Outcome]:
        """Removes items in one batch."""
        where = {"entityTypeId": self.entity_type_id}
        return self._send([("crm.item.delete", {**where, "id": ref}) for ref in refs])

    def is_empty(self) -> bool:
        """Whether no item is left; a portal refuses to delete a process with items."""
        return not self._list({}, ["id"])

    def is_blank(self, name: str) -> bool:
        """Whether no item has a value in this field. Reads them all: filters differ on empty."""
        field, last = self.names[name], 0
        while rows := self._list({">id": last}, ["id", field]):
            if any(row.get(field) not in (None, "", []) for row in rows):
                return False
            last = rows[-1]["id"]
        return True

    def drop_field(self, name: str) -> None:
        """Removes the field with this name, if it is there."""
        code = field_code(self.type_id, name)
        wanted = {"entityId": f"CRM_{self.type_id}", "fieldName": code}
        found = ask(self.client, "userfieldconfig.list", {"moduleId": "crm", "filter": wanted})
        for each in found["fields"]:
            if each["fieldName"] == code:
                params = {"moduleId": "crm", "id": each["id"]}
                ask(self.client, "userfieldconfig.delete", params, write=True)

    def drop(self) -> None:
        """Removes the process; RejectedError while it has items."""
        ask(self.client, "crm.type.delete", {"id": self.type_id}, write=True)

    def _command(self, change: Change) -> tuple[str, dict[str, Any]]:
        names = {**ATTRIBUTE, **self.names}
        fields = {names[name]: text or "" for name, text in change.texts.items() if name in names}
        params: dict[str, Any] = {"entityTypeId": self.entity_type_id, "fields": fields}
        if change.ref is None:
            return "crm.item.add", params
        return "crm.item.update", {**params, "id": change.ref}

    def _item(self, row: Mapping[str, Any]) -> Item:
        kinds = {spec.name: spec.kind for spec in self.fields}
        kinds |= {TITLE: FieldKind.TEXT, OWNER: FieldKind.TEXT}
        names = {**ATTRIBUTE, **self.names}
        texts = {name: read_value(kinds[name], row.get(names[name])) for name in names}
        return Item(ref=str(row["id"]), texts=texts)

    def _rows(self, parts: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
        select = ["id", *ATTRIBUTE.values(), *self.names.values()]
        filters = [{f"@{self.names[KEY]}": list(keys)} for keys in parts]
        commands = [
            Command(f"p{at}", "crm.item.list", self._listing(wanted, select))
            for at, wanted in enumerate(filters)
        ]
        outcomes = self.client.batch(commands).outcomes
        for command, wanted in zip(commands, filters, strict=True):
            rows = allowed(outcomes[command.key])["items"]
            while rows:
                yield from rows
                full = len(rows) == _PAGE
                rows = self._list({**wanted, ">id": rows[-1]["id"]}, select) if full else []

    def _listing(self, wanted: Mapping[str, Any], select: Sequence[str]) -> dict[str, Any]:
        return {
            "entityTypeId": self.entity_type_id,
            "filter": dict(wanted),
            "select": list(select),
            "order": {"id": "ASC"},
            "start": -1,
        }

    def _list(self, wanted: Mapping[str, Any], select: Sequence[str]) -> list[dict[str, Any]]:
        found = ask(self.client, "crm.item.list", self._listing(wanted, select))
        rows: list[dict[str, Any]] = found["items"]
        return rows

    def _send(self, calls: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[Outcome]:
        commands = [Command(f"c{at}", *call) for at, call in enumerate(calls)]
        outcomes = self.client.batch(commands, write=True).outcomes
        answers = [outcomes[command.key] for command in commands]
        return [denied(each) if isinstance(each, RemoteError) else None for each in answers]


def ask(
    client: Bitrix24Client, method: str, params: Mapping[str, Any], *, write: bool = False
) -> Any:
    """The result of one command, sent as a batch of one: there a refusal of the command and a
    refusal of the login differ. Raises AmbiguousError when a write's answer was lost."""
    reply = client.batch([Command("one", method, params)], write=write)
    return allowed(reply.outcomes["one"])


def allowed(outcome: Reply | RemoteError) -> Any:
    """The result of a command; raises its refusal, a missing right as DeniedError."""
    if isinstance(outcome, RemoteError):
        raise denied(outcome)
    return outcome.result
