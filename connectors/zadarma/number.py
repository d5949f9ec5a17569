"""Who is behind a number of a report: an employee by extension, or a client."""

import re
from typing import Any

from connectors.base import Context, PhoneMark, Record
from connectors.phone import mark_told, written_digits

LONGEST_EXTENSION = 6
"""Digits. Every number outside is told with its country, so none is as short."""

_WITHIN = re.compile(r"<([^<>]*)>\s*$")


def digits_of(value: Any) -> str:
    """The digits of a number that is a text, a number, or stands in brackets behind a name.

    Of a name without brackets there are none, whatever digits it has.
    """
    text = "" if value is None else str(value)
    within = _WITHIN.search(text)
    return written_digits(within[1] if within else text)


def extension_of(record: Record, *names: str) -> str | None:
    """The first of these fields that is an extension."""
    found = (digits_of(record.get(name)) for name in names)
    return next((each for each in found if _is_extension(each)), None)


def marked(value: Any, context: Context) -> PhoneMark:
    """Whose number it is, by its digits; nobody's where it is hidden."""
    return mark_told(digits_of(value), context)


def _is_extension(digits: str) -> bool:
    return 2 <= len(digits) <= LONGEST_EXTENSION
