"""Records of one kind by id and by time of change; lists see the living ones only."""

import random
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from sandbox.bitrix24.listing import Query, span


class _State(Protocol):
    @property
    def updated_at(self) -> float: ...
    @property
    def deleted(self) -> bool: ...


class Kept(Protocol):
    """A record with versions, the current one `now`."""

    id: int

    @property
    def now(self) -> _State:
        """The current version."""


T = TypeVar("T", bound=Kept)


class Shelf(Generic[T]):
    """Every record ever, deleted ones too; what a list shows of them is found without a scan."""

    def __init__(self) -> None:
        self.every: dict[int, T] = {}
        self._living: list[int] = []
        self._changes: list[tuple[float, int]] = []
        self.on_gone: Callable[[int], None] = lambda _id: None

    def bring(self, records: Sequence[T]) -> None:
        """Take in many records with the histories they bring, by ascending id."""
        self.every.update((record.id, record) for record in records)
        self._living += [record.id for record in records if not record.now.deleted]
        self._changes += [(record.now.updated_at, record.id) for record in records]
        self._changes.sort()

    def note_change(self, record: T) -> None:
        """Index the newest change of a record."""
        change = (record.now.updated_at, record.id)
        if self._changes and change < self._changes[-1]:
            insort(self._changes, change)
        else:
            self._changes.append(change)

    def hide(self, record_id: int) -> None:
        """Take a deleted record out of the lists."""
        self._living.pop(bisect_left(self._living, record_id))
        self.on_gone(record_id)

    def reveal(self, record_id: int) -> None:
        """Put a restored record back into the lists."""
        insort(self._living, record_id)

    def sample(self, rng: random.Random) -> T | None:
        """Some living record; None when there is none."""
        return self.every[rng.choice(self._living)] if self._living else None

    def living(self, record_id: int) -> T | None:
        """A record that can be read now."""
        record = self.every.get(record_id)
        return None if record is None or record.now.deleted else record

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[T]:
        """Living records within the bounds; few recent changes are found by their own index."""
        low, high = self._bounds(query)
        if query.since is not None:
            first = bisect_left(self._changes, (float(int(query.since)), 0))
            if len(self._changes) - first < (high - low) // 4:
                return self._changed(first, query, falling)
        every, living = self.every, self._living
        return (every[living[index]] for index in span(low, high, falling))

    def count(self, query: Query) -> int | None:
        """How many living records lie within the id bounds."""
        low, high = self._bounds(query)
        return max(0, high - low)

    def _changed(self, first: int, query: Query, falling: bool) -> Iterable[T]:
        ids = {record_id for _, record_id in self._changes[first:]}
        for record_id in sorted(ids, reverse=falling):
            record = self.living(record_id) if query.holds(record_id) else None
            if record is not None:
                yield record

    def _bounds(self, query: Query) -> tuple[int, int]:
        low = bisect_left(self._living, query.lower)
        if query.upper is None:
            return low, len(self._living)
        return low, bisect_left(self._living, query.upper + 1)
