"""Working time between two moments, against published calendars and against counting it out."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.country_day import is_country_working
from config.settings import CalendarSection
from config.work_calendar import WorkCalendar, calendar_of, calendar_text
from tests.config import holiday_table

MOSCOW = ZoneInfo("Europe/Moscow")
HOUR_MS = 3_600_000
ZONES = st.sampled_from(
    ["Europe/Moscow", "Asia/Almaty", "Europe/Minsk", "Europe/Berlin", "America/New_York",
     "Australia/Lord_Howe", "Asia/Kathmandu"]
)  # fmt: skip
COUNTRIES = st.sampled_from(["RU", "KZ", "BY"])
HOURS = st.sampled_from(["09:00-18:00", "00:00-23:59", "10:30-19:15", "05:00-06:00"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def calendar(zone: str = "Europe/Moscow", **settings: Any) -> WorkCalendar:
    """The calendar of these settings."""
    section = CalendarSection.model_validate(settings)
    return calendar_of(calendar_text(section), ZoneInfo(zone))


def ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp()) * 1000


def local(text: str) -> int:
    """A moment of Moscow, in milliseconds."""
    return ms(datetime.fromisoformat(text).replace(tzinfo=MOSCOW))


def worked(begin: str, end: str, **settings: Any) -> float:
    """Working hours between two moments of Moscow."""
    return calendar(**settings).work_ms(local(begin), local(end)) / HOUR_MS


@pytest.mark.parametrize(("year", "days"), [(2023, 247), (2024, 248), (2025, 247), (2026, 247)])
def test_russia_works_as_many_days_as_its_government_published(year: int, days: int) -> None:
    first = date(year, 1, 1)
    year_of = (first + timedelta(days=number) for number in range(365 + (year % 4 == 0)))
    assert sum(map(calendar().is_working, year_of)) == days


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-09", False),  # moved from Saturday 3 January
        ("2026-01-12", True),
        ("2026-03-09", False),  # 8 March was a Sunday
        ("2025-11-01", True),  # a Saturday worked instead of Monday 3 November
        ("2025-11-03", False),
        ("2024-04-27", True),
        ("2026-11-04", False),
        ("2026-11-07", False),
        ("2026-12-31", False),  # moved from Sunday 4 January
    ],
)
def test_days_moved_by_decree_are_moved(day: str, works: bool) -> None:
    assert calendar().is_working(date.fromisoformat(day)) is works


@pytest.mark.parametrize("country", holiday_table.COUNTRIES)
@pytest.mark.parametrize("year", [2015, 2024, 2025, 2026, 2027, 2035])
def test_the_table_of_holidays_is_what_the_library_knows(country: str, year: int) -> None:
    off, worked_weekends = holiday_table.exceptions(country, year)
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
    unusual = {day for day in days if is_country_working(country, day) != (day.weekday() < 5)}
    unusual = {day for day in unusual if day.year == year}
    assert unusual == {*off, *worked_weekends}, "python -m tests.config.holiday_table writes it"


def test_each_country_has_its_own_holidays() -> None:
    nauryz, victory = date(2026, 3, 23), date(2026, 7, 3)
    assert [calendar(country=name).is_working(nauryz) for name in ("RU", "KZ", "BY")] == [
        True,
        False,
        True,
    ]
    assert [calendar(country=name).is_working(victory) for name in ("RU", "KZ", "BY")] == [
        True,
        True,
        False,
    ]


def test_ones_own_days_go_before_the_countrys() -> None:
    own = calendar(days_off=["2026-11-05"], work_days=["2026-11-04", "2026-11-07"])
    days = [date(2026, 11, number) for number in (4, 5, 6, 7, 8)]
    assert [own.is_working(day) for day in days] == [True, False, True, True, False]


def test_a_day_cannot_be_both_off_and_worked() -> None:
    with pytest.raises(ValidationError, match="2026-11-07"):
        CalendarSection.model_validate({"days_off": ["2026-11-07"], "work_days": ["2026-11-07"]})


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-11-05 10:00", "2026-11-05 10:30", 0.5),
        ("2026-11-05 03:00", "2026-11-05 09:00", 0),  # of the night
        ("2026-11-05 22:00", "2026-11-06 09:10", 1 / 6),  # waits from the morning
        ("2026-11-03 17:00", "2026-11-05 10:00", 2),  # a holiday between
        ("2026-11-06 17:00", "2026-11-09 10:00", 2),  # a weekend between
        ("2025-12-30 17:00", "2026-01-12 10:00", 2),  # the long holidays, over a year's end
        ("2026-11-07 10:00", "2026-11-08 20:00", 0),
        ("2026-11-06 10:00", "2026-11-05 10:00", 0),  # turned round
    ],
)
def test_only_working_hours_count(begin: str, end: str, hours: float) -> None:
    assert worked(begin, end) == pytest.approx(hours)


def test_hours_are_those_of_the_settings() -> None:
    assert worked("2026-11-05 00:00", "2026-11-06 00:00", hours="10:00-16:30") == 6.5


def test_an_hour_skipped_is_not_worked_and_one_shown_twice_is_worked_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    night = calendar("Europe/Berlin", hours="01:00-05:00", work_days=["2026-03-29", "2026-10-25"])
    spans = [
        (datetime(2026, month, day, tzinfo=berlin), datetime(2026, month, day + 1, tzinfo=berlin))
        for month, day in ((3, 29), (10, 25))
    ]
    assert [night.work_ms(ms(begin), ms(end)) / HOUR_MS for begin, end in spans] == [3, 5]


@given(st.lists(MOMENTS, min_size=2, max_size=6), ZONES, COUNTRIES, HOURS)
def test_a_wait_is_the_sum_of_its_parts_and_never_negative_or_longer_than_by_clock(
    moments: list[datetime], zone: str, country: str, hours: str
) -> None:
    working = calendar(zone, country=country, hours=hours)
    marks = sorted(map(ms, moments))
    parts = [working.work_ms(begin, end) for begin, end in pairwise(marks)]
    assert working.work_ms(marks[0], marks[-1]) == sum(parts)
    assert all(
        0 <= part <= end - begin for part, begin, end in zip(parts, marks, marks[1:], strict=False)
    )


@settings(max_examples=60)
@given(MOMENTS, st.integers(0, 6 * 86_400), ZONES, COUNTRIES, HOURS)
def test_a_wait_is_what_counting_minute_by_minute_finds(
    begin: datetime, lasting: int, zone: str, country: str, hours: str
) -> None:
    working = calendar(zone, country=country, hours=hours)
    begin = begin.replace(second=0, microsecond=0)
    minutes = [begin + timedelta(minutes=number) for number in range(lasting // 60)]
    counted = sum(_is_worked(working, moment) for moment in minutes)
    end = begin + timedelta(minutes=lasting // 60)
    assert working.work_ms(ms(begin), ms(end)) == counted * 60_000


def _is_worked(working: WorkCalendar, moment: datetime) -> bool:
    at = moment.astimezone(working.zone)
    clock = time(at.hour, at.minute)
    return working.begin <= clock < working.end and working.is_working(at.date())


def test_equal_settings_have_one_text_and_different_ones_different_texts() -> None:
    sections = [
        {},
        {"country": "KZ"},
        {"hours": "10:00-18:00"},
        {"days_off": ["2026-11-05"]},
        {"work_days": ["2026-11-05"]},
    ]
    texts = [calendar_text(CalendarSection.model_validate(each)) for each in sections]
    assert len(set(texts)) == len(texts)
    assert not any(" " in text for text in texts)
    turned = [
        {"days_off": days} for days in (["2026-11-05", "2026-11-06"], ["2026-11-06", "2026-11-05"])
    ]
    assert len({calendar_text(CalendarSection.model_validate(each)) for each in turned}) == 1
