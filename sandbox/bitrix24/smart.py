"""Smart processes: types an administrator makes, and their items."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.bitrix24.envelope import ApiError, bad_value
from sandbox.bitrix24.field import Field, attribute, by_name, constant, show
from sandbox.bitrix24.listing import Query
from sandbox.bitrix24.userfield import UserFields, camel_names, column
from sandbox.moment import iso

FLAGS = (
    "isCategoriesEnabled", "isStagesEnabled", "isBeginCloseDatesEnabled", "isClientEnabled",
    "isUseInUserfieldEnabled", "isLinkWithProductsEnabled", "isMycompanyEnabled",
    "isDocumentsEnabled", "isSourceEnabled", "isObserversEnabled", "isRecyclebinEnabled",
    "isAutomationEnabled", "isBizProcEnabled", "isSetOpenPermissions", "isPaymentsEnabled",
    "isCountersEnabled",
)  # fmt: skip
_LINKS = ("CALENDAR_EVENT|UF_CRM_CAL_EVENT", "TASKS_TASK|UF_CRM_TASK")


@dataclass(slots=True)
class Item:
    """An element of a smart process; `values` are custom fields by their UF name."""

    id: int
    created_at: int
    updated_at: int
    created_by: int
    updated_by: int
    title: str
    assigned: int
    xml_id: str | None = None
    opened: str = "Y"
    values: dict[str, Any] = field(default_factory=dict)


def _attributes(*names: tuple[str, str, str, str, str, bool]) -> list[Field]:
    return [
        Field(name, upper, kind, attribute(source), title, read_only)
        for name, upper, kind, source, title, read_only in names
    ]


_OWN = (
    *_attributes(
        ("id", "ID", "integer", "id", "ID", True),
        ("title", "TITLE", "string", "title", "Название", False),
        ("xmlId", "XML_ID", "string", "xml_id", "Внешний код", False),
        ("createdTime", "CREATED_TIME", "datetime", "created_at", "Когда создан", True),
        ("updatedTime", "UPDATED_TIME", "datetime", "updated_at", "Когда обновлён", True),
        ("createdBy", "CREATED_BY", "user", "created_by", "Кем создан", True),
        ("updatedBy", "UPDATED_BY", "user", "updated_by", "Кем обновлён", True),
        ("assignedById", "ASSIGNED_BY_ID", "user", "assigned", "Ответственный", False),
        ("opened", "OPENED", "boolean", "opened", "Доступен для всех", False),
    ),
    Field("webformId", "WEBFORM_ID", "integer", constant(None), "Создано CRM-формой"),
    Field("lastActivityBy", "LAST_ACTIVITY_BY", "user", attribute("created_by"), "", True),
    Field("lastActivityTime", "LAST_ACTIVITY_TIME", "datetime", attribute("created_at"), "", True),
)
_SETTABLE = {"title": "title", "xmlId": "xml_id", "assignedById": "assigned", "opened": "opened"}


class SmartProcess:
    """A type and its items. `id` names its fields, `entity_type_id` its items."""

    id_field = "id"
    time_field = "updatedTime"

    def __init__(self, type_id: int, title: str, at: int, by: int, userfields: UserFields) -> None:
        self.id = type_id
        self.entity_type_id = 0
        self.title = title
        self.created_at = self.updated_at = at
        self.created_by = self.updated_by = by
        self.flags = dict.fromkeys(FLAGS, "N") | {"isSetOpenPermissions": "Y"}
        self.items: dict[int, Item] = {}
        self._userfields = userfields
        self._last_id = 0

    @property
    def entity(self) -> str:
        """The entityId of its custom fields."""
        return f"CRM_{self.id}"

    def fields(self) -> dict[str, Field]:
        """Every column by its new-family name."""
        custom = self._userfields.of(self.entity)
        names = camel_names(custom)
        return by_name((*_OWN, *(column(item, names[item.name], "values") for item in custom)))

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[Item]:
        """Items within the bounds of id; there are never many."""
        ids = [item_id for item_id in self.items if query.holds(item_id)]
        return [self.items[item_id] for item_id in sorted(ids, reverse=falling)]

    def count(self, query: Query) -> int | None:
        """How many items lie within the id bounds."""
        return sum(1 for _ in self.rows(query))

    def add(self, raw: dict[str, Any], at: float, by: int) -> Item:
        """Create an item; unknown fields are ignored, empty ones take their defaults."""
        settled = self._read(raw)
        self._last_id += 1
        item = Item(self._last_id, int(at), int(at), by, by, "", by)
        self._store(item, settled)
        item.title = item.title or f"{self.title} #{item.id}"
        self.items[item.id] = item
        return item

    def update(self, item_id: int, raw: dict[str, Any], at: float, by: int) -> dict[str, Any]:
        """Change an item; returns what really changed. Without a change nothing is saved."""
        item = self.items[item_id]
        settled = self._read(raw)
        columns = self.fields()
        differing = {
            name: value for name, value in settled.items() if columns[name].get(item) != value
        }
        if differing:
            self._store(item, differing)
            item.updated_at, item.updated_by = int(at), by
        return differing

    def show(self, item: Item, columns: Iterable[Field] | None = None) -> dict[str, Any]:
        """The item as crm.item.get shows it."""
        chosen = self.fields().values() if columns is None else columns
        return {one.name: show(one.kind, one.get(item)) for one in chosen}

    def describe(self) -> dict[str, Any]:
        """The type as crm.type.list shows it."""
        shown: dict[str, Any] = {"id": self.id, "title": self.title, "code": ""}
        shown |= {"createdBy": self.created_by, "entityTypeId": self.entity_type_id}
        shown |= {"customSectionId": None, **self.flags}
        shown |= {"createdTime": iso(self.created_at), "updatedTime": iso(self.updated_at)}
        return shown | {"updatedBy": self.updated_by}

    def describe_fully(self) -> dict[str, Any]:
        """The type as crm.type.get shows it, with relations."""
        links = {**dict.fromkeys(_LINKS, "N"), "TASKS_TASK_TEMPLATE|UF_CRM_TASK": "N"}
        relations: dict[str, Any] = {"parent": [], "child": []}
        extra = {"relations": relations, "linkedUserFields": links, "customSections": []}
        return self.describe() | extra

    def _read(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Writable fields by name, in stored form; accepts UF names as well."""
        custom = {item.name: item for item in self._userfields.of(self.entity)}
        settled: dict[str, Any] = {}
        for one in self.fields().values():
            given = next((name for name in (one.name, one.upper) if name in raw), None)
            if given is None or one.read_only:
                continue
            try:
                if one.dynamic:
                    settled[one.name] = custom[one.upper].read(raw[given])
                elif one.name in _SETTABLE:
                    settled[one.name] = _own(one, raw[given])
            except (TypeError, ValueError):
                text = f'Invalid value for field "{one.name}"'
                raise ApiError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", text) from None
        return settled

    def _store(self, item: Item, settled: dict[str, Any]) -> None:
        columns = self.fields()
        for name, value in settled.items():
            if name in _SETTABLE:
                setattr(item, _SETTABLE[name], value)
            else:
                item.values[columns[name].upper] = value


