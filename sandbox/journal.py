"""What the server was asked: one record a request, in order."""

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """`commands` are the inner methods of a batch; `status` 0 = closed without an answer."""

    seq: int
    at: datetime
    method: str
    commands: tuple[str, ...]
    status: int
    error: str | int | None

    def plain(self) -> dict[str, Any]:
        """The record as JSON."""
        return asdict(self) | {"at": self.at.isoformat()}


class Journal:
    """A list of records that many threads may read. Secrets never enter it."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._lock = threading.Lock()

    def add(
        self,
        at: datetime,
        method: str,
        commands: list[str],
        status: int,
        error: str | int | None,
    ) -> None:
        """Append the record of a finished request."""
        with self._lock:
            seq = len(self._records) + 1
            self._records.append(Record(seq, at, method, tuple(commands), status, error))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records.clear()

    def calls(self) -> list[str]:
        """Every method called, with a batch spread into its commands."""
        return [name for record in self for name in (record.commands or (record.method,))]

    def __iter__(self) -> Iterator[Record]:
        with self._lock:
            return iter(list(self._records))

    def __len__(self) -> int:
        with self._lock:
            return len(self._records)

    def __getitem__(self, index: int) -> Record:
        with self._lock:
            return self._records[index]
