"""What a list request asks for: page, limit, order, filters and `with`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.amocrm.table import Choice, Test
from sandbox.php import Params, as_list, as_map

DEFAULT_LIMIT = 50
Reader = Callable[[Choice, str, Any], None]


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page, of how many rows."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        """How many rows lie before."""
        return (self.page - 1) * self.limit


def read_paging(params: Params, most: int) -> Paging:
    """A limit above the most falls back to the default, as its users found."""
    limit = whole(params.get("limit"), DEFAULT_LIMIT)
    if not 0 < limit <= most:
        limit = DEFAULT_LIMIT
    return Paging(max(1, whole(params.get("page"), 1)), limit)


def read_order(params: Params, allowed: tuple[str, ...], choice: Choice) -> None:
    """Take the first order that is documented for the list; others do nothing."""
    for name, direction in as_map(params.get("order")).items():
        if name in allowed:
            choice.order = name
            choice.falling = str(direction).casefold() == "desc"
            return


def read_with(params: Params) -> frozenset[str]:
    """The names in `with`."""
    raw = params.get("with")
    names = as_list(raw) if isinstance(raw, (list, dict)) else str(raw or "").split(",")
    return frozenset(str(name).strip() for name in names)


def read_filters(raw: Any, readers: Mapping[str, Reader], choice: Choice) -> None:
    """Apply every filter that the list knows; others do nothing."""
    for name, value in as_map(raw).items():
        reader = readers.get(name)
        if reader is not None:
            reader(choice, name, value)


def one_of(choice: Choice, name: str, value: Any) -> None:
    """A value or several, compared as text."""
    wanted = {str(item) for item in as_list(value)}
    choice.tests.append(lambda row: str(getattr(row, name)) in wanted)


def ids(choice: Choice, name: str, value: Any) -> None:
    """Several ids at most; found without looking at other rows when there is just one."""
    wanted = {whole(item, -1) for item in as_list(value)}
    choice.ranges[name] = (min(wanted, default=-1), max(wanted, default=-1))
    choice.tests.append(lambda row: getattr(row, name) in wanted)


def between(choice: Choice, name: str, value: Any) -> None:
    """`[from]` and `[to]`, both included; a bare moment matches nothing here."""
    if not isinstance(value, dict):
        choice.tests.append(nothing)
        return
    low, high = value.get("from"), value.get("to")
    choice.ranges[name] = (
        None if low is None else whole(low, 0),
        None if high is None else whole(high, 0),
    )


def between_or_since(choice: Choice, name: str, value: Any) -> None:
    """A bare moment means everything since then."""
    if isinstance(value, dict):
        between(choice, name, value)
    elif isinstance(value, str) and "," in value:
        low, _, high = value.partition(",")
        between(choice, name, {"from": low, "to": high})
    else:
        choice.ranges[name] = (whole(as_list(value)[0] if as_list(value) else 0, 0), None)


def nothing(_row: Any) -> bool:
    """The test that no row passes."""
    return False


def text_test(text: str, names: tuple[str, ...]) -> Test:
    """Full-text search, more or less."""
    wanted = text.casefold()
    return lambda row: any(wanted in str(getattr(row, name, "")).casefold() for name in names)


def whole(value: Any, default: int) -> int:
    """A whole number, or the default for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default
