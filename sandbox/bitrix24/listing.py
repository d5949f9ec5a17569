"""Lists: filter grammar, ordering, and pages of fifty over rows that are kept by id."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from sandbox.bitrix24.envelope import PAGE, bad_value
from sandbox.bitrix24.field import Field
from sandbox.bitrix24.match import BadValue, matcher, read_wanted
from sandbox.php import as_list, as_map

Test = Callable[[Any], bool]
_KEY = re.compile(r"^(!><|!=%|!%=|>=|<=|><|!=|!%|!@|=%|%=|>|<|@|!|%|=|\?)?(.+)$")


class Source(Protocol):
    """Rows kept in order of id, with an index by id and perhaps one by time."""

    id_field: str
    time_field: str

    def rows(self, query: "Query", *, falling: bool = False) -> Iterable[Any]:
        """Every row that may match, by rising or falling id; may hold more than match."""

    def count(self, query: "Query") -> int | None:
        """How many rows lie within the id bounds; None when only reading can tell."""


@dataclass(slots=True)
class Query:
    """A parsed filter: bounds that an index can use, and tests for the rest."""

    lower: int = 0
    upper: int | None = None
    since: float | None = None
    tests: list[Test] = field(default_factory=list)

    def holds(self, row_id: int) -> bool:
        """Whether an id lies within the bounds."""
        return row_id >= self.lower and (self.upper is None or row_id <= self.upper)

    def matches(self, row: Any) -> bool:
        """Whether a row passes every test."""
        return all(test(row) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Page:
    """Fifty rows at most; `total` is 0 when counting was switched off by start=-1."""

    rows: list[Any]
    total: int
    next: int | None


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a family reads filters: its columns, and whether unknown ones are refused."""

    fields: Mapping[str, Field]
    strict: bool

    def column(self, name: str) -> Field | None:
        """The column of that name; the new family knows both spellings (universal/index.md)."""
        found = self.fields.get(name)
        if found is None and self.strict:
            found = next((one for one in self.fields.values() if one.upper == name), None)
        return found

    def test(self, name: str, operator: str, raw: Any) -> Test | None:
        """One condition; None when an unknown column is silently dropped."""
        column = self.column(name)
        if column is None:
            if self.strict:
                raise bad_value(f"Invalid filter: field '{name}' is not allowed in filter")
            return None
        try:
            passes = matcher(operator, column, raw)
        except BadValue:
            if self.strict:
                text = f"Invalid filter: field '{name}' has invalid value"
                raise bad_value(text) from None
            return lambda _row: False
        get = column.get
        return lambda row: passes(get(row))


def parse_filter(raw: Any, grammar: Grammar, source: Source) -> Query:
    """Read a filter map; bounds of the id and of the time index are taken out of it."""
    query = Query()
    conditions = as_map(raw)
    if str(conditions.get("logic", "AND")).upper() == "OR":
        query.tests.append(_group(conditions, grammar))
        return query
    for key, value in conditions.items():
        if key == "logic":
            continue
        if key.isdigit():
            query.tests.append(_group(as_map(value), grammar))
            continue
        operator, name = split_key(key)
        if not _bound(query, source, grammar, operator, name, value):
            test = grammar.test(name, operator, value)
            if test is not None:
                query.tests.append(test)
    return query


def split_key(key: str) -> tuple[str, str]:
    """Split a filter key into its operator (`=` by default) and its column."""
    found = _KEY.match(key)
    return (found[1] or "=", found[2]) if found else ("=", key)


def fetch(source: Source, query: Query, order: list[tuple[Field, bool]], start: int) -> Page:
    """One page. `start` -1 counts nothing and tells no next page."""
    falling = bool(order) and not order[0][1]
    if not order or order[0][0].name == source.id_field:
        return _fetch_by_id(source, query, falling, start)
    rows = [row for row in source.rows(query) if query.matches(row)]
    for column, up in reversed(order):
        rows.sort(key=_sort_key(column), reverse=not up)
    return _cut(rows, start)


