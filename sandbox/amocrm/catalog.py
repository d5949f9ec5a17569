"""Lists (`catalogs`) of the account and their elements."""

from dataclasses import dataclass

from sandbox.amocrm.lead import Values
from sandbox.amocrm.table import Table

MOST_CATALOGS = 10


@dataclass(slots=True)
class Catalog:
    """A list."""

    id: int
    name: str
    at: int
    by: int
    sort: int = 10
    type: str = "regular"
    can_add_elements: bool = True
    can_show_in_cards: bool = False
    can_link_multiple: bool = True
    can_be_deleted: bool = True
    sdk_widget_code: str | None = None
    updated_at: int = 0


class Element:
    """One row of a list."""

    __slots__ = (
        "catalog", "created_at", "created_by", "id", "name", "updated_at", "updated_by", "values",
    )  # fmt: skip

    def __init__(self, element_id: int, catalog: int, name: str, at: int, by: int) -> None:
        self.id = element_id
        self.catalog = catalog
        self.name = name
        self.created_at = self.updated_at = at
        self.created_by = self.updated_by = by
        self.values: Values = {}


class Elements(Table[Element]):
    """The rows of one list."""
