"""What a place to write to can do: a container, its fields, its records; values as plain texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Protocol

from connectors.error import AuthError, RemoteError

Texts = Mapping[str, str | None]
"""Values by our field name in one spelling each; None is an empty field."""

TITLE = "TITLE"
OWNER = "OWNER"
KEY = "KEY"
AS_OF = "AS_OF"
COVERAGE = "COVERAGE"
"""Names of what every record has besides its metrics, whose ids are in lower case.

TITLE and OWNER are attributes of the record itself; the others are fields like a metric's.
"""


class DeniedError(AuthError):
    """The login is fine but may not do this: only this destination waits, the source goes on."""


class FieldKind(StrEnum):
    """What a field holds: counts, money in major units, ratios shown in percent, seconds..."""

    COUNT = "count"
    MONEY = "money"
    RATIO = "ratio"
    NUMBER = "number"
    SECONDS = "seconds"
    MOMENT = "moment"
    DATE = "date"
    TEXT = "text"


PLACES = {
    FieldKind.COUNT: 0,
    FieldKind.SECONDS: 0,
    FieldKind.RATIO: 1,
    FieldKind.MONEY: 2,
    FieldKind.NUMBER: 2,
}
"""Decimal places of the kinds that are numbers."""


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """A field we keep: our name, the label people read, and what it holds."""

    name: str
    title: str
    kind: FieldKind


@dataclass(frozen=True, kw_only=True)
class Item:
    """A record as the remote system shows it now."""

    ref: str
    texts: Texts


@dataclass(frozen=True, kw_only=True)
class Change:
    """One record to create (`ref` None) or to change: only the fields to set."""

    key: str
    ref: str | None
    texts: Texts


Outcome = RemoteError | None
"""What was answered to one command of several: None = accepted, an error = surely not applied,
but for AmbiguousError: only reading tells."""


class Container(Protocol):
    """A set of records of one shape. `ours`: made by us, not somebody else's under our id."""

    @property
    def ours(self) -> bool: ...

    @property
    def missing(self) -> Sequence[FieldSpec]:
        """The asked fields that are not there with the right type."""

    def create_fields(self, fields: Sequence[FieldSpec]) -> Sequence[Outcome]:
        """Adds fields, one outcome each. Raises AmbiguousError when no answer came back."""

    def read(self, keys: Sequence[str]) -> Mapping[str, Item]:
        """The records with these keys, the oldest where a person copied one."""

    def write(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Creates and changes up to `CHUNK` records, one outcome each, in order.

        Raises AmbiguousError when no answer came back.
        """

    def delete(self, refs: Sequence[str]) -> Sequence[Outcome]:
        """Removes records, one outcome each. Raises AmbiguousError when no answer came back."""

    def is_empty(self) -> bool:
        """Whether no record is left."""

    def is_blank(self, name: str) -> bool:
        """Whether no record has a value in this field."""

    def drop_field(self, name: str) -> None:
        """Removes a field with its values; nothing happens when it is gone."""

    def drop(self) -> None:
        """Removes the container itself, which must be empty."""


class Target(Protocol):
    """A remote system that numbers can be written to."""

    def adoptable(self) -> str | None:
        """The id of a container that we made earlier and our store forgot."""

    def choose(self, seed: str) -> str:
        """An id not in use there, picked by chance that depends on `seed` alone."""

    def find(self, container: str, fields: Sequence[FieldSpec]) -> Container | None:
        """The container with this id, or None."""

    def create(self, container: str) -> None:
        """Makes a container with this id; raises RejectedError, AmbiguousError."""


CHUNK = 50
"""Records in one request, the least any supported system allows."""


def text_of(kind: FieldKind, value: Decimal | int | str | datetime | date | None) -> str | None:
    """Our one spelling of a value: ratios 0..1 become percent, moments ISO 8601 in UTC.

    Half-up rounding; raises ValueError for a moment without a time zone.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if kind not in PLACES or isinstance(value, date):
        return str(value)
    number = Decimal(value) * 100 if kind is FieldKind.RATIO else Decimal(value)
    return str(number.quantize(Decimal(1).scaleb(-PLACES[kind]), ROUND_HALF_UP))


def read_number(kind: FieldKind, raw: object) -> str:
    """The spelling of a number shown by a remote system; more decimals than ours are kept."""
    number = Decimal(str(raw))
    rounded = number.quantize(Decimal(1).scaleb(-PLACES[kind]), ROUND_HALF_UP)
    return str(rounded) if rounded == number else str(number.normalize())
