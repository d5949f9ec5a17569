"""Moments as vendors keep and show them: seconds since 1970, ISO-8601 at +03:00, headers."""

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

_OFFSET_S = 3 * 3600
_DAY_S = 86400
SERVER_ZONE = timezone(timedelta(seconds=_OFFSET_S))
LOCAL = "%Y-%m-%d %H:%M:%S"
"""A moment of somebody's wall clock, as several vendors spell it."""

_FORMATS = (LOCAL, "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y")


def seconds(moment: datetime) -> float:
    """Seconds since 1970 of an aware moment; a naive one is refused with ValueError."""
    if moment.tzinfo is None:
        raise ValueError("the sandbox takes aware moments only")
    return moment.timestamp()


def utc(at: float) -> datetime:
    """The aware UTC moment of seconds since 1970."""
    return datetime.fromtimestamp(at, UTC)


def http_date(moment: datetime) -> str:
    """An aware moment as the `Date` header tells it (RFC 9110)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def iso(at: float | None) -> str | None:
    """Whole seconds with the server's offset, as every method of the portal shows them."""
    if at is None:
        return None
    return datetime.fromtimestamp(int(at), SERVER_ZONE).isoformat()


def local(at: float, zone: ZoneInfo) -> str:
    """Whole seconds as a clock of the zone shows them."""
    return datetime.fromtimestamp(int(at), zone).strftime(LOCAL)


def midnight(at: float) -> int:
    """The start of the server's day that holds the moment."""
    return int((at + _OFFSET_S) // _DAY_S) * _DAY_S - _OFFSET_S


def day_of(at: float, tz: str) -> date:
    """The day of a named time zone that holds the moment."""
    return datetime.fromtimestamp(at, ZoneInfo(tz)).date()


def weekday(at: float) -> int:
    """The server's day of the week, Monday 0; the first day of 1970 was a Thursday."""
    return (int((at + _OFFSET_S) // _DAY_S) + 3) % 7


def read_moment(value: object) -> int | None:
    """Whole seconds of a moment in a filter or a field; None when it is not one.

    Without an offset the server's time zone is meant.
    """
    text = str(value).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _read_formats(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SERVER_ZONE)
    return int(moment.timestamp())


def _read_formats(text: str) -> int | None:
    for pattern in _FORMATS:
        try:
            moment = datetime.strptime(text, pattern).replace(tzinfo=SERVER_ZONE)
        except ValueError:
            continue
        return int(moment.timestamp())
    return None
