"""What a declaration becomes: a metric, and the sums or the formula behind it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from kpi.condition import Condition
from kpi.formula import Formula

MONEY, RATIO = "money", "ratio"


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
class Metric:
    """A measured number as declared. `needs`: the streams whose coverage decides its state."""

    name: str
    titles: Mapping[str, str] = field(hash=False)
    meanings: Mapping[str, str] = field(hash=False)
    category: str
    unit: str
    needs: tuple[str, ...]
    kind: Additive | Formula
    version: int = 1

    def title(self, language: str) -> str:
        """The title in `language`, else in English, else the name."""
        return self.titles.get(language) or self.titles.get("en") or self.name

    def meaning(self, language: str) -> str:
        """One sentence in `language`, else in English, else nothing."""
        return self.meanings.get(language) or self.meanings.get("en") or ""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the number may change; titles and meanings do not count."""
        text = repr((self.unit, self.needs, self.kind))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
