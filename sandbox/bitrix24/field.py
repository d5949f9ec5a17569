"""A column of a CRM record: its names in both families, its kind, and how it is shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.moment import iso

Getter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """`name` is the new family's, `upper` the old family's and the data base's.

    Getters give int, float, str, list, None; moments as seconds; flags as Y or N.
    """

    name: str
    upper: str
    kind: str
    get: Getter
    title: str = ""
    read_only: bool = False
    required: bool = False
    multiple: bool = False
    dynamic: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Iterable[Mapping[str, str]] = ()

    def describe(self) -> dict[str, Any]:
        """The entry of this field in crm.item.fields."""
        entry: dict[str, Any] = {
            "type": self.kind,
            "isRequired": self.required,
            "isReadOnly": self.read_only,
            "isImmutable": False,
            "isMultiple": self.multiple,
            "isDynamic": self.dynamic,
            "title": self.title or self.name,
        }
        if self.settings:
            entry["settings"] = dict(self.settings)
        if self.kind == "enumeration":
            entry["items"] = [{"ID": one["id"], "VALUE": one["value"]} for one in self.options]
        entry["upperName"] = self.upper
        return entry


def show(kind: str, value: Any) -> Any:
    """A value as the new family writes it in JSON."""
    if kind in ("datetime", "date"):
        return [iso(at) for at in value] if isinstance(value, list) else iso(value)
    if kind == "double" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def show_old(kind: str, value: Any) -> Any:
    """A value as the old family writes it: every scalar is a string."""
    if value is None or isinstance(value, (list, dict)):
        return value
    if kind in ("datetime", "date"):
        return iso(value)
    if kind == "double":
        return f"{value:.2f}"
    return str(value)


def by_name(fields: Iterable[Field]) -> dict[str, Field]:
    """Index fields by their new-family name."""
    return {item.name: item for item in fields}


def by_upper(fields: Iterable[Field]) -> dict[str, Field]:
    """Index fields by their old-family name."""
    return {item.upper: item for item in fields}


def attribute(name: str) -> Getter:
    """A getter of a record's own attribute."""
    return lambda row: getattr(row, name)


def constant(value: Any) -> Getter:
    """A getter of columns that the simulated company never fills."""
    return lambda _row: value
