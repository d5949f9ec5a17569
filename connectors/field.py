"""Vendor values as ours: ids, texts, moments, money. What makes no sense is a DataError."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, TypeGuard

from connectors.error import DataError

LARGEST = 2**63 - 1
LONGEST_REF = 255
_PLAIN = 1e12
_NONE: tuple[Any, ...] = (None, "", "0", 0, [], {})


def senseless(name: str, why: str) -> DataError:
    """The error that names a field; never its value, which may be personal."""
    return DataError(f"The field {name} {why}.")


def are_records(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    """Whether a value is a list of records, if only an empty one."""
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def required_ref(record: Mapping[str, Any], name: str) -> str:
    """A vendor's id as text."""
    ref = optional_ref(record, name)
    if ref is None:
        raise senseless(name, "is empty")
    return ref


def optional_ref(record: Mapping[str, Any], name: str) -> str | None:
    """A vendor's id, None for the spellings of "nobody": null, "", 0, "0", []."""
    value = record.get(name)
    kind = type(value)
    if kind is int:
        return str(value) if value else None
    if kind is str:
        text: str = value.strip()  # type: ignore[union-attr]
        if text in ("", "0"):
            return None
        if len(text) <= LONGEST_REF and text.isascii() and text.isprintable():
            return text
    elif value in _NONE:
        return None
    raise senseless(name, "is no id")


def short_ref(text: str) -> str:
    """A short name for what may be long, or hold a number: the same text has the same."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def text_of(record: Mapping[str, Any], name: str) -> str:
    """A text without what no database keeps (half a surrogate pair, NUL); "" for none."""
    value = record.get(name)
    if type(value) is str and value.isascii() and value.isprintable():
        return value.strip()
    if value is None or value is False or isinstance(value, list | dict):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode().strip()


def whole(record: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """An integer, however spelt; `default` for an absent or empty one."""
    value = record.get(name)
    if value in (None, "") and default is not None:
        return default
    try:
        number = int(value) if isinstance(value, int | str) else int(Decimal(str(value)))
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise senseless(name, "is no number") from None
    if abs(number) > LARGEST:
        raise senseless(name, "is too large")
    return number


def moment(record: Mapping[str, Any], name: str) -> datetime:
    """An ISO 8601 moment with offset as UTC; one without offset is refused."""
    try:
        at = datetime.fromisoformat(record[name])
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    raise senseless(name, "is no moment with a time zone")


def hundredths(record: Mapping[str, Any], name: str) -> int:
    """Money in hundredths, rounded half-up from the decimal text; no amount is 0."""
    value: Any = record.get(name)
    kind = type(value)
    if kind is float and -_PLAIN < value < _PLAIN:
        nearest: int = round(value * 100)
        if abs(value * 100 - nearest) < 0.4:  # no half is near: the text rounds the same way
            return nearest
    if kind is int and -_PLAIN < value < _PLAIN:
        return int(value) * 100
    if value in (None, ""):
        return 0
    return _rounded(value, name)


def _rounded(value: Any, name: str) -> int:
    try:
        amount = Decimal(str(value)).scaleb(2).to_integral_value(ROUND_HALF_UP)
        if amount.is_finite() and abs(amount) <= LARGEST:
            return int(amount)
    except (InvalidOperation, ValueError):
        pass
    raise senseless(name, "is no amount")
