"""One instant is one number, and the day it belongs to is the local one."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.moment import EPOCH, LocalDays, day_date, day_number, from_ms, to_day, to_ms

ZONES = ["Europe/Moscow", "Asia/Kolkata", "Europe/Berlin", "Asia/Almaty", "Africa/Monrovia",
         "Australia/Lord_Howe", "America/Caracas", "UTC"]  # fmt: skip
MOMENTS = st.integers(0, 4_102_444_800_000)


@given(MOMENTS)
def test_a_moment_comes_back_as_it_was(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert from_ms(ms).tzinfo is UTC


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1)),  # noqa: DTZ001
    st.sampled_from(ZONES),
)
def test_a_moment_is_cut_to_whole_milliseconds(wall: datetime, zone: str) -> None:
    moment = wall.replace(tzinfo=ZoneInfo(zone))
    assert to_ms(moment) == (moment - EPOCH) // timedelta(milliseconds=1)


def test_one_instant_in_two_zones_is_one_number() -> None:
    moscow = datetime(2026, 10, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    assert to_ms(moscow) == to_ms(datetime(2026, 10, 1, 9, tzinfo=UTC))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_ms(datetime(2026, 10, 1))  # noqa: DTZ001


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(ZONES))
def test_remembered_days_are_the_days_of_the_calendar(moments: list[int], zone: str) -> None:
    days = LocalDays(ZoneInfo(zone))
    # Each moment, and both sides of the hours and half hours around it.
    for ms in moments:
        half = ms // 1_800_000 * 1_800_000
        for each in (ms, half - 1, half, half + 1_799_999):
            assert days(each) == to_day(from_ms(each), ZoneInfo(zone))


@pytest.mark.parametrize("zone", ZONES)
def test_midnight_begins_the_day(zone: str) -> None:
    days = LocalDays(ZoneInfo(zone))
    midnight = datetime(2026, 3, 1, tzinfo=ZoneInfo(zone))
    assert days(to_ms(midnight)) == 20260301
    assert days(to_ms(midnight) - 1) == 20260228


@given(st.dates())
def test_a_day_is_its_number(day: object) -> None:
    assert day_date(day_number(day)) == day  # type: ignore[arg-type]
