"""What a `get` method is asked: every parameter is checked as the vendor checks it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sandbox.uis.column import Columns
from sandbox.uis.problem import Problem

_DEFAULT_LIMIT, _MOST, _FARTHEST = 1_000, 10_000, 100_000
_LISTED = {"limit", "offset", "filter", "fields", "sort", "user_id"}
_SAME: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda found, value: bool(found == value),
    "!=": lambda found, value: bool(found != value),
    "in": lambda found, value: found in value,
}
Row = dict[str, Any]


def allow(params: Mapping[str, Any], more: Sequence[str]) -> None:
    """Refuse parameters that the method does not have."""
    for name in params.keys() - _LISTED - {"access_token", *more}:
        raise Problem("unexpected_parameters", field=name, value=params[name])


def listed(rows: Sequence[Row], params: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """The asked page of rows, of their asked columns, and how many there are."""
    names = _fields(params, columns)
    limit = _number(params, "limit", _DEFAULT_LIMIT, _MOST)
    offset = _number(params, "offset", 0, _FARTHEST)
    found = _sorted(_filtered(rows, params.get("filter"), columns), params, columns)
    shown = [{name: row.get(name) for name in names} for row in found[offset : offset + limit]]
    return {"metadata": {"total_items": len(found)}, "data": shown}


def _fields(params: Mapping[str, Any], columns: Columns) -> list[str]:
    asked = params.get("fields")
    if asked is None:
        return sorted(columns.unasked)
    if not isinstance(asked, list):
        raise Problem("data_type_error", field="fields", value=asked)
    for name in asked:
        if name not in columns.names:
            raise Problem("unexpected_parameters", field="fields", value=name)
    return asked


def _number(params: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = params.get(name, default)
    if type(value) is not int:
        raise Problem("data_type_error", field=name, value=value)
    if not 0 <= value <= most:
        raise Problem("invalid_parameter_value", field=name, value=value)
    return value


def _sorted(rows: list[Row], params: Mapping[str, Any], columns: Columns) -> list[Row]:
    for key in reversed(params.get("sort") or []):
        name = key.get("field")
        if name not in columns.names:
            raise Problem("unexpected_parameters", field="sort", value=name)
        if name not in columns.sorts:
            raise Problem("sort_prohibited", field=name)
        rows = sorted(rows, key=partial(_place, name), reverse=key.get("order") == "desc")
    return rows


def _place(name: str, row: Row) -> tuple[bool, Any]:
    """Empty values stand last."""
    return row.get(name) is None, row.get(name) or 0


def _filtered(rows: Sequence[Row], asked: Any, columns: Columns) -> list[Row]:
    if not asked:
        return list(rows)
    if "filters" in asked:
        kept = [{id(row) for row in _filtered(rows, one, columns)} for one in asked["filters"]]
        both = set.intersection if asked.get("condition", "and") == "and" else set.union
        wanted = both(*kept)
        return [row for row in rows if id(row) in wanted]
    name = asked.get("field")
    if name not in columns.filters:
        raise Problem("filter_prohibited", field=name)
    same = _SAME.get(asked.get("operator"))
    if same is None:
        raise Problem("invalid_parameter_value", field="filter", value=asked.get("operator"))
    return [row for row in rows if same(row.get(name), asked.get("value"))]
