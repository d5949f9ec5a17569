"""What a declaration becomes: a metric, and the sums or the formula behind it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kpi.condition import Condition
from kpi.formula import Formula

MONEY, RATIO = "money", "ratio"
NOW = "now"
"""The moment of a snapshot."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A sum of whole numbers over one fact's records.

    `value`: `count`, `sum:COLUMN` (an empty one adds nothing) or `gap:COLUMN` (how many are
    empty). Two metrics that need the same sum share it.
    """

    fact: str
    when: str
    who: str
    value: str
    where: tuple[Condition, ...]

    @cached_property
    def _hash(self) -> int:
        return hash((self.fact, self.when, self.who, self.value, self.where))

    def __hash__(self) -> int:
        # Sums are looked up by it, several for every number of a board.
        return self._hash


@dataclass(frozen=True, kw_only=True)
class Additive:
    """A metric that is one sum: `records` counts what is behind it, `gap` what could not be summed
    (money without a rate)."""

    total: Measure
    records: Measure
    gap: Measure | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All sums that must be kept for the metric."""
        return (
            (self.total, self.records)
            if self.gap is None
            else (
                self.total,
                self.records,
                self.gap,
            )
        )


@dataclass(frozen=True, kw_only=True)
class Split:
    """A sum told apart by a property of its records, such as the reason of a loss."""

    sums: Additive
    dimension: str


@dataclass(frozen=True, kw_only=True)
class Share(Split):
    """The share of the whole that each part of a sum has."""


@dataclass(frozen=True, kw_only=True)
class Median:
    """The middle of what the period's own records hold: `value` of the measure is `each:NAME`."""

    measure: Measure


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """How many different values the period's own records have: `value` is `each:COLUMN`."""

    measure: Measure


@dataclass(frozen=True, kw_only=True)
class Own:
    """A number of cases that a function finds for the very period; see `kpi.own`.

    `function` is `MODULE:NAME` or `FILE.py:NAME`; `dimension`: it has a value for each of these.
    """

    fact: str
    function: str
    call: Callable[[Any], Any] = field(repr=False, compare=False)
    combine: str
    options: tuple[tuple[str, Any], ...] = ()
    dimension: str | None = None


@dataclass(frozen=True, kw_only=True)
class Unfed:
    """A number that no system we read can feed; `awaits` says, by language, what would."""

    awaits: Mapping[str, str] = field(hash=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A sum over the records as they stand now, credited to who holds them; kept once a day."""

    sums: Additive


Kind = Additive | Split | Median | Distinct | Own | Snapshot | Unfed | Formula
OF_ROWS = (Median, Distinct, Own)
"""Kinds that are one number, made of the period's own records when it is asked for."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A measured number as declared. `needs`: the streams whose coverage decides its state.

    `all_time`: it needs to know records of all time, not only those of its period. `beside`: the
    page, which stays one screen wide, has a column of it only where a destination writes it.
    `extra`: shown and kept only where it is asked for. `numbers`: its places in the list of KPIs.
    """

    name: str
    titles: Mapping[str, str] = field(hash=False)
    meanings: Mapping[str, str] = field(hash=False)
    category: str
    unit: str
    needs: tuple[str, ...]
    kind: Kind
    version: int = 1
    all_time: bool = False
    beside: bool = False
    extra: bool = False
    numbers: tuple[str, ...] = ()

    @property
    def dimension(self) -> str | None:
        """By what it is told apart, so that it has several values for a manager and period."""
        return self.kind.dimension if isinstance(self.kind, Split | Own) else None

    def title(self, language: str) -> str:
        """The title in `language`, else in English, else the name."""
        return self.titles.get(language) or self.titles.get("en") or self.name

    def meaning(self, language: str) -> str:
        """One sentence in `language`, else in English, else nothing."""
        return self.meanings.get(language) or self.meanings.get("en") or ""

    @property
    def kept_as(self) -> str:
        """The name of its snapshots: a changed declaration has its own, of another version."""
        return f"{self.name}/{self.version}"

    @property
    def fingerprint(self) -> str:
        """Changes whenever the number may change; titles and meanings do not count."""
        text = repr((self.unit, self.needs, self.kind))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
