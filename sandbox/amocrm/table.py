"""Rows of one kind by id, found by ranges of their attributes, and paged in any order."""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

Test = Callable[[Any], bool]
_KEPT = 16


class Kept(Protocol):
    """A row of a table."""

    id: int


T = TypeVar("T", bound=Kept)


@dataclass(slots=True)
class Choice:
    """What a list shows: ranges (both ends included) and tests, in an order.

    Choices of one `mark` are the same, so that their pages are found once; "" is never kept.
    """

    ranges: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    tests: list[Test] = field(default_factory=list)
    order: str = "id"
    falling: bool = False
    mark: str = ""


class Table(Generic[T]):
    """`rows` are what lists show, `trash` what was deleted and is still kept."""

    def __init__(self) -> None:
        self.rows: dict[int, T] = {}
        self.trash: dict[int, T] = {}
        self._orders: dict[str, list[tuple[int, int]]] = {}
        self._pages: dict[str, list[T]] = {}
        self._indexes: dict[str, dict[int, list[int]]] = {}

    def bring(self, rows: Iterable[T]) -> None:
        """Take in many."""
        self.rows.update((row.id, row) for row in rows)
        self.touch()

    def put(self, row: T) -> None:
        """Take in one, or note that it changed."""
        self.rows[row.id] = row
        self.touch()

    def hide(self, row_id: int) -> None:
        """Move a row to the trash."""
        self.trash[row_id] = self.rows.pop(row_id)
        self.touch()

    def reveal(self, row_id: int) -> None:
        """Move a row back from the trash."""
        self.rows[row_id] = self.trash.pop(row_id)
        self.touch()

    def touch(self) -> None:
        """Forget what was found, because something changed."""
        self._orders.clear()
        self._pages.clear()
        self._indexes.clear()

    def every(self) -> Iterable[T]:
        """Rows and trash."""
        yield from self.rows.values()
        yield from self.trash.values()

    def sample(self, rng: random.Random) -> T | None:
        """Some row; None when there is none."""
        order = self._ordered("id")
        return self.rows[rng.choice(order)[1]] if order else None

    def page(self, choice: Choice, offset: int, limit: int) -> list[T]:
        """The rows of one page."""
        rows, order = self.rows, self._ordered(choice.order)
        if not choice.ranges and not choice.tests:
            if choice.falling:
                last = len(order) - offset
                order = order[max(0, last - limit) : max(0, last)][::-1]
            else:
                order = order[offset : offset + limit]
            return [rows[row_id] for _, row_id in order]
        found = self._pages.get(choice.mark)
        if found is None:
            found = self._found(choice)
            found.sort(key=_order_key(choice.order), reverse=choice.falling)
            if choice.mark:
                if len(self._pages) >= _KEPT:
                    self._pages.clear()
                self._pages[choice.mark] = found
        return found[offset : offset + limit]

    def ids_with(self, name: str, value: int) -> list[int]:
        """The rows that have a value."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = {}
            for row in self.rows.values():
                index.setdefault(getattr(row, name), []).append(row.id)
        return index.get(value, [])

    def _found(self, choice: Choice) -> list[T]:
        rows = self.rows
        ranges = dict(choice.ranges)
        found: Iterable[T] = rows.values()
        if ranges:
            name, (low, high) = ranges.popitem()
            order = self._ordered(name)
            first = 0 if low is None else bisect_left(order, (low, -1))
            last = len(order) if high is None else bisect_right(order, (high, 1 << 62))
            found = [rows[row_id] for _, row_id in order[first:last]]
        for name, (low, high) in ranges.items():
            found = [row for row in found if _within(getattr(row, name), low, high)]
        return [row for row in found if all(test(row) for test in choice.tests)]

    def _ordered(self, name: str) -> list[tuple[int, int]]:
        """(value, id) of every row that has the value, rising."""
        order = self._orders.get(name)
        if order is None:
            values = ((getattr(row, name), row.id) for row in self.rows.values())
            order = sorted((value, row_id) for value, row_id in values if value is not None)
            self._orders[name] = order
        return order


def _order_key(name: str) -> Callable[[Any], tuple[int, int]]:
    return lambda row: (getattr(row, name) or 0, row.id)


def _within(value: int | None, low: int | None, high: int | None) -> bool:
    if value is None:
        return False
    return (low is None or value >= low) and (high is None or value <= high)
