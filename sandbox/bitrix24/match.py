"""One condition of a filter: the wanted value read by the column's kind, then compared."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.field import Field
from sandbox.moment import read_moment
from sandbox.php import as_list

Passes = Callable[[Any], bool]
_WHOLE = frozenset(
    {"integer", "user", "employee", "crm_category", "crm_company", "crm_contact", "crm_entity"}
    | {"crm_deal", "crm_lead"}
)


class BadValue(ValueError):
    """The wanted value does not fit the column."""


def read_wanted(column: Field, raw: Any) -> Any:
    """The wanted value in the column's own type; None for an empty one."""
    if raw is None or raw == "":
        return None
    if column.kind in _WHOLE:
        return _number(raw, int)
    if column.kind == "double":
        return _number(raw, float)
    if column.kind in ("datetime", "date"):
        return _moment(raw)
    if column.kind == "boolean":
        return _flag(column, raw)
    return str(raw)


def matcher(operator: str, column: Field, raw: Any) -> Passes:
    """A test of one stored value; raises BadValue when `raw` cannot be compared with it."""
    negated = operator.startswith("!")
    bare = operator.removeprefix("!")
    passes = _positive(bare or "=", column, raw)
    return (lambda value: not passes(value)) if negated else passes


def _positive(operator: str, column: Field, raw: Any) -> Passes:
    if operator in ("%", "?"):
        return _contains(str(raw))
    if operator in ("=%", "%="):
        return _like(str(raw))
    if operator == "><":
        return _between(column, as_list(raw))
    if operator == "@" or isinstance(raw, (list, dict)):
        return _among(column, as_list(raw))
    wanted = read_wanted(column, raw)
    if operator == "=":
        return lambda value: _plain(value) == wanted
    if wanted is None and (column.kind in _WHOLE or column.kind == "double"):
        wanted = 0
    return _ordered(operator, wanted)


def _ordered(operator: str, wanted: Any) -> Passes:
    if wanted is None:
        return lambda _value: False
    if operator == ">":
        return lambda value: value is not None and _plain(value) > wanted
    if operator == ">=":
        return lambda value: value is not None and _plain(value) >= wanted
    if operator == "<":
        return lambda value: value is not None and _plain(value) < wanted
    return lambda value: value is not None and _plain(value) <= wanted


def _among(column: Field, raw: list[Any]) -> Passes:
    wanted = {read_wanted(column, item) for item in raw}

    def passes(value: Any) -> bool:
        if isinstance(value, list):
            return any(item in wanted for item in value)
        return _plain(value) in wanted

    return passes


def _between(column: Field, raw: list[Any]) -> Passes:
    if len(raw) != 2:
        raise BadValue("between takes two values")
    low, high = (read_wanted(column, item) for item in raw)
    return lambda value: value is not None and low <= _plain(value) <= high


def _contains(part: str) -> Passes:
    folded = part.casefold()
    return lambda value: value is not None and folded in str(value).casefold()


def _like(mask: str) -> Passes:
    pattern = re.compile(
        ".*".join(re.escape(part) for part in mask.split("%")), re.IGNORECASE | re.DOTALL
    )
    return lambda value: value is not None and pattern.fullmatch(str(value)) is not None


def _plain(value: Any) -> Any:
    """Empty text and null are one."""
    return None if value == "" else value


def _number(raw: Any, kind: type[int] | type[float]) -> Any:
    try:
        return kind(raw)
    except (TypeError, ValueError):
        raise BadValue(str(raw)) from None


def _moment(raw: Any) -> int:
    at = read_moment(raw)
    if at is None:
        raise BadValue(str(raw))
    return at


def _flag(column: Field, raw: Any) -> str:
    """Custom flags are filtered by 1 and 0 only, although they read as Y and N."""
    text = str(int(raw)) if isinstance(raw, bool) else str(raw)
    if text in ("1", "0"):
        return "Y" if text == "1" else "N"
    return "?" if column.dynamic else text
