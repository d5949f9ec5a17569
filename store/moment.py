"""Moments as integer milliseconds UTC, and the local day of a moment as YYYYMMDD."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC; raises ValueError for a moment without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment.isoformat()}")
    since = moment - EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


def from_ms(value: int) -> datetime:
    """The aware UTC moment of `to_ms`."""
    return EPOCH + value * _MILLISECOND


def to_day(moment: datetime, zone: ZoneInfo) -> int:
    """The local calendar day of a moment as an integer YYYYMMDD."""
    local = moment.astimezone(zone)
    return local.year * 10000 + local.month * 100 + local.day


def day_number(day: date) -> int:
    """A calendar day as the integer YYYYMMDD."""
    return day.year * 10000 + day.month * 100 + day.day


def day_date(number: int) -> date:
    """The calendar day of an integer YYYYMMDD."""
    return date(number // 10000, number // 100 % 100, number % 100)


class LocalDays:
    """The local day YYYYMMDD of a moment in milliseconds, remembered for whole hours."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[int, int | None] = {}

    def __call__(self, moment_ms: int) -> int:
        hour = moment_ms // _HOUR_MS
        if hour not in self._days:
            self._days[hour] = self._day_of_hour(hour * _HOUR_MS)
        day = self._days[hour]
        # The hour in which a day ends, where midnight is not at a full hour UTC.
        return to_day(from_ms(moment_ms), self._zone) if day is None else day

    def _day_of_hour(self, begins_ms: int) -> int | None:
        first = to_day(from_ms(begins_ms), self._zone)
        last = to_day(from_ms(begins_ms + _HOUR_MS - 1), self._zone)
        return first if first == last else None


class Moment(TypeDecorator[datetime]):
    """One instant, one value: two writers of one moment can never store two texts for it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_ms(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_ms(value)
