"""How long clients waited, whatever vendor tells of it: working hours, calls back, medians.

Written from the definitions alone, call by call and day by day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import holidays

_DAY_S = 86_400
_DIGITS = 10
_OPENS, _CLOSES = time(9), time(18)
_COUNTS = ("leads_answered", "calls_missed_unreturned")
MEDIANS = ("response_time", "response_time_work", "callback_time", "callback_time_work")

Shown = tuple[str, int | float, int | None, int | None, int]
"""Metric, value, numerator, denominator, number of records."""


@dataclass(frozen=True, slots=True)
class TimeFact:
    """So many seconds count for `metric`, at `at`, for these users (None is the team)."""

    metric: str
    users: tuple[int | None, ...]
    at: float
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """A call of a number, from its start to its end; who is credited, None is the team."""

    number: str
    incoming: bool
    talked: bool
    start: int
    end: int
    users: tuple[int | None, ...]


def time_rows(waits: Mapping[str, Sequence[int]], leads: int) -> Iterator[Shown]:
    """What is shown of one cell in which these waits were counted and `leads` were created."""
    for metric in MEDIANS:
        if found := sorted(waits.get(metric, ())):
            both = found[len(found) // 2] + found[(len(found) - 1) // 2]
            yield metric, both // 2 if both % 2 == 0 else both / 2, None, None, len(found)
    for metric in _COUNTS:
        if number := len(waits.get(metric, ())):
            yield metric, number, None, None, number
    if leads:
        answered = len(waits.get("leads_answered", ()))
        share = (2 * answered * 10_000 + leads) // (2 * leads) / 10_000
        yield "lead_answer_share", share, answered, leads, leads


def worked(begin: int, end: int, zone: ZoneInfo) -> int:
    """Seconds between two moments within working hours."""
    total, day = 0, datetime.fromtimestamp(begin, zone).date()
    while day <= datetime.fromtimestamp(end, zone).date():
        if _is_working(day):
            opens, closes = (
                int(datetime.combine(day, at, tzinfo=zone).timestamp()) for at in (_OPENS, _CLOSES)
            )
            total += max(0, min(end, closes) - max(begin, opens))
        day += timedelta(days=1)
    return total


def _is_working(day: date) -> bool:
    calendar = _russia(day.year)
    if day in calendar.weekend_workdays:
        return True
    return day.weekday() < 5 and day not in calendar


@lru_cache(maxsize=8)
def _russia(year: int) -> Any:
    return holidays.country_holidays("RU", years=[year])


def answered(
    acts: Iterable[tuple[int, bool]], user: int, at: float, zone: ZoneInfo
) -> Iterator[TimeFact]:
    """How long somebody who came to `user` at a moment waited for the first of what was done.

    Acts are (moment, whether somebody talked): a talk counts even if it came before.
    """
    came, users = int(at), (user, None)
    found = [max(moment, came) for moment, talked in acts if talked or moment >= came]
    if found:
        first = min(found)
        yield TimeFact("response_time", users, at, first - came)
        yield TimeFact("response_time_work", users, at, worked(came, first, zone))
        yield TimeFact("leads_answered", users, at)


def last_ten(phone: str) -> str:
    """The digits by which spellings of a number are alike; fewer when it has fewer."""
    return "".join(each for each in phone if each.isdigit())[-_DIGITS:]


def call_backs(rings: Iterable[Ring], zone: ZoneInfo) -> Iterator[TimeFact]:
    """Which missed calls of each number were returned; numbers too short are nobody's."""
    numbers: dict[str, tuple[list[Ring], list[Ring]]] = {}
    for ring in rings:
        missed, talks = numbers.setdefault(ring.number, ([], []))
        if ring.talked:
            talks.append(ring)
        elif ring.incoming:
            missed.append(ring)
    for number, (missed, talks) in numbers.items():
        if len(number) == _DIGITS:
            yield from _returned(missed, talks, zone)


def _returned(missed: list[Ring], talks: list[Ring], zone: ZoneInfo) -> Iterator[TimeFact]:
    """For every missed call of a number the first later talk, with the longest wait it ended: by
    the clock, and in working hours."""
    ended: dict[int, list[tuple[int, int]]] = {}
    for ring in missed:
        later = [index for index, talk in enumerate(talks) if talk.start >= ring.end]
        first = min(later, key=lambda index: talks[index].start, default=None)
        if first is None or talks[first].start - ring.end > _DAY_S:
            yield TimeFact("calls_missed_unreturned", ring.users, ring.start)
        else:
            start = talks[first].start
            wait = (start - ring.end, worked(ring.end, start, zone))
            ended.setdefault(first, []).append(wait)
    for index, waits in ended.items():
        who, at = talks[index].users, talks[index].start
        yield TimeFact("callback_time", who, at, max(wait for wait, _ in waits))
        yield TimeFact("callback_time_work", who, at, max(wait for _, wait in waits))
