"""Custom fields of every kind of entity: their definitions, and what they accept."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sandbox.amocrm.contact import EMAIL_ID, PHONE_ID, ROLE_ID
from sandbox.client_role import FIELD, ROLES
from sandbox.moment import midnight

ENTITIES = ("leads", "contacts", "companies", "customers")
CHOICES = frozenset({"select", "multiselect", "radiobutton", "category"})
PAID = frozenset({"monetary", "chained_list"})
TYPES = CHOICES | PAID | {
    "text", "textarea", "numeric", "checkbox", "date", "date_time", "birthday", "url",
    "multitext", "streetaddress", "smart_address", "price", "tracking_data",
}  # fmt: skip
TYPE_NUMBERS = {"text": 1, "numeric": 2, "checkbox": 3, "select": 4, "date": 6, "multitext": 8}
_TEXTS = frozenset({"text", "textarea", "url", "streetaddress", "tracking_data"})
_MOMENTS = frozenset({"date", "date_time", "birthday"})
WORK_PHONE = 381851
WORK_EMAIL = 381863
FIRST_ROLE = 381901


Enums = dict[int, tuple[str, int, str | None]]


@dataclass(slots=True)
class Field:
    """A custom field; `enums` are its choices by id."""

    id: int
    name: str
    type: str
    sort: int
    code: str | None = None
    predefined: bool = False
    api_only: bool = False
    group: str | None = None
    enums: Enums = field(default_factory=dict)
    currency: str | None = None

    def read(self, values: Any) -> list[dict[str, Any]]:
        """Values as they are stored; ValueError(code) for what the field does not accept."""
        if not isinstance(values, list) or not all(isinstance(item, dict) for item in values):
            raise ValueError("InvalidType")
        return [self._read_one(item) for item in values]

    def show(self, values: list[dict[str, Any]]) -> dict[str, Any]:
        """A filled field of a record."""
        return {
            "field_id": self.id,
            "field_name": self.name,
            "field_code": self.code,
            "field_type": self.type,
            "values": [dict(item) for item in values],
        }

    def _read_one(self, item: dict[str, Any]) -> dict[str, Any]:
        value = item.get("value")
        if self.type in CHOICES:
            return self._choice(item)
        if self.type == "multitext":
            return {"value": str(value), **self._kind(item)}
        if value is None:
            raise ValueError("NotNullable")
        if self.type == "checkbox":
            if not isinstance(value, bool):
                raise ValueError("InvalidType")
            return {"value": value}
        if self.type in _MOMENTS:
            at = _moment(value)
            return {"value": at if self.type == "date_time" else midnight(at)}
        if self.type in _TEXTS and not isinstance(value, str):
            raise ValueError("InvalidType")
        return {"value": str(value) if self.type in _TEXTS else _number(value)}

    def _choice(self, item: dict[str, Any]) -> dict[str, Any]:
        for enum_id, (text, _, code) in self.enums.items():
            if item.get("enum_id") == enum_id or item.get("value") == text:
                return {"value": text, "enum_id": enum_id, "enum_code": code}
        raise ValueError("NotSupportedChoice")

    def _kind(self, item: dict[str, Any]) -> dict[str, Any]:
        for enum_id, (text, _, code) in self.enums.items():
            if item.get("enum_id") == enum_id or item.get("enum_code") in (text, code):
                return {"enum_id": enum_id, "enum_code": code}
        enum_id, (_, _, code) = next(iter(self.enums.items()))
        return {"enum_id": enum_id, "enum_code": code}


class Fields:
    """The fields of every entity; catalogs have their own under `catalogs/<id>`."""

    def __init__(self) -> None:
        self._of: dict[str, dict[int, Field]] = {}
        self._next = count(5000001, 2)
        phones: Enums = {WORK_PHONE: ("WORK", 1, "WORK"), WORK_PHONE + 2: ("MOB", 2, "MOB")}
        mails: Enums = {WORK_EMAIL: ("WORK", 1, "WORK"), WORK_EMAIL + 2: ("PRIV", 2, "PRIV")}
        for entity in ("contacts", "companies"):
            self.put(
                entity, Field(PHONE_ID, "Телефон", "multitext", 4, "PHONE", True, enums=phones)
            )
            self.put(entity, Field(EMAIL_ID, "Email", "multitext", 6, "EMAIL", True, enums=mails))
        self.put("contacts", Field(271199, "Должность", "text", 2, "POSITION", True))
        roles: Enums = {FIRST_ROLE + 2 * at: (one, at, None) for at, one in enumerate(ROLES)}
        self.put("contacts", Field(ROLE_ID, FIELD, "select", 503, enums=roles))
        self.put("leads", Field(294471, "Маржа", "numeric", 500))
        self.put("leads", Field(294473, "Дата поставки", "date", 501))
        names = {511: "Сайт", 513: "Выставка", 515: "Рекомендация"}
        channels: Enums = {key: (name, key, None) for key, name in names.items()}
        self.put("leads", Field(294475, "Откуда узнали", "select", 502, enums=channels))

    def of(self, entity: str) -> dict[int, Field]:
        """The fields of an entity by id."""
        return self._of.setdefault(entity, {})

    def put(self, entity: str, one: Field) -> Field:
        """Add a field."""
        self.of(entity)[one.id] = one
        return one

    def fresh_id(self) -> int:
        """An id never used before, for a field or for one of its choices."""
        return next(self._next)

    def find(self, entity: str, item: dict[str, Any]) -> Field | None:
        """The field that a written value names by id or by code."""
        named = item.get("field_id")
        if named is not None:
            return self.of(entity).get(named) if isinstance(named, int) else None
        code = item.get("field_code")
        return next(
            (one for one in self.of(entity).values() if one.code and one.code == code), None
        )

    def show(self, entity: str, values: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The filled fields of a record."""
        known = self.of(entity)
        return [known[one].show(values[one]) for one in values if one in known]

    def write(
        self, entity: str, values: dict[int, list[dict[str, Any]]], sent: Any
    ) -> tuple[list[Field], list[tuple[str, str, str]]]:
        """Put the sent values into `values`; returns changed fields, or the mistakes in them.

        Nothing is changed when there is a mistake; fields not sent stay as they are.
        """
        if sent is None:
            return [], []
        if not isinstance(sent, list):
            return [], [("InvalidType", "custom_fields_values", "This value should be a list.")]
        wanted: dict[int, list[dict[str, Any]]] = {}
        mistakes: list[tuple[str, str, str]] = []
        for index, item in enumerate(sent):
            mistake = self._read(entity, item, wanted)
            if mistake:
                code, path = mistake
                path = f"custom_fields_values.{index}.{path}"
                mistakes.append((code, path, _DETAILS.get(code, "This value is not valid.")))
        if mistakes:
            return [], mistakes
        changed = [one for one in wanted if values.get(one, []) != wanted[one]]
        for one in changed:
            values[one] = wanted[one]
            if not wanted[one]:
                del values[one]
        known = self.of(entity)
        return [known[one] for one in changed], []

    def _read(
        self, entity: str, item: Any, wanted: dict[int, list[dict[str, Any]]]
    ) -> tuple[str, str] | None:
        one = self.find(entity, item) if isinstance(item, dict) else None
        if one is None:
            named = "field_code" if isinstance(item, dict) and "field_code" in item else "field_id"
            return "NotSupportedChoice", named
        if item.get("values") is None:
            wanted[one.id] = []
            return None
        try:
            wanted[one.id] = one.read(item["values"])
        except ValueError as error:
            return str(error), "values.0.value"
        return None


_DETAILS = {
    "NotSupportedChoice": "The value you selected is not a valid choice.",
    "NotNullable": "This value should not be null.",
    "InvalidType": "This value is of an invalid type.",
}


def enums_of(one: Field) -> list[dict[str, Any]] | None:
    """The choices of a field as the API shows them."""
    if not one.enums:
        return None
    return [
        {"id": enum_id, "value": text, "sort": sort} | ({"code": code} if code else {})
        for enum_id, (text, sort, code) in one.enums.items()
    ]


def _number(value: Any) -> str:
    """Numbers come back as text, without needless zeros."""
    if isinstance(value, bool):
        raise ValueError("InvalidType")
    text = str(value).replace(",", ".").strip()
    try:
        number = float(text)
    except ValueError:
        raise ValueError("InvalidType") from None
    if number.is_integer():
        return str(int(number))
    return text.rstrip("0") if "." in text else text


def _moment(value: Any) -> int:
    if isinstance(value, str):
        try:
            return int(datetime.fromisoformat(value).timestamp())
        except ValueError:
            raise ValueError("InvalidType") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("InvalidType")
    return int(value)
