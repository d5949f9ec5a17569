"""The numbers an agent should show, counted by plain loops over the portal's own history.

Written from the definitions of the metrics and from nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.bitrix24.moment import seconds
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth_activity import activity_facts
from sandbox.bitrix24.truth_call import CallFact, call_facts
from sandbox.bitrix24.truth_deal import DealFact, actual_facts, observed_facts
from sandbox.bitrix24.truth_record import record_facts

_BY = ("day", "week", "month", "total")
_QUARTER_S = 900  # no zone changes its day within a quarter of an hour
_VIEWS = ("actual", "observed")
_CALL_COUNTS = ("calls_in", "calls_out", "calls_answered", "calls_missed", "calls_reached")


@dataclass(frozen=True, slots=True)
class Row:
    """One number. `user` null = the team; money is text with two decimals, talk in seconds.

    Cells in which nothing was counted have no row: a count or sum of them is 0, a ratio or
    mean null. `n` = the records behind: calls, calls with talk for talk_time, or deals.
    """

    user: int | None
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
    """What one user, or the team, did in one period."""

    def __init__(self) -> None:
        self.calls = dict.fromkeys(_CALL_COUNTS, 0)
        self.long: dict[int, int] = {}
        self.talk = 0
        self.talks = 0
        self.created = self.won = self.lost = 0
        self.revenue = self.cycle = 0
        self.activities: dict[str, int] = {}
        self.cohorts: dict[str, tuple[int, int]] = {}


_Cells = dict[tuple[int | None, date], _Cell]


def truth(
    portal: Portal,
    *,
    since: date,
    until: date,
    by: str,
    tz: str,
    view: str = "actual",
    reads: Sequence[datetime] = (),
    lengths: Sequence[int] = (120,),
) -> list[Row]:
    """Every number of the days `since`..`until` (both included), by day, week, month or total.

    `view` actual credits the true owner at the moment; observed credits as far as somebody
    who read at `reads` can know. `lengths` are the N of calls_<N>s. ValueError for others.
    """
    if by not in _BY or view not in _VIEWS or (view == "observed" and not reads):
        raise ValueError(f"by is one of {_BY}, view one of {_VIEWS}; observed needs reads")
    moments = sorted(seconds(moment) for moment in reads) if view == "observed" else []
    place = _placer(since, until, by, ZoneInfo(tz))
    cells: _Cells = {}
    with portal.lock:
        portal.settle()
        horizon = moments[-1] if moments else None
        for call in call_facts(portal.calls.every, horizon):
            for cell in _cells(cells, portal, call.user, place(call.start)):
                _count_call(cell, call, lengths)
        for activity in activity_facts(portal.activities.every.values(), moments):
            start = place(activity.at)
            for user in (activity.user, None):
                for cell in _cells(cells, portal, user, start):
                    cell.activities[activity.metric] = cell.activities.get(activity.metric, 0) + 1
        for record in record_facts(portal, moments):
            start = place(record.at)
            for user in (record.user, None):
                for cell in _cells(cells, portal, user, start):
                    created, won = cell.cohorts.get(record.kind, (0, 0))
                    cell.cohorts[record.kind] = (created + 1, won + record.won)
        deals = portal.deals.every.values()
        money = portal.currencies.money(ZoneInfo(tz), moments)
        known = observed_facts(deals, moments, money) if moments else actual_facts(deals, money)
        for deal in known:
            start = place(deal.at)
            for user in (deal.user, None):
                for cell in _cells(cells, portal, user, start):
                    _count_deal(cell, deal)
    ordered = sorted(cells, key=lambda key: (key[0] or 0, key[1]))
    return [row for key in ordered for row in _rows(*key, cells[key])]


def _cells(cells: _Cells, portal: Portal, user: int | None, start: date | None) -> list[_Cell]:
    """The cell to count in: none outside the days asked for or for somebody unknown."""
    if start is None or (user is not None and user not in portal.users):
        return []
    cell = cells.get((user, start))
    if cell is None:
        cell = cells[user, start] = _Cell()
    return [cell]


def _placer(since: date, until: date, by: str, zone: ZoneInfo) -> Callable[[float], date | None]:
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


def _count_call(cell: _Cell, call: CallFact, lengths: Sequence[int]) -> None:
    cell.calls["calls_in" if call.incoming else "calls_out"] += 1
    if call.incoming:
        cell.calls["calls_answered" if call.answered else "calls_missed"] += 1
    elif call.answered:
        cell.calls["calls_reached"] += 1
    cell.talk += call.talk
    cell.talks += call.talk > 0
    for length in lengths:
        if call.talk >= length:
            cell.long[length] = cell.long.get(length, 0) + 1


def _count_deal(cell: _Cell, deal: DealFact) -> None:
    if deal.kind == "created":
        cell.created += 1
    elif deal.kind == "lost":
        cell.lost += 1
    else:
        cell.won += 1
        cell.revenue += deal.amount
        cell.cycle += deal.cycle


def _rows(user: int | None, start: date, cell: _Cell) -> Iterator[Row]:
    counts = cell.calls | cell.activities
    counts |= {f"calls_{length}s": number for length, number in cell.long.items()}
    counts |= {"deals_created": cell.created, "deals_won": cell.won, "deals_lost": cell.lost}
    for kind, (created, won) in cell.cohorts.items():
        counts |= {f"{kind}s_created": created, f"{kind}s_won": won}
    for metric, number in counts.items():
        if number:
            yield Row(user, metric, start, number, None, None, number)
    if cell.talks:
        yield Row(user, "talk_time", start, cell.talk, None, None, cell.talks)
    if cell.won:
        revenue = _money(cell.revenue)
        mean = _money(_half_up(cell.revenue, cell.won))
        yield Row(user, "revenue", start, revenue, None, None, cell.won)
        yield Row(user, "average_deal", start, mean, revenue, cell.won, cell.won)
        spent, cycle = _days(cell.cycle, 1), _days(cell.cycle, cell.won)
        yield Row(user, "days_to_win", start, spent, None, None, cell.won)
        yield Row(user, "sales_cycle", start, cycle, spent, cell.won, cell.won)
    for kind, (created, won) in cell.cohorts.items():
        rate = _half_up(won * 10_000, created) / 10_000
        yield Row(user, f"{kind}_conversion", start, rate, won, created, created)
    ended = cell.won + cell.lost
    if ended:
        rate = _half_up(cell.won * 10_000, ended) / 10_000
        yield Row(user, "win_rate", start, rate, cell.won, ended, ended)


def _half_up(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)


def _days(spent_s: int, deals: int) -> float:
    return _half_up(spent_s * 100, deals * 86_400) / 100


def _money(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02d}"
