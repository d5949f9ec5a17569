"""The scorecard in Bitrix24: a smart process with one item per manager and month."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.scorecard_item import SmartProcess, allowed, ask
from connectors.bitrix24.scorecard_text import FIELD_TYPE, MARK, PROCESS_TITLE, field_code
from connectors.destination import KEY, FieldSpec

_FIRST_ID = 1030
_IDS = 500_000
_SWITCHES = (
    "isAutomationEnabled",
    "isBizProcEnabled",
    "isCategoriesEnabled",
    "isClientEnabled",
    "isRecyclebinEnabled",
    "isStagesEnabled",
)


class Scorecard:
    """Finds and makes the smart process. `container` is its entityTypeId as text.

    Items are addressed by entityTypeId, fields by CRM_{id} of the type: two different numbers.
    (docs: crm.type.add, userfieldconfig.add)
    """

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    def adoptable(self) -> str | None:
        """A process with our title and our mark in its key field."""
        ours = [each for each in self._types() if each["title"] == PROCESS_TITLE]
        return next((str(each["entityTypeId"]) for each in ours if self._is_marked(each)), None)

    def choose(self, seed: str) -> str:
        """An even number from 1030 on that no process uses."""
        used = {int(each["entityTypeId"]) for each in self._types()}
        return str(next(number for number in _candidates(seed) if number not in used))

    def find(self, container: str, fields: Sequence[FieldSpec]) -> SmartProcess | None:
        """The process with its fields as they are now: one request."""
        number = int(container)
        both = [
            Command("type", "crm.type.list", {"filter": {"entityTypeId": number}}),
            Command("fields", "crm.item.fields", {"entityTypeId": number}),
        ]
        outcomes = self._client.batch(both).outcomes
        types = allowed(outcomes["type"])["types"]
        found = next((each for each in types if int(each["entityTypeId"]) == number), None)
        if found is None:
            return None
        there = as_map(allowed(outcomes["fields"])["fields"])
        names = _names(int(found["id"]), there, fields)
        return SmartProcess(
            client=self._client,
            type_id=int(found["id"]),
            entity_type_id=number,
            fields=fields,
            names=names,
            ours=found["title"] == PROCESS_TITLE or KEY in names,
        )

    def create(self, container: str) -> None:
        """Adds the process, without stages, robots and clients: of no use to a scorecard."""
        fields = {"title": PROCESS_TITLE, "entityTypeId": int(container)}
        switches = dict.fromkeys(_SWITCHES, "N")
        ask(self._client, "crm.type.add", {"fields": fields | switches}, write=True)

    def _types(self) -> Iterator[dict[str, Any]]:
        start: int | None = 0
        while start is not None:
            command = Command("types", "crm.type.list", {"order": {"id": "ASC"}, "start": start})
            reply = self._client.batch([command]).reply("types")
            yield from reply.result["types"]
            start = reply.next

    def _is_marked(self, process: dict[str, Any]) -> bool:
        code = field_code(int(process["id"]), KEY)
        wanted = {"entityId": f"CRM_{process['id']}", "fieldName": code}
        params = {"moduleId": "crm", "filter": wanted}
        found = ask(self._client, "userfieldconfig.list", params)["fields"]
        return any(each["fieldName"] == code and each.get("xmlId") == MARK for each in found)


def make_target(client: Bitrix24Client, _settings: object) -> Scorecard:
    """The writer of the destination kind `scorecard`."""
    return Scorecard(client)


def _names(type_id: int, there: dict[str, Any], fields: Sequence[FieldSpec]) -> dict[str, str]:
    """Our name -> the camel-case name, whose spelling follows no rule: looked up by `upperName`."""
    by_code = {entry.get("upperName", name): (name, entry) for name, entry in there.items()}
    names = {}
    for spec in fields:
        name, entry = by_code.get(field_code(type_id, spec.name), ("", {}))
        if entry.get("type") == FIELD_TYPE[spec.kind]:
            names[spec.name] = name
    return names


def _candidates(seed: str) -> Iterator[int]:
    for turn in range(_IDS):
        digest = hashlib.sha256(f"{seed}:{turn}".encode()).digest()
        yield _FIRST_ID + 2 * (int.from_bytes(digest[:8]) % _IDS)
