"""The limiter on a fake clock: no window of time ever sees more than the vendor allows."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.error import RetryableError
from connectors.limiter import Limiter
from tests.connectors.clock import FakeClock

CAPACITY = 50
RATE = 2.0


def build_limiter(clock: FakeClock, file: Path | None = None) -> Limiter:
    return Limiter(clock=clock, sleep=clock.sleep, file=file)


def most_in_a_window(sent: list[float]) -> float:
    """The most that any window held beyond what drained meanwhile."""
    return max(
        (last - first + 1) - RATE * (sent[last] - sent[first])
        for first in range(len(sent))
        for last in range(first, len(sent))
    )


@given(st.lists(st.floats(0, 40), min_size=1, max_size=150))
def test_no_window_holds_more_than_the_bucket_and_what_drained(pauses: list[float]) -> None:
    clock, sent = FakeClock(), []
    limiter = build_limiter(clock)
    for pause in pauses:
        clock.sleep(pause if pause > 20 else 0)
        limiter.take()
        sent.append(clock.seconds())
    assert most_in_a_window(sent) <= CAPACITY


def test_a_burst_passes_at_once_and_the_rest_at_the_documented_rate() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    began = clock.seconds()
    for _ in range(100):
        limiter.take()
    assert 25 <= clock.seconds() - began <= 27.5


@given(st.lists(st.booleans(), min_size=60, max_size=150))
def test_two_limiters_on_one_file_keep_one_limit(
    tmp_path_factory: pytest.TempPathFactory, turns: list[bool]
) -> None:
    clock, sent = FakeClock(), []
    file = tmp_path_factory.mktemp("limits") / "portal.json"
    one, other = build_limiter(clock, file), build_limiter(clock, file)
    for turn in turns:
        (one if turn else other).take()
        sent.append(clock.seconds())
    assert most_in_a_window(sent) <= CAPACITY


def test_a_refusal_stops_everybody_on_the_same_file(tmp_path: Path) -> None:
    clock = FakeClock()
    one, other = (build_limiter(clock, tmp_path / "portal.json") for _ in range(2))
    one.pause(7)
    began = clock.seconds()
    other.take()
    assert clock.seconds() - began >= 7


def test_a_spoilt_file_counts_as_empty_and_is_private(tmp_path: Path) -> None:
    clock, file = FakeClock(), tmp_path / "limits" / "portal.json"
    limiter = build_limiter(clock, file)
    file.write_text('{"level": ')
    limiter.take()
    assert '"level": 1.0' in file.read_text()
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_method_near_its_time_budget_waits_and_others_go_on() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    limiter.note_operating({"crm.item.list": (390.0, 40)})
    limiter.take(["user.get"])
    assert clock.slept == []
    limiter.take(["user.get", "crm.item.list"])
    assert sum(clock.slept) == pytest.approx(40, abs=0.1)


def test_the_run_time_of_a_method_is_the_last_word_and_no_sum() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    for _ in range(10):
        limiter.note_operating({"crm.item.list": (100.0, 600)})
    limiter.take(["crm.item.list"])
    assert clock.slept == []


def test_a_refused_method_rests_until_its_known_reset_else_a_minute() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    assert limiter.pause_method("user.get") == pytest.approx(60)
    limiter.note_operating({"crm.item.list": (10.0, 20)})
    assert limiter.pause_method("crm.item.list") == pytest.approx(20)


def test_a_long_rest_is_told_instead_of_slept_through() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    limiter.note_operating({"crm.item.list": (480.0, 500)})
    with pytest.raises(RetryableError) as told:
        limiter.take(["crm.item.list"])
    assert told.value.retry_after == pytest.approx(500, abs=1)
    assert clock.slept == []


def test_a_clock_set_back_by_a_day_does_not_stop_the_agent_for_a_day() -> None:
    clock = FakeClock()
    limiter = build_limiter(clock)
    limiter.pause(60)
    clock._now -= timedelta(days=1)
    limiter.take()
    assert sum(clock.slept) < 1
