"""A server's local times become UTC, by its zone or by what its records tell."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cdr.zone import ServerClock, epoch_of
from connectors.error import DataError
from tests.connectors.cdr.place import client_of, legs_of, records_of, row, table_of

TRUNK, ANNA, OLEG = "PJSIP/trunk-00000001", "PJSIP/101-00000002", "PJSIP/102-00000003"
MADRID = ZoneInfo("Europe/Madrid")


def shown(at: datetime, zone: ZoneInfo) -> float:
    """What a clock on the wall shows at a moment, in seconds as if that were UTC."""
    return at.astimezone(zone).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "unique", ["1795168800.5", "pbx-1795168800.5", "my-pbx-1795168800.5", "mikopbx-1795168800.5_a"]
)
def test_the_second_is_found_in_an_id_with_a_system_s_name(unique: str) -> None:
    assert epoch_of(unique) == 1_795_168_800


@pytest.mark.parametrize("unique", ["", "abc", "12345.6", "4b1f-90", "１７９５１６８８００.1"])
def test_an_id_without_a_second_tells_none(unique: str) -> None:
    assert epoch_of(unique) is None


@given(quarters=st.integers(-48, 56), late=st.integers(0, 60))
def test_any_zone_is_measured(quarters: int, late: int) -> None:
    at = 1_795_168_800
    clock = ServerClock(None)
    assert clock.utc(at + late + quarters * 900, f"{at}.1") == at + late
    assert clock.offset_s == quarters * 900


def test_the_hour_that_comes_twice_is_told_apart_with_and_without_a_zone() -> None:
    for zone in (None, MADRID):
        clock = ServerClock(zone)
        for hour in (0, 1):
            at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            assert clock.utc(shown(at, MADRID), f"{at.timestamp():.0f}.1") == at.timestamp()


def test_a_zone_that_was_reformed_is_converted_by_its_date() -> None:
    """Kazakhstan had +6 in Almaty until 1 March 2024."""
    for zone in (None, ZoneInfo("Asia/Almaty")):
        clock = ServerClock(zone)
        for year in (2023, 2025):
            at = datetime(year, 7, 1, 6, tzinfo=UTC)
            local_s = shown(at, ZoneInfo("Asia/Almaty"))
            assert clock.utc(local_s, f"{at.timestamp():.0f}.1") == at.timestamp()
            assert clock.offset_s == (6 if year == 2023 else 5) * 3600


@pytest.mark.parametrize("month", [3, 10])
def test_a_call_over_a_change_of_the_clock_is_whole(tmp_path: Path, month: int) -> None:
    """Talk of Anna until a minute after the clock is set, then of Oleg."""
    day = 29 if month == 3 else 25
    begun_at = datetime(2026, month, day, 0, 50, tzinfo=UTC)
    rows = []
    for at_s, channel in ((0, ANNA), (660, OLEG)):
        at = datetime.fromtimestamp(begun_at.timestamp() + at_s, UTC).astimezone(MADRID)
        one = [*row(0, 660, 650, TRUNK, channel)]
        one[0], one[12] = f"{at:%Y-%m-%d %H:%M:%S}", at_s + 1
        one[10] = one[11] = f"{begun_at.timestamp():.0f}.1"
        rows.append(one)
    legs = legs_of(client_of(table_of(tmp_path, rows)))
    assert [(leg.user_ref, leg.talk_s) for leg in legs] == [("101", 650), ("102", 650)]
    assert [(leg.started_at - begun_at).total_seconds() for leg in legs] == [0, 660]


def test_rows_that_tell_no_zone_are_set_aside_until_the_settings_tell_it(tmp_path: Path) -> None:
    one = [*row(0, 25, 20, TRUNK, ANNA)]
    one[10] = one[11] = "call-7"
    path = table_of(tmp_path, [one])
    [record] = records_of(client_of(path))
    assert "cannot be measured" in record["reason"]
    [leg] = legs_of(client_of(path, zone="Europe/Moscow"))
    assert leg.started_at == datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_rows_of_different_days_are_no_measure() -> None:
    with pytest.raises(DataError, match="different days"):
        ServerClock(None).utc(1_795_168_800 + 86_400, "1795168800.1")
