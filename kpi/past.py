"""What a question needs to know of all time: read once, however many metrics and periods ask."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Past:
    """Remembers what was read for one question."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self._known: dict[tuple[Hashable, ...], Any] = {}

    def of(self, read: Callable[..., T], *by: Hashable) -> T:
        """What `read(past, *by)` finds, which must not depend on days and is not to be changed."""
        key = (read, *by)
        if key not in self._known:
            self._known[key] = read(self, *by)
        found: T = self._known[key]
        return found
