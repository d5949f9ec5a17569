"""Entries with every version they ever had: clients and tasks, kept by id and time of change."""

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from sandbox.bitrix24.shelf import Shelf
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.moment import seconds
from sandbox.version import Versioned


class Entry(Versioned[Any]):
    """One entry; `versions` are of one NamedTuple with `at`, `updated_at`, `by`, `deleted`."""

    __slots__ = ("created_at", "created_by", "id")

    def __init__(self, entry_id: int, versions: list[Any]) -> None:
        super().__init__(versions)
        self.id = entry_id
        self.created_at: float = versions[0].at
        self.created_by: int = versions[0].by

    @property
    def extra(self) -> Mapping[str, Any] | None:
        """Custom fields by name, of those that have some."""
        found: Mapping[str, Any] | None = getattr(self.now, "extra", None)
        return found


class Book(Shelf[Entry]):
    """Every entry of one kind. Changes are thread-safe; `at` is aware and defaults to now."""

    def __init__(
        self,
        now: Callable[[], float],
        lock: RLock,
        *,
        id_field: str = "id",
        time_field: str = "updatedTime",
    ) -> None:
        super().__init__()
        self.id_field = id_field
        self.time_field = time_field
        self._now = now
        self._lock = lock

    def open(self, first: Callable[[float], Any], at: datetime | None = None) -> int:
        """A new entry; `first` makes its first version of the moment. Returns its id."""
        with self._lock:
            entry = Entry(max(self.every, default=0) + 1, [first(self.moment(at))])
            self.bring([entry])
            return entry.id

    def change(
        self, entry_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Sets the values; says whether anything changed."""
        with self._lock:
            entry = self.found(entry_id)
            before = entry.now
            if all(getattr(before, name) == value for name, value in values.items()):
                return False
            moment = max(self.moment(at), before.at)
            actor = before.owner if by is None else by
            entry.versions.append(before._replace(at=moment, updated_at=moment, by=actor, **values))
            self.note_change(entry)
            return True

    def touch(self, entry_id: int, *, at: datetime | None = None) -> None:
        """Moves the entry's time of change alone."""
        with self._lock:
            entry = self.found(entry_id)
            moment = max(self.moment(at), entry.now.at)
            entry.versions.append(entry.now._replace(at=moment, updated_at=moment))
            self.note_change(entry)

    def delete(self, entry_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Deletes an entry; no list tells of it."""
        with self._lock:
            entry = self.found(entry_id)
            moment = max(self.moment(at), entry.now.at)
            entry.versions.append(entry.now._replace(at=moment, by=by, deleted=True))
            self.hide(entry_id)
            return entry_id

    def restore(self, entry_id: int) -> int:
        """Brings a deleted entry back; its time of change does not move."""
        with self._lock:
            entry = self.every[entry_id]
            entry.versions.append(entry.now._replace(at=self._now(), deleted=False))
            self.reveal(entry_id)
            return entry_id

    def found(self, entry_id: int) -> Entry:
        """A living entry; KeyError when there is none."""
        entry = self.living(entry_id)
        if entry is None:
            raise KeyError(f"no entry {entry_id}")
        return entry

    def moment(self, at: datetime | None) -> float:
        """Seconds of an aware moment, else of now."""
        return self._now() if at is None else seconds(at)
