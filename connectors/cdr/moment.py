"""Moments as a switchboard writes them: text, dates, seconds of 1970, Julian days; no zone."""

from datetime import datetime, timedelta
from typing import Any

from connectors.field import senseless

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (a server's clock has no zone)
_JULIAN_EPOCH = 2_440_587.5
_JULIAN_YEARS = (2_400_000.0, 2_600_000.0)


def local_seconds(value: Any, name: str) -> float:
    """A moment of the server's clock: text, a date with time, seconds of 1970, Julian days.

    SQLite keeps no dates; Kamailio's db_sqlite writes Julian days there.
    """
    try:
        if type(value) is str:
            if value[4:5] == "-":
                return (datetime.fromisoformat(value) - _EPOCH).total_seconds()
            value = float(value)
        if isinstance(value, datetime):
            return (value.replace(tzinfo=None) - _EPOCH).total_seconds()
        if _JULIAN_YEARS[0] < value < _JULIAN_YEARS[1]:
            return (float(value) - _JULIAN_EPOCH) * 86_400
        if value > 0:
            return float(value)
    except (ValueError, TypeError):
        pass
    raise senseless(name, "is no moment")


def utc_seconds(value: Any, name: str, offset_s: float) -> float:
    """A moment of an event in seconds of UTC: a number is that already, anything else is of the
    server's clock, which is `offset_s` ahead."""
    text = value.strip() if isinstance(value, str) else value
    at = local_seconds(text, name)
    return at if is_number(str(text)) else at - offset_s


def spelt_like(sample: Any, at_s: float) -> Any:
    """A moment of the server's clock as the column that holds `sample` keeps moments."""
    if isinstance(sample, datetime):
        return (_EPOCH + timedelta(seconds=at_s)).replace(tzinfo=sample.tzinfo)
    if isinstance(sample, str) and not is_number(sample):
        return (_EPOCH + timedelta(seconds=at_s)).strftime("%Y-%m-%d %H:%M:%S")
    if float(sample) < _JULIAN_YEARS[1]:
        return at_s / 86_400 + _JULIAN_EPOCH
    return str(at_s) if isinstance(sample, str) else at_s


def is_number(text: str) -> bool:
    """Whether a text is a number of digits, with a fraction or without."""
    return text.replace(".", "", 1).isdigit()
