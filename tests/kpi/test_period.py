"""Days, ISO weeks and months, whole and cut."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.error import AskError
from kpi.period import By, Span, parse_period, pieces, split

DAY = timedelta(days=1)
dates = st.dates(date(1999, 1, 1), date(2031, 12, 31))
lengths = st.integers(0, 400)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-W41", date(2026, 10, 5), date(2026, 10, 11)),
        ("2026-10-05", date(2026, 10, 5), date(2026, 10, 5)),
    ],
)
def test_a_period_is_what_people_write(text: str, first: date, last: date) -> None:
    assert parse_period(text) == Span(first, last, first)


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2025-W53", "2026-W00", "2026-02-30", "2026-1", "october", ""]
)
def test_anything_else_is_not_a_period(text: str) -> None:
    with pytest.raises(AskError, match="is not a period"):
        parse_period(text)


def test_a_week_across_the_year_is_one_week() -> None:
    spans = split(date(2026, 12, 28), date(2027, 1, 10), "week")
    assert [span.start for span in spans] == [date(2026, 12, 28), date(2027, 1, 4)]
    assert spans[0].last == date(2027, 1, 3)


def test_a_cut_month_keeps_its_first_day_and_only_the_days_asked_for() -> None:
    spans = split(date(2026, 9, 29), date(2026, 10, 2), "month")
    assert spans == [
        Span(date(2026, 9, 29), date(2026, 9, 30), date(2026, 9, 1)),
        Span(date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 1)),
    ]


@given(since=dates, length=lengths, by=st.sampled_from(("day", "week", "month", "total")))
def test_spans_hold_every_day_once(since: date, length: int, by: By) -> None:
    until = since + length * DAY
    spans = split(since, until, by)
    held = [s.first + n * DAY for s in spans for n in range((s.last - s.first).days + 1)]
    assert held == [since + n * DAY for n in range(length + 1)]
    assert all(span.start <= span.first for span in spans) or by == "total"


@given(since=dates, length=lengths)
def test_pieces_of_a_span_hold_every_day_once(since: date, length: int) -> None:
    span = Span(since, since + length * DAY, since)
    found = list(pieces(span))
    assert found[0][1] == span.first
    assert found[-1][2] == span.last
    for (_, _, before), (_, after, _) in pairwise(found):
        assert after == before + DAY
    for kind, first, last in found:
        assert kind != "month" or (first.day == 1 and (last + DAY).day == 1)
        assert kind != "week" or (first.weekday() == 0 and last == first + 6 * DAY)


def test_whole_months_and_weeks_are_read_as_such() -> None:
    assert [each[0] for each in pieces(parse_period("2026-10"))] == ["month"]
    assert [each[0] for each in pieces(parse_period("2026-W41"))] == ["week"]
    cut = Span(date(2026, 9, 30), date(2026, 11, 1), date(2026, 9, 30))
    assert [each[0] for each in pieces(cut)] == ["day", "month", "day"]


def test_a_day_of_23_hours_ends_an_hour_earlier() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    spring, autumn = parse_period("2026-03-29"), parse_period("2026-10-25")
    assert spring.begins_at(berlin) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert spring.ends_at(berlin) - spring.begins_at(berlin) == timedelta(hours=23)
    assert autumn.ends_at(berlin) - autumn.begins_at(berlin) == timedelta(hours=25)
