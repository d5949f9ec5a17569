"""The kinds of values the settings are made of: durations, days, addresses, paths, names."""

import difflib
import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

DURATION = r"^[1-9][0-9]{0,5}[smhd]$"
_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, kw_only=True)
class Known:
    """What values are checked against: passed as pydantic's validation context."""

    base: Path
    sources: Collection[str] = ()
    models: Mapping[str, type[Any]] = field(default_factory=dict)
    metrics: Collection[str] | None = None
    apart: Collection[str] = ()


def closest(name: object, valid: Iterable[str]) -> str:
    """The valid name that `name` was probably meant to be; empty when none is near."""
    lower = {choice.lower(): choice for choice in valid}
    found = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else ""


def nearest(name: object, valid: Iterable[str]) -> str:
    """`; did you mean "x"?` or, without a near name, the valid ones. Never quotes `name`."""
    choices = sorted(valid)
    if close := closest(name, choices):
        return f'; did you mean "{close}"?'
    return f"; valid: {', '.join(choices)}" if 0 < len(choices) <= 20 else ""


def parse_duration(value: object) -> timedelta:
    """`60s`, `10m`, `24h`, `7d`."""
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) or not re.fullmatch(DURATION, value):
        msg = 'must be a duration in quotes such as "60s", "10m", "24h" or "7d"'
        raise ValueError(msg)
    return timedelta(seconds=int(value[:-1]) * _SECONDS[value[-1]])


def format_duration(value: timedelta) -> str:
    """The shortest text that `parse_duration` reads as `value` (whole seconds)."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit, size in _SECONDS.items() if seconds % size == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


def parse_day(value: object) -> object:
    """A TOML date or its text `2026-01-31`."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    msg = 'must be a day such as "2026-01-31"'
    raise ValueError(msg)


def is_loopback(host: str) -> bool:
    """`localhost`, 127.0.0.0/8 and ::1."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_url(value: str) -> str:
    """A base URL without its last slash; `http` only towards the loopback."""
    address = urlsplit(value)
    if address.scheme not in ("https", "http") or not address.hostname:
        msg = "must be an address such as https://example.bitrix24.ru"
        raise ValueError(msg)
    if address.scheme == "http" and not is_loopback(address.hostname):
        msg = "http is allowed only towards this machine: use https"
        raise ValueError(msg)
    if address.username or address.password or address.query or address.fragment:
        msg = "must hold no user, password, query or fragment: credentials are given by reference"
        raise ValueError(msg)
    _ = address.port  # raises ValueError on a bad one
    return value.rstrip("/")


def check_name(value: str) -> str:
    """A source's name: it becomes part of log lines, commands and JSON keys."""
    if not re.fullmatch(r"\w[\w-]{0,63}", value):
        msg = "a source's name may hold letters, digits, _ and -, at most 64"
        raise ValueError(msg)
    return value


def check_pattern(value: str) -> str:
    """A regular expression; the complaint tells where it breaks and quotes nothing."""
    msg = "must be a regular expression"
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{msg}: this one breaks at character {(error.pos or 0) + 1}") from None
    except (RecursionError, OverflowError):
        raise ValueError(msg) from None
    return value


def _known_source(name: str, info: ValidationInfo) -> str:
    if info.context is not None and name not in info.context.sources:
        msg = f"no such source in [sources]{nearest(name, info.context.sources)}"
        raise ValueError(msg)
    return name


RECORD_FACTS = ("days_in_stage", "talk_minutes", "last_contact")
"""What a destination of the kind `record_fields` can show of a deal; these are no metrics."""


def _known_metric(name: str, info: ValidationInfo) -> str:
    if info.data.get("kind") == "record_fields":
        if name not in RECORD_FACTS:
            raise ValueError("no such fact of a record" + nearest(name, RECORD_FACTS))
        return name
    if info.context is not None and name in info.context.apart:
        msg = "has a value for each of several cases and fits into no one field: take it out"
        raise ValueError(msg)
    names = info.context.metrics if info.context is not None else None
    if names is not None and name not in names and not re.fullmatch(r"calls_[1-9]\d*s", name):
        raise ValueError("no such metric" + nearest(name, names))
    return name


def absolute(path: Path, base: Path | None) -> Path:
    """`path` with `~` expanded, relative to `base`; ValueError if it can be no path."""
    if "\0" in str(path):
        msg = "must be a path"
        raise ValueError(msg)
    try:
        path = path.expanduser()
    except RuntimeError:
        msg = "must be a path: the user after ~ has no home directory"
        raise ValueError(msg) from None
    return base / path if base is not None else path


def resolve(path: Path, info: ValidationInfo) -> Path:
    """`path` made absolute: relative ones start at the settings file."""
    return absolute(path, info.context.base if info.context is not None else None)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION}),
]
Day = Annotated[
    date,
    BeforeValidator(parse_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict()]
Url = Annotated[str, AfterValidator(check_url)]
Pattern = Annotated[str, AfterValidator(check_pattern)]
SourceName = Annotated[str, AfterValidator(_known_source)]
MetricName = Annotated[str, AfterValidator(_known_metric)]
FilePath = Annotated[Path, AfterValidator(resolve)]
