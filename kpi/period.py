"""Days, ISO weeks and months as calendar spans, and the texts people write for them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from kpi.error import AskError
from store.moment import day_number

By = Literal["day", "week", "month", "total"]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Local days `first`..`last`, inclusive; `start` names the period they belong to."""

    first: date
    last: date
    start: date

    @property
    def days(self) -> tuple[int, int]:
        """First and last day as YYYYMMDD."""
        return day_number(self.first), day_number(self.last)

    def begins_at(self, zone: ZoneInfo) -> datetime:
        """The first moment of the span in `zone`, as UTC."""
        return datetime.combine(self.first, time(), zone).astimezone(UTC)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """The first moment after the span in `zone`, as UTC."""
        return datetime.combine(self.last + DAY, time(), zone).astimezone(UTC)


def week_start(day: date) -> date:
    """The Monday of the ISO week of `day`."""
    return day - timedelta(days=day.weekday())


def month_start(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (month_start(day) + timedelta(days=31)).replace(day=1)


def months_back(day: date, count: int) -> date:
    """The first day of the oldest of `count` months, of which that of `day` is the last."""
    place = day.year * 12 + day.month - count
    return date(place // 12, place % 12 + 1, 1)


def month_of(day: date) -> Span:
    """The whole month of `day`."""
    return Span(month_start(day), next_month(day) - DAY, month_start(day))


def week_of(day: date) -> Span:
    """The whole ISO week of `day`."""
    return Span(week_start(day), week_start(day) + 6 * DAY, week_start(day))


def split(since: date, until: date, by: By) -> list[Span]:
    """The periods that `since`..`until` (inclusive) is made of, in order.

    Only days inside the range belong to them: a week or month cut by it is shown under its own
    first day, but holds the rest of its days only.
    """
    if by == "total":
        return [Span(since, until, since)] if since <= until else []
    return [
        Span(max(start, since), min(end, until), start)
        for start, end in _calendar(since, until, by)
    ]


def pieces(span: Span) -> Iterator[tuple[str, date, date]]:
    """The span as whole weeks or months (`week`, `month`: kept sums) and what is left (`day`)."""
    if span.first == week_start(span.first) and span.last == span.first + 6 * DAY:
        yield "week", span.first, span.last
        return
    head = span.first if span.first.day == 1 else next_month(span.first)
    tail = month_start(span.last + DAY)
    if head >= tail:
        yield "day", span.first, span.last
        return
    if span.first < head:
        yield "day", span.first, head - DAY
    yield "month", head, tail - DAY
    if tail <= span.last:
        yield "day", tail, span.last


def parse_period(text: str) -> Span:
    """`2026-10`, `2026-W41` or `2026-10-05`; AskError for anything else."""
    try:
        if re.fullmatch(r"\d{4}-\d\d", text):
            return month_of(date.fromisoformat(f"{text}-01"))
        if match := re.fullmatch(r"(\d{4})-W(\d\d)", text):
            return week_of(date.fromisocalendar(int(match[1]), int(match[2]), 1))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            day = date.fromisoformat(text)
            return Span(day, day, day)
    except (ValueError, OverflowError):
        pass
    raise AskError(f"{text!r} is not a period.", todo="Write 2026-10, 2026-W41 or 2026-10-05.")


def _calendar(since: date, until: date, by: By) -> Iterator[tuple[date, date]]:
    day = since
    while day <= until:
        if by == "day":
            yield day, day
            day += DAY
        elif by == "week":
            start = week_start(day)
            yield start, start + 6 * DAY
            day = start + 7 * DAY
        else:
            yield month_start(day), next_month(day) - DAY
            day = next_month(day)