def _fetch_by_id(source: Source, query: Query, falling: bool, start: int) -> Page:
    """Reads no more rows than it must."""
    rows = source.rows(query, falling=falling)
    if query.tests:
        rows = (row for row in rows if query.matches(row))
    if start < 0:
        return Page(list(islice(rows, PAGE)), 0, None)
    known = None if query.tests else source.count(query)
    if known is None:
        return _cut(list(rows), start)
    return _page(list(islice(rows, start, start + PAGE)), known, start)


def span(low: int, high: int, falling: bool) -> range:
    """The positions low..high-1, upwards or downwards."""
    return range(high - 1, low - 1, -1) if falling else range(low, high)


def read_order(raw: Any, grammar: Grammar) -> list[tuple[Field, bool]]:
    """Columns and directions (True = ascending) of an `order` map."""
    wanted = []
    for name, direction in as_map(raw).items():
        column = grammar.column(name)
        if column is not None and _direction(name, direction, grammar.strict) is not None:
            wanted.append((column, str(direction).upper() != "DESC"))
        elif column is None and grammar.strict:
            raise bad_value(f"Invalid order: field '{name}' is not allowed in order")
    return wanted


def read_start(raw: Any) -> int:
    """The offset of a page; anything that is no number is the first page."""
    try:
        return max(-1, int(raw))
    except (TypeError, ValueError):
        return 0


def read_select(raw: Any, fields: Mapping[str, Field], key: str) -> list[Field]:
    """The named columns, in either spelling, with masks `*` and `UF_*`; others are dropped."""
    names = [str(name) for name in as_list(raw)]
    if not names or "*" in names:
        return list(fields.values())
    wanted = {key, *names}
    custom = "UF_*" in wanted
    return [
        column
        for name, column in fields.items()
        if name in wanted or column.upper in wanted or (custom and column.dynamic)
    ]


def _direction(name: str, direction: Any, strict: bool) -> str | None:
    text = str(direction).upper()
    if text in ("ASC", "DESC"):
        return text
    if strict:
        raise bad_value(
            "Invalid order: allowed sort directions are `ASC, DESC`. "
            f"But got '{direction}' for field '{name}'"
        )
    return None


def _group(conditions: Mapping[str, Any], grammar: Grammar) -> Test:
    either = str(conditions.get("logic", "AND")).upper() == "OR"
    tests: list[Test] = []
    for key, value in conditions.items():
        if key == "logic":
            continue
        test = (
            _group(as_map(value), grammar)
            if key.isdigit()
            else grammar.test(split_key(key)[1], split_key(key)[0], value)
        )
        if test is not None:
            tests.append(test)
    if either:
        return lambda row: any(test(row) for test in tests)
    return lambda row: all(test(row) for test in tests)


def _bound(
    query: Query, source: Source, grammar: Grammar, operator: str, name: str, raw: Any
) -> bool:
    """Take over a condition that the id index answers alone; note one on the time index."""
    column = grammar.column(name)
    if column is None or isinstance(raw, (list, dict)):
        return False
    try:
        value = read_wanted(column, raw)
    except BadValue:
        return False
    if column.name == source.time_field and operator in (">", ">="):
        query.since = max(query.since or 0.0, float(value or 0))
        return False
    if column.name != source.id_field or operator not in (">", ">=", "<", "<=", "="):
        return False
    if value is None:  # PHP makes 0 of an empty reference, so the first page comes again
        value = 0
    if operator in (">", ">=", "="):
        query.lower = max(query.lower, value + 1 if operator == ">" else value)
    if operator in ("<", "<=", "="):
        bound = value - 1 if operator == "<" else value
        query.upper = bound if query.upper is None else min(query.upper, bound)
    return True


def _sort_key(column: Field) -> Callable[[Any], tuple[bool, Any]]:
    get = column.get

    def key(row: Any) -> tuple[bool, Any]:
        value = get(row)
        return (value is not None, 0 if value is None else value)

    return key


def _cut(rows: list[Any], start: int) -> Page:
    if start < 0:
        return Page(rows[:PAGE], 0, None)
    return _page(rows[start : start + PAGE], len(rows), start)


def _page(rows: list[Any], total: int, start: int) -> Page:
    following = start + PAGE
    return Page(rows, total, following if following < total else None)