class SmartProcesses:
    """The types of the portal."""

    def __init__(self, userfields: UserFields) -> None:
        self.by_id: dict[int, SmartProcess] = {}
        self._userfields = userfields
        self._last_id = 1

    def add(self, raw: dict[str, Any], at: float, by: int) -> SmartProcess:
        """Create a type from the documented keys of crm.type.add."""
        title = str(raw.get("title") or "")
        if not title:
            raise bad_value("title is required")
        entity_type_id = self._entity_type_id(raw.get("entityTypeId"))
        self._last_id += 1
        process = SmartProcess(self._last_id, title, int(at), by, self._userfields)
        process.entity_type_id = entity_type_id
        for flag in FLAGS:
            if raw.get(flag) in ("Y", "N"):
                process.flags[flag] = raw[flag]
        self.by_id[process.id] = process
        return process

    def by_entity_type(self, entity_type_id: int) -> SmartProcess:
        """The type of that entityTypeId; NOT_FOUND when there is none."""
        for process in self.by_id.values():
            if process.entity_type_id == entity_type_id:
                return process
        raise ApiError(400, "NOT_FOUND", "Smart process not found")

    def rows(self) -> list[dict[str, Any]]:
        """Every type as crm.type.list shows it."""
        return [process.describe() for process in self.by_id.values()]

    def _entity_type_id(self, raw: Any) -> int:
        taken = {process.entity_type_id for process in self.by_id.values()}
        if raw is None or raw == "":
            return next(number for number in range(1030, 9999, 2) if number not in taken)
        number = int(raw) if str(raw).isdigit() else 0
        if not (128 <= number <= 192 or (number >= 1030 and number % 2 == 0)):
            raise bad_value("entityTypeId is out of allowed range")
        if number in taken:
            raise bad_value(f"entityTypeId {number} is already taken")
        return number


def _own(one: Field, raw: Any) -> Any:
    if one.kind == "user":
        return int(raw)
    if one.kind == "boolean":
        return "Y" if str(raw) in ("Y", "1") else "N"
    return None if raw in (None, "") else str(raw)
