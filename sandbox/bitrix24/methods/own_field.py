"""user.userfield.* and crm.deal.userfield.*: custom fields in the old family, all in upper case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.listing import split_key
from sandbox.bitrix24.method import Call, Method
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.userfield import UserField
from sandbox.php import as_list, as_map

_KEYS = {
    "id": "ID",
    "entityId": "ENTITY_ID",
    "fieldName": "FIELD_NAME",
    "userTypeId": "USER_TYPE_ID",
    "xmlId": "XML_ID",
    "sort": "SORT",
    "multiple": "MULTIPLE",
    "mandatory": "MANDATORY",
    "showFilter": "SHOW_FILTER",
    "showInList": "SHOW_IN_LIST",
    "editInList": "EDIT_IN_LIST",
    "isSearchable": "IS_SEARCHABLE",
    "settings": "SETTINGS",
}


@dataclass(frozen=True, slots=True)
class _Family:
    """The fields of one kind of record; `duplicate` is how it refuses a name that is taken."""

    name: str
    entity: str
    prefix: str
    scope: str
    duplicate: tuple[str, str]

    def methods(self) -> dict[str, Method]:
        """The four methods of the family."""
        runs: dict[str, Callable[[Call], Reply]] = {
            "add": self.add,
            "list": self.list,
            "update": self.update,
            "delete": self.delete,
        }
        return {f"{self.name}.{verb}": Method((self.scope,), run) for verb, run in runs.items()}

    def add(self, call: Call) -> Reply:
        """Answers the new field's id as a number."""
        _open(call)
        raw = as_map(call.any_case("fields"))
        name = str(raw.get("FIELD_NAME") or "").upper()
        if name and not name.startswith(self.prefix):
            name = self.prefix + name.removeprefix("UF_")
        fields = call.portal.userfields
        if name and any(each.name == name for each in fields.of(self.entity)):
            code, text = self.duplicate
            raise ApiError(400, code, text.format(name))
        named = {key: raw.get(upper) for key, upper in _KEYS.items()}
        labels = {"editFormLabel": raw.get("EDIT_FORM_LABEL") or raw.get("LABEL")}
        own = {"entityId": self.entity, "fieldName": name, "userTypeId": raw.get("USER_TYPE_ID")}
        created = fields.add(named | labels | {k: v or "" for k, v in own.items()})
        self._note(call, "add", created)
        return Reply(created.id)

    def list(self, call: Call) -> Reply:
        """Every field that passes the filter; there is no second page."""
        _open(call)
        rows = [_show(each) for each in call.portal.userfields.of(self.entity)]
        for key, value in as_map(call.any_case("filter")).items():
            operator, name = split_key(key)
            wanted = {str(each) for each in as_list(value)}
            rows = [
                row
                for row in rows
                if (str(row.get(name.upper())) in wanted) != operator.startswith("!")
            ]
        return Reply(rows, len(rows))

    def update(self, call: Call) -> Reply:
        """Labels and the order may change, the name and the type may not."""
        found = self._found(call)
        raw = as_map(call.any_case("fields"))
        label = raw.get("EDIT_FORM_LABEL") or raw.get("LABEL")
        if label:
            found.labels = {k: str(v) for k, v in as_map(label).items()} or {"ru": str(label)}
        found.sort = int(raw.get("SORT") or found.sort)
        self._note(call, "update", found)
        return Reply(True)

    def delete(self, call: Call) -> Reply:
        """Takes the field away with its values."""
        gone = self._found(call)
        del call.portal.userfields.by_id[gone.id]
        for user in call.portal.users.values():
            user.values.pop(gone.name, None)
        for deal in call.portal.deals.every.values():
            (deal.extra or {}).pop(gone.name, None)
        self._note(call, "delete", gone)
        return Reply(True)

    def _found(self, call: Call) -> UserField:
        _open(call)
        number = str(call.any_case("id") or "")
        if not number.isdigit():
            raise ApiError(400, "", "ID is not defined or invalid.")
        fields = call.portal.userfields.of(self.entity)
        found = next((each for each in fields if each.id == int(number)), None)
        if found is None:
            raise ApiError(400, "", "Access denied.")
        return found

    def _note(self, call: Call, verb: str, item: UserField) -> None:
        write = Write(f"{self.name}.{verb}", 0, item.id, {"fieldName": item.name})
        call.portal.note_write(write, robots=False)


def _open(call: Call) -> None:
    if not call.portal.access.admin:
        raise ApiError(400, "", "Access denied.")


def _show(item: UserField) -> dict[str, Any]:
    shown = item.show()
    row = {upper: shown.get(key, "N") for key, upper in _KEYS.items()}
    options = [
        {"ID": one["id"], "SORT": one["sort"], "VALUE": one["value"], "DEF": one["def"]}
        for one in item.options
    ]
    return row | ({"LIST": options} if options else {})


_FAMILIES = (
    _Family(
        "user.userfield",
        "USER",
        "UF_USR_",
        "user.userfield",
        ("ERROR_CORE", "Поле {} для объекта USER уже существует"),
    ),
    _Family(
        "crm.deal.userfield",
        "CRM_DEAL",
        "UF_CRM_",
        "crm",
        ("ERROR_CORE", "Поле {} для объекта CRM_DEAL уже существует"),
    ),
)

METHODS = {name: method for family in _FAMILIES for name, method in family.methods().items()}
