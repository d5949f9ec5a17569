"""The numbers an agent should show, counted by plain loops over the portal's own history.

Written from the definitions of the metrics and from nothing else.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth_activity import ActivityFact, activity_facts
from sandbox.bitrix24.truth_call import CallFact, call_facts
from sandbox.bitrix24.truth_client import client_facts, task_facts
from sandbox.bitrix24.truth_deal import DealFact, actual_facts, observed_facts
from sandbox.bitrix24.truth_product import product_facts
from sandbox.bitrix24.truth_record import record_facts
from sandbox.bitrix24.truth_time import time_facts
from sandbox.moment import seconds
from sandbox.tally import BY, Row, money, placer, ratio_row, win_rows
from sandbox.waiting import time_rows

_VIEWS = ("actual", "observed")
_CALL_COUNTS = ("calls_in", "calls_out", "calls_answered", "calls_missed", "calls_reached")


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
        self.sold = self.discount = 0
        self.cohorts: dict[str, tuple[int, int]] = {}
        self.waits: dict[str, list[int]] = {}


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
    if by not in BY or view not in _VIEWS or (view == "observed" and not reads):
        raise ValueError(f"by is one of {BY}, view one of {_VIEWS}; observed needs reads")
    moments = sorted(seconds(moment) for moment in reads) if view == "observed" else []
    place = placer(since, until, by, ZoneInfo(tz))
    cells: _Cells = {}
    with portal.lock:
        portal.settle()
        horizon = moments[-1] if moments else None
        for call in call_facts(portal.calls.every, horizon):
            for cell in _cells(cells, portal, call.user, place(call.start)):
                _count_call(cell, call, lengths)
        for activity in _deeds(portal, moments):
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
        for fact in time_facts(portal, moments, ZoneInfo(tz)):
            start = place(fact.at)
            for user in fact.users:
                for cell in _cells(cells, portal, user, start):
                    cell.waits.setdefault(fact.metric, []).append(fact.seconds)
        deals = portal.deals.every.values()
        money = portal.currencies.money(ZoneInfo(tz), moments)
        known = observed_facts(deals, moments, money) if moments else actual_facts(deals, money)
        for deal in known:
            start = place(deal.at)
            for user in (deal.user, None):
                for cell in _cells(cells, portal, user, start):
                    _count_deal(cell, deal)
        for line in product_facts(portal, moments, money):
            for user in (line.user, None):
                for cell in _cells(cells, portal, user, place(line.at)):
                    cell.sold, cell.discount = cell.sold + 1, cell.discount + line.discount
    ordered = sorted(cells, key=lambda key: (key[0] or 0, key[1]))
    return [row for key in ordered for row in _rows(*key, cells[key])]


def _deeds(portal: Portal, moments: list[float]) -> Iterator[ActivityFact]:
    """What counts once for a metric of its own."""
    yield from activity_facts(portal.activities.every.values(), moments)
    yield from client_facts(portal, moments)
    yield from task_facts(portal, moments)


def _cells(cells: _Cells, portal: Portal, user: int | None, start: date | None) -> list[_Cell]:
    """The cell to count in: none outside the days asked for or for somebody unknown."""
    if start is None or (user is not None and user not in portal.users):
        return []
    cell = cells.get((user, start))
    if cell is None:
        cell = cells[user, start] = _Cell()
    return [cell]


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
    if cell.sold:
        yield Row(user, "products_sold", start, cell.sold, None, None, cell.sold)
        yield Row(user, "discounts", start, money(cell.discount), None, None, cell.sold)
    if cell.talks:
        yield Row(user, "talk_time", start, cell.talk, None, None, cell.talks)
    if cell.won:
        yield Row(user, "revenue", start, money(cell.revenue), None, None, cell.won)
        yield from win_rows(user, start, cell.won, cell.revenue, cell.cycle)
    for name, value, above, below, n in time_rows(cell.waits, cell.cohorts.get("lead", (0, 0))[0]):
        yield Row(user, name, start, value, above, below, n)
    for kind, (created, won) in cell.cohorts.items():
        yield ratio_row(user, start, f"{kind}_conversion", won, created)
    if cell.won + cell.lost:
        yield ratio_row(user, start, "win_rate", cell.won, cell.won + cell.lost)
