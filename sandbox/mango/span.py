"""Moments as orders of reports spell them, in Moscow time."""

from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.moment import LOCAL

MOSCOW = timezone(timedelta(hours=3))
SHOWN = "%d.%m.%Y %H:%M:%S"
_SPELLINGS = (SHOWN, LOCAL)


def read_span(value: Any) -> float | None:
    """Seconds since 1970; None for what is no moment."""
    for spelling in _SPELLINGS:
        try:
            return datetime.strptime(str(value), spelling).replace(tzinfo=MOSCOW).timestamp()
        except ValueError:
            continue
    return None


def show_moment(at: float) -> str:
    """As reports title their days."""
    return datetime.fromtimestamp(at, MOSCOW).strftime(SHOWN)


def day_of(at: float) -> str:
    """The day that holds a moment."""
    return datetime.fromtimestamp(at, MOSCOW).strftime("%d.%m.%Y")
