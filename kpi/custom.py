"""Custom fields of records as columns of their facts: `field_NAME`, by [fields.SOURCE.deal]."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from store.table import CUSTOM_VALUE

FIELD = "field_"
NUMBER = "/number"
"""After the name of a field: its value as a number, in hundredths of the base currency."""

_NAME = re.compile(r"field_[a-z][a-z0-9_]*(/number)?")


def is_field(column: str) -> bool:
    """Whether a declaration means a custom field."""
    return _NAME.fullmatch(column) is not None


def name_of(column: str) -> str:
    """The field's name in the settings."""
    return column.removeprefix(FIELD).removesuffix(NUMBER)


class Columns(dict[str, ColumnElement[Any]]):
    """The columns of a fact by name; a custom field is looked up beside the record."""

    def __init__(self, kind: str, table: Table) -> None:
        super().__init__(table.c.items())
        self.kind = kind

    def __missing__(self, column: str) -> ColumnElement[Any]:
        if not is_field(column):
            raise KeyError(column)
        value = CUSTOM_VALUE.c
        found = value.base_number if column.endswith(NUMBER) else value.text
        return (
            select(found)
            .where(
                value.source_id == self["source_id"],
                value.kind == self.kind,
                value.ref == self["ref"],
                value.name == name_of(column),
            )
            .scalar_subquery()
        )
