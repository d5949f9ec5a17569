"""A clock that the agent and the vendor it speaks to share."""

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
