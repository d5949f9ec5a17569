"""Custom fields: their settings, their irregular camelCase names, and their values."""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.bitrix24.envelope import ApiError
from sandbox.bitrix24.field import Field
from sandbox.moment import read_moment
from sandbox.php import as_list, as_map

TYPES = (
    "string", "integer", "double", "boolean", "date", "datetime", "money", "url", "address",
    "enumeration", "employee", "crm", "crm_status", "file",
)  # fmt: skip
_DEFAULTS: dict[str, dict[str, Any]] = {
    "string": {"SIZE": 20, "ROWS": 1, "MIN_LENGTH": 0, "MAX_LENGTH": 0, "DEFAULT_VALUE": ""},
    "integer": {"SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0, "DEFAULT_VALUE": None},
    "double": {"PRECISION": 2, "SIZE": 20, "MIN_VALUE": 0, "MAX_VALUE": 0},
    "boolean": {"DEFAULT_VALUE": 0, "DISPLAY": "CHECKBOX"},
    "datetime": {"USE_SECOND": "Y", "USE_TIMEZONE": "N"},
    "enumeration": {
        "DISPLAY": "LIST",
        "LIST_HEIGHT": 1,
        "CAPTION_NO_VALUE": "",
        "SHOW_NO_VALUE": "Y",
    },
}
_NAME = re.compile(r"^[A-Z0-9_]{1,50}$")
_TYPED_DIGITS = re.compile(r"^\d+$")
_WORD = re.compile(r"^[A-Z]+$")


@dataclass(slots=True)
class UserField:
    """The settings of one custom field; `entity` is CRM_DEAL or CRM_{id of a type}."""

    id: int
    entity: str
    name: str
    kind: str
    multiple: bool = False
    mandatory: bool = False
    xml_id: str | None = None
    sort: int = 100
    settings: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    options: list[dict[str, str]] = field(default_factory=list)

    def read(self, raw: Any) -> Any:
        """A value as it will be stored; empty becomes null; ValueError when it cannot be."""
        if self.multiple:
            return [self._read_one(item) for item in as_list(raw)]
        return self._read_one(raw)

    def _read_one(self, raw: Any) -> Any:
        if raw is None or raw == "":
            return None
        if self.kind == "double":
            return _rounded(raw, int(self.settings.get("PRECISION", 2)))
        if self.kind in ("integer", "employee"):
            return int(raw)
        if self.kind == "boolean":
            return "Y" if str(raw).casefold() in ("y", "1", "true") else "N"
        if self.kind in ("date", "datetime"):
            return _moment(raw)
        if self.kind == "enumeration":
            return self._option(raw)
        return str(raw)

    def _option(self, raw: Any) -> int:
        if str(raw) not in {option["id"] for option in self.options}:
            raise ValueError(f"{raw} is not an option")
        return int(raw)

    def show(self, languages: tuple[str, ...] = ("ru", "en")) -> dict[str, Any]:
        """The settings as userfieldconfig.get tells them: numbers come out as strings."""
        entry: dict[str, Any] = {
            "id": str(self.id),
            "entityId": self.entity,
            "fieldName": self.name,
            "userTypeId": self.kind,
            "xmlId": self.xml_id,
            "sort": str(self.sort),
            "multiple": "Y" if self.multiple else "N",
            "mandatory": "Y" if self.mandatory else "N",
            "showFilter": "N",
            "showInList": "Y",
            "editInList": "Y",
            "isSearchable": "N",
            "settings": self.settings or [],
            "languageId": {code: code for code in languages},
            "editFormLabel": {code: self.labels.get(code) for code in languages},
        }
        for key in ("listColumnLabel", "listFilterLabel", "errorMessage", "helpMessage"):
            entry[key] = dict.fromkeys(languages)
        if self.kind == "enumeration":
            entry["enum"] = self.options
        return entry


class UserFields:
    """Every custom field of the portal, by its id."""

    def __init__(self) -> None:
        self.by_id: dict[int, UserField] = {}
        self._last_id = 6951
        self._last_option = 3361

    def of(self, entity: str) -> list[UserField]:
        """The fields of one kind of record, oldest first."""
        return [item for item in self.by_id.values() if item.entity == entity]

    def add(self, raw: dict[str, Any]) -> UserField:
        """Create a field from the documented keys; other keys are ignored."""
        entity, name, kind = (str(raw.get(k, "")) for k in ("entityId", "fieldName", "userTypeId"))
        self._check(entity, name, kind)
        self._last_id += 2
        created = UserField(
            self._last_id,
            entity,
            name,
            kind,
            raw.get("multiple") == "Y",
            raw.get("mandatory") == "Y",
            raw.get("xmlId"),
            int(raw.get("sort") or 100),
            _DEFAULTS.get(kind, {}) | as_map(raw.get("settings")),
            _labels(raw.get("editFormLabel")),
        )
        created.options = [self._option(created, item) for item in as_list(raw.get("enum"))]
        self.by_id[created.id] = created
        return created

    def _check(self, entity: str, name: str, kind: str) -> None:
        if not name:
            raise ApiError(400, "", "The 'FIELD_NAME' field is not found.")
        if not kind:
            raise ApiError(400, "", "The 'USER_TYPE_ID' field is not found.")
        if kind not in TYPES or not _NAME.match(name):
            raise ApiError(400, "", "Fail to create new user field")
        if not name.startswith(_prefix(entity)) or name == _prefix(entity):
            raise ApiError(400, "", "You cannot create custom fields")
        if any(item.name == name for item in self.of(entity)):
            raise ApiError(400, "", f"Field {name} already exists")

    def _option(self, owner: UserField, raw: Any) -> dict[str, str]:
        self._last_option += 2
        option = as_map(raw)
        return {
            "id": str(self._last_option),
            "userFieldId": str(owner.id),
            "value": str(option.get("value", "")),
            "def": str(option.get("def", "N")),
            "sort": str(option.get("sort", 100)),
            "xmlId": str(option.get("xmlId") or f"{self._last_option:032x}"),
        }


def camel_names(fields: list[UserField]) -> dict[str, str]:
    """UF name -> the new family's name; two that would collide stay as they are."""
    names = {item.name: camel(item.name) for item in fields}
    taken = list(names.values())
    return {name: name if taken.count(short) > 1 else short for name, short in names.items()}


def camel(name: str) -> str:
    """camelCase of a UF name, as far as it can be turned back (universal/index.md).

    A word that mixes letters and digits, or digits after a word, keeps everything after
    `ufCrm_` as it is; so does a name of digits alone.
    """
    rest = name.removeprefix("UF_CRM_")
    words = rest.split("_")
    digits = 0
    while digits < len(words) and _TYPED_DIGITS.match(words[digits]):
        digits += 1
    if (digits == len(words) == 1) or not all(_WORD.match(word) for word in words[digits:]):
        return f"ufCrm_{rest}"
    return "ufCrm" + "_".join(words[:digits]) + "".join(w.capitalize() for w in words[digits:])


def column(item: UserField, short: str, values: str) -> Field:
    """The list column of a custom field; values live in the record's attribute `values`."""

    def get(row: Any) -> Any:
        stored = getattr(row, values) or {}
        return stored.get(item.name, [] if item.multiple else None)

    return Field(
        short,
        item.name,
        item.kind,
        get,
        title=item.labels.get("ru") or item.name,
        required=item.mandatory,
        multiple=item.multiple,
        dynamic=True,
        settings=item.settings,
        options=item.options,
    )


def _prefix(entity: str) -> str:
    if entity == "USER":
        return "UF_USR_"
    number = entity.removeprefix("CRM_")
    return f"UF_CRM_{number}_" if number.isdigit() else "UF_CRM_"


def _labels(raw: Any) -> dict[str, str]:
    if isinstance(raw, str):
        return {"ru": raw, "en": raw}
    return {code: str(text) for code, text in as_map(raw).items() if text}


def _rounded(raw: Any, precision: int) -> float:
    try:
        value = Decimal(str(raw)).quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP)
    except InvalidOperation:
        raise ValueError(f"{raw} is no number") from None
    return float(value)


def _moment(raw: Any) -> int:
    at = read_moment(raw)
    if at is None:
        raise ValueError(f"{raw} is no moment")
    return at
