"""Writing leaves half of a portal's limits to reading."""

import pytest

from connectors.error import RetryableError
from connectors.limiter import Limiter
from tests.connectors.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limiter(clock: FakeClock) -> Limiter:
    return Limiter(clock=clock, sleep=clock.sleep, capacity=48, rate=2.0)


def test_writes_fill_the_bucket_to_half_and_reads_go_on(limiter: Limiter, clock: FakeClock) -> None:
    for _ in range(24):
        limiter.take(["user.update"], write=True)
    for _ in range(24):
        limiter.take(["user.get"])
    assert clock.slept == []
    limiter.take(["user.update"], write=True)
    assert sum(clock.slept) == pytest.approx(12.5, abs=0.1)


def test_a_write_method_stops_at_half_of_its_run_time(limiter: Limiter, clock: FakeClock) -> None:
    limiter.note_operating({"user.update": (239.0, 60.0), "user.get": (300.0, 60.0)})
    limiter.take(["user.update"], write=True)
    limiter.take(["user.get"])
    assert clock.slept == []
    limiter.note_operating({"user.update": (240.0, 60.0)})
    limiter.take(["user.update"], write=True)
    assert sum(clock.slept) == pytest.approx(60.0, abs=0.1)


def test_a_longer_wait_is_handed_back_to_the_schedule(limiter: Limiter) -> None:
    limiter.note_operating({"crm.item.update": (300.0, 500.0)})
    with pytest.raises(RetryableError) as raised:
        limiter.take(["crm.item.update"], write=True)
    assert raised.value.retry_after == pytest.approx(500.0, abs=0.1)
