"""A clock that only sleeping moves."""

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Gives aware UTC moments; `sleep` moves it and returns at once. Thread-safe."""

    def __init__(self) -> None:
        self._now = datetime(2026, 10, 15, 12, tzinfo=UTC)
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        """Passes time."""
        with self._lock:
            self.slept.append(seconds)
            self._now += timedelta(seconds=seconds)

    def seconds(self) -> float:
        """Unix seconds."""
        return self._now.timestamp()
