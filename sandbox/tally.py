"""Counting what happened, by user and period, with plain loops: the shape of every truth."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sandbox.waiting import time_rows

BY = ("day", "week", "month", "total")
_QUARTER_S = 900  # no zone changes its day within a quarter of an hour
_DAY_S = 86_400
_MONEY = ("revenue", "purchases_revenue")
User = int | None
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `user` null = the team; money is text with two decimals, talk in seconds.

    Cells in which nothing was counted have no row: a count or sum of them is 0, a ratio or
    mean null. `n` = the records behind: calls, calls with talk for talk_time, or deals.
    """

    user: User
    metric: str
    period_start: date
    value: int | float | str
    numerator: float | str | None
    denominator: int | None
    n: int

    def plain(self) -> dict[str, Any]:
        """The row as JSON."""
        return asdict(self) | {"period_start": self.period_start.isoformat()}


class _Cell:
    """What one user, or the team, did in one period: sums, and the records behind them."""

    def __init__(self) -> None:
        self.sums: dict[str, int] = {}
        self.records: dict[str, int] = {}
        self.waits: dict[str, list[int]] = {}

    def add(self, metric: str, amount: int, records: int) -> None:
        """Count something."""
        self.sums[metric] = self.sums.get(metric, 0) + amount
        self.records[metric] = self.records.get(metric, 0) + records


class Tally:
    """Cells of the days `since`..`until`, both included; only `users` have cells of their own."""

    def __init__(self, since: date, until: date, by: str, tz: str, users: Iterable[int]) -> None:
        if by not in BY:
            raise ValueError(f"by is one of {BY}")
        self._place = placer(since, until, by, ZoneInfo(tz))
        self._users = frozenset(users)
        self._cells: dict[tuple[User, date], _Cell] = {}

    def add(self, user: User, at: float, metric: str, amount: int = 1, records: int = 1) -> None:
        """Count for a user, or for the team when it is None."""
        for cell in self._cell(user, at):
            cell.add(metric, amount, records)

    def wait(self, user: User, at: float, metric: str, seconds: int) -> None:
        """Note one wait, of which medians are told."""
        for cell in self._cell(user, at):
            cell.waits.setdefault(metric, []).append(seconds)

    def _cell(self, user: User, at: float) -> list[_Cell]:
        """The cell to count in: none outside the days asked for or for somebody unknown."""
        start = self._place(at)
        if start is None or (user is not None and user not in self._users):
            return []
        return [self._cells.setdefault((user, start), _Cell())]

    def add_both(self, user: int, at: float, metric: str, amount: int = 1) -> None:
        """Count once for a user and once for the team."""
        self.add(user, at, metric, amount)
        self.add(None, at, metric, amount)

    def rows(self) -> list[Row]:
        """Every number, the team's first."""
        ordered = sorted(self._cells, key=lambda key: (key[0] or 0, key[1]))
        return [row for key in ordered for row in _rows(*key, self._cells[key])]


def _rows(user: User, start: date, cell: _Cell) -> Iterator[Row]:
    sums = cell.sums
    won, lost = sums.get("deals_won", 0), sums.get("deals_lost", 0)
    for metric, number in sums.items():
        records = cell.records[metric]
        if not records or metric in ("days_to_win",):
            continue
        is_money = metric in _MONEY
        value: int | str = money(number * 100) if is_money else number
        if is_money or number:
            yield Row(user, metric, start, value, None, None, records)
    if won:
        revenue = sums["revenue"] * 100
        yield from win_rows(user, start, won, revenue, sums["days_to_win"])
    if won + lost:
        yield ratio_row(user, start, "win_rate", won, won + lost)
    created = sums.get("leads_created", 0)
    if created:
        yield ratio_row(user, start, "lead_conversion", sums.get("leads_won", 0), created)
    for name, shown, above, below, n in time_rows(cell.waits, created):
        yield Row(user, name, start, shown, above, below, n)


def win_rows(user: User, start: date, won: int, kopecks: int, spent_s: int) -> Iterator[Row]:
    """What is shown of the wins of one cell, but for their number and their sum."""
    mean = money(half_up(kopecks, won))
    yield Row(user, "average_deal", start, mean, money(kopecks), won, won)
    spent, cycle = days(spent_s, 1), days(spent_s, won)
    yield Row(user, "days_to_win", start, spent, None, None, won)
    yield Row(user, "sales_cycle", start, cycle, spent, won, won)


def ratio_row(user: User, start: date, metric: str, part: int, whole: int) -> Row:
    """A share of what was counted in one cell, to four decimals."""
    rate = half_up(part * 10_000, whole) / 10_000
    return Row(user, metric, start, rate, part, whole, whole)


def credited(users: Container[int], user: int) -> tuple[User, ...]:
    """The user, unless nobody knows them, and the team."""
    return (user, None) if user in users else (None,)


def climbed(rungs: Sequence[R], stood: Container[R]) -> Iterator[tuple[R, R, bool]]:
    """The steps whose earlier rung was reached or passed, and whether the later one was too."""
    passed = [place for place, rung in enumerate(rungs) if rung in stood]
    if passed:
        for place in range(min(max(passed) + 1, len(rungs) - 1)):
            yield rungs[place], rungs[place + 1], max(passed) > place


def placer(since: date, until: date, by: str, zone: ZoneInfo) -> Callable[[float], date | None]:
    """What tells the first day of the period that holds a moment; None outside the days."""
    known: dict[int, date | None] = {}

    def place(at: float) -> date | None:
        quarter = int(at // _QUARTER_S)
        if quarter not in known:
            known[quarter] = period(datetime.fromtimestamp(at, zone).date())
        return known[quarter]

    def period(day: date) -> date | None:
        if not since <= day <= until:
            return None
        if by == "day":
            return day
        if by == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if by == "month" else since

    return place


def half_up(dividend: int, divisor: int) -> int:
    """A quotient rounded half-up; both are not negative."""
    return (2 * dividend + divisor) // (2 * divisor)


def days(spent_s: int, deals: int) -> float:
    """The mean of seconds in days, to two decimals."""
    return half_up(spent_s * 100, deals * _DAY_S) / 100


def money(kopecks: int) -> str:
    """Kopecks as roubles with two decimals."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"
