"""Working hours written as `09:00-18:00`."""

import re
from datetime import time
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

PATTERN = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


def parse_hours(text: str) -> tuple[time, time]:
    """Begin and end of the working day, local; ValueError if it does not begin before it ends."""
    if re.fullmatch(PATTERN, text):
        begin, end = (time.fromisoformat(part) for part in text.split("-"))
        if begin < end:
            return begin, end
    msg = 'must be hours such as "09:00-18:00"'
    raise ValueError(msg)


def _check(text: str) -> str:
    parse_hours(text)
    return text


Hours = Annotated[
    str, AfterValidator(_check), WithJsonSchema({"type": "string", "pattern": PATTERN})
]
