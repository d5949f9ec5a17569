"""A REST command and its spelling inside a batch: a PHP query string."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

MOST_IN_BATCH = 50
"""Commands one batch may hold (settings/how-to-call-rest-api/batch.md)."""

NO_PARAMS: Mapping[str, Any] = MappingProxyType({})
_KEY = re.compile(r"\w+", re.ASCII)


class Command(NamedTuple):
    """One call of a method; `key` names its answer within a batch."""

    key: str
    method: str
    params: Mapping[str, Any] = NO_PARAMS


def spell(command: Command) -> str:
    """The command as `batch` takes it: keys and values percent-encoded, brackets for nesting.

    Raises ValueError for what a query string cannot say: None, and a moment without time zone.
    """
    if not _KEY.fullmatch(command.key):
        raise ValueError(f"a batch key of other characters than letters and digits: {command.key}")
    pairs = "&".join(f"{_encoded(k)}={_encoded(v)}" for k, v in _flat(command.params))
    return f"{command.method}?{pairs}" if pairs else command.method


@lru_cache(maxsize=2048)
def _encoded(text: str) -> str:
    """Percent-encoded; the commands of a batch differ in little, so most texts come again."""
    return quote(text, safe="")


def _flat(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        yield from _pairs(name, value)


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):  # first, because most are
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _pairs(f"{name}[{index}]", inner)
    else:
        yield name, _text(name, value)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise ValueError(f"a batch command cannot say {name} = {type(value).__name__}")


def iso(moment: datetime) -> str:
    """A moment for a filter or field: ISO 8601 with offset, whole seconds (the CRM keeps no more).

    Cut, never rounded up, so that `>=` loses nothing. ValueError without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment.isoformat()}")
    return moment.isoformat(timespec="seconds")
