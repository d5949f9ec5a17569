"""Spans of time that a telephone system is asked for one by one, none longer than it answers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.base import Since


class Window(NamedTuple):
    """Calls begun at or after `begins_at` and before `ends_at`; aware, UTC."""

    begins_at: datetime
    ends_at: datetime


def resumed_from(since: Since) -> datetime:
    """Where a run begins to read whose checkpoints are moments in ISO 8601."""
    return datetime.fromisoformat(since.checkpoint) if since.checkpoint else since.changed_from


def windows(since: Since, until: datetime, longest: timedelta) -> Iterator[Window]:
    """What is left to ask for, the oldest first.

    The checkpoint of a page is the `ends_at` of its window in ISO 8601, so that a run goes on after
    the last window that was kept. There is always one, if only an empty one.
    """
    begins_at = resumed_from(since)
    while True:
        ends_at = min(begins_at + longest, max(until, begins_at))
        yield Window(begins_at, ends_at)
        if ends_at >= until:
            return
        begins_at = ends_at
