"""One condition of a metric's `where`: a column, a lookup and a value, compiled to SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

_COMPARE: Mapping[str, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column.is_distinct_from(value),
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "in": lambda column, value: column.in_(value),
    "isnull": lambda column, value: column.is_(None) if value else column.is_not(None),
}
LOOKUPS = tuple(_COMPARE)
"""What may follow `__` after a column; a bare column means `eq`."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`column lookup value`; an empty column is compared with `ne` as a value like any other."""

    column: str
    lookup: str
    value: int | str | bool | tuple[int | str, ...]

    def compile(self, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        """The SQL of the condition over the columns of a fact or its journal."""
        return _COMPARE[self.lookup](columns[self.column], self.value)
