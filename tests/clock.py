"""A clock that the agent and the vendor it speaks to share."""

import time
from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


class Clock:
    """Gives one aware UTC moment until it is told to go on."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        """Time goes by, so many seconds, minutes, hours or days."""
        self.now += timedelta(**span)


class Hurry:
    """A clock that begins at noon and runs faster, alike in every process that is given it."""

    def __init__(self, times: float = 5.0) -> None:
        self._began, self._times = time.time(), times

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=(time.time() - self._began) * self._times)

    def forward(self, *, seconds: float) -> None:
        """Waits until so much time has gone by."""
        time.sleep(seconds / self._times)
