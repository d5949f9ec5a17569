"""What no fact may hold, whichever connector made it: values the store or a sum would break on."""

from datetime import UTC, datetime
from typing import Any

import msgspec

LARGEST = 10**15
"""Of an amount in minor units, or of any whole number: thousands of such still add up safely."""
_EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_fields = msgspec.structs.astuple


def why_refused(fact: Any) -> str | None:
    """Why the fact cannot be kept, naming the field and never its value; None when it can."""
    for place, value in enumerate(_fields(fact)):
        kind = type(value)
        if kind is str:
            # The first test is fast and true of nearly every text.
            if not value.isprintable() and not _is_storable(value):
                return _reason(fact, place, "holds characters that cannot be stored")
        elif kind is datetime:
            if value.tzinfo is None:
                return _reason(fact, place, "has no time zone")
            if not _EARLIEST <= value < _LATEST:
                return _reason(fact, place, "is before 1970 or after 2199")
        elif isinstance(value, int) and abs(value) > LARGEST:
            return _reason(fact, place, "is too large")
        elif kind is tuple:
            parts = (why_refused(each) for each in value if isinstance(each, msgspec.Struct))
            if reason := next(filter(None, parts), None):
                return reason
    return None


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _reason(fact: Any, place: int, why: str) -> str:
    return f"{type(fact).__name__}.{fact.__struct_fields__[place]} {why}."
