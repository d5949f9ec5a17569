"""What the pages show, as plain values: no store, no HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

State = Literal["value", "partial", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A KPI of one person and period.

    `value`: counts and seconds as they are, money in major units of the base currency, ratios
    0..1; None = unknown, or nothing to measure (`state` tells). `covered_at`: up to when the data
    behind it are read, if that is less than the period asks for. `parts`: numerator, denominator.
    """

    value: Decimal | None
    state: State = "value"
    covered_at: datetime | None = None
    parts: tuple[Decimal, Decimal] | None = None


UNKNOWN = Cell(value=None, state="unknown")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A KPI shown: its id, title and what kind of number it is."""

    metric: str
    title: str
    meaning: str
    category: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One person's KPIs of the month and of the month before; `manager_id` None = the team."""

    manager_id: int | None
    name: str
    now: Mapping[str, Cell]
    before: Mapping[str, Cell]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """The team's way through a month: a KPI day by day, and last month up to the same day.

    `now` ends with the newest day begun; `before` holds the whole month before.
    """

    now: Sequence[Decimal | None]
    before: Sequence[Decimal | None]
    before_to_day: Cell


@dataclass(frozen=True, kw_only=True)
class SourceAge:
    """How old the data of one source are: `as_of` = everything before it has been read."""

    name: str
    as_of: datetime | None
    stale: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """The team's board of one month (its first day) beside the month before. Times aware UTC."""

    month: date
    before: date
    today: date
    columns: Sequence[Column]
    team: Row
    rows: Sequence[Row]
    pace: Mapping[str, Pace]
    sources: Sequence[SourceAge]
    currency: str
    timezone: str
    made_at: datetime
    links: frozenset[str] = field(default=frozenset())
    """Metrics that can be explained record by record."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One record behind a number: when it counted, which it is, what it adds, where the CRM has it.

    `amount` None: counted, but with nothing to add (a deal without a known rate).
    """

    at: datetime
    fact: str
    ref: str
    amount: Decimal | None
    url: str | None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A sum and its first records; `count` = how many there are."""

    column: Column
    total: Decimal
    records: Sequence[Evidence]
    count: int


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The records behind one number: a section for each sum it is made of. `name` None = team."""

    name: str | None
    column: Column
    month: date
    cell: Cell
    sections: Sequence[Section]


class Reader(Protocol):
    """Where the pages get their values. Raises LookupError for a person or KPI nobody knows."""

    def board(self, month: date | None = None) -> Board:
        """The board of the month that holds the day `month`; None = the current month."""

    def explain(self, manager_id: int | None, metric: str, month: date) -> Explanation:
        """The records behind one number; manager None = the team."""
