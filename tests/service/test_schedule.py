"""What the service does when, and how a failing source looks from outside."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from connectors.error import AuthError, RetryableError
from merilo.schedule import Schedule
from tests.clock import Clock
from tests.service.fake import FakeWork

BUSY = RetryableError("The portal is busy.", did="Waited.", todo="Nothing: it is tried again.")
REFUSED = AuthError("The webhook was refused.", did="Paused.", todo="Make a new webhook.")


def until(met: Callable[[], bool], timeout_s: float = 30.0) -> bool:
    """Waits for what happens in another thread."""
    end = time.monotonic() + timeout_s
    while not met() and time.monotonic() < end:
        time.sleep(0.005)
    return met()


def begun(fake: FakeWork, folder: Path) -> Schedule:
    """A schedule that really runs: its jobs are due by the clock on the wall."""
    schedule = Schedule(fake.work(folder), lambda: datetime.now(UTC))
    schedule.start()
    return schedule


def turns(schedule: Schedule, count: int, source: str = "main") -> list[str]:
    """Runs cycles of a source one after another, as its job does; returns the log events."""
    with capture_logs() as logs:
        for _ in range(count):
            schedule._cycle(source)
    return [line["event"] for line in logs]


def test_every_source_is_asked_at_once(tmp_path: Path) -> None:
    fake = FakeWork(sources=("main", "pbx"))
    schedule = begun(fake, tmp_path)
    assert until(lambda: {"cycle main", "cycle pbx"} <= set(fake.done))
    schedule.ask_to_stop()
    assert schedule.wait(5)


def test_a_source_that_hangs_holds_up_no_other(tmp_path: Path) -> None:
    free = threading.Event()
    fake = FakeWork(sources=("main", "pbx"), poll=timedelta(seconds=1))
    fake.hold = lambda source, should_stop: source == "pbx" or free.wait(60)
    with capture_logs() as logs:
        schedule = begun(fake, tmp_path)
        assert until(lambda: fake.done.count("cycle pbx") >= 4)
        assert fake.done.count("cycle main") == 1
        assert not schedule.wait(0.01)
        free.set()
        schedule.ask_to_stop()
        assert schedule.wait(5)
    overdue = [line for line in logs if line["event"] == "job.overdue"]
    assert "cycle:main" in [line["job"] for line in overdue]


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(tmp_path: Path) -> None:
    fake = FakeWork(errors={"main": [None, BUSY, BUSY, BUSY, None, None]})
    schedule = Schedule(fake.work(tmp_path), Clock())
    assert turns(schedule, 6) == ["source.unavailable", "source.recovered"]


def test_a_refused_login_pauses_the_source_until_its_secret_changes(tmp_path: Path) -> None:
    fake = FakeWork(errors={"main": [REFUSED]})
    schedule = Schedule(fake.work(tmp_path), Clock())
    assert turns(schedule, 5) == ["source.paused"]
    assert fake.done.count("cycle main") == 1
    assert schedule.sources.states()[0].state == "paused"
    fake.credential = "second"
    assert turns(schedule, 1) == ["source.recovered"]


def test_a_paused_source_is_tried_again_after_an_hour(tmp_path: Path) -> None:
    clock, fake = Clock(), FakeWork(errors={"main": [REFUSED, REFUSED]})
    schedule = Schedule(fake.work(tmp_path), clock)
    turns(schedule, 1)
    clock.forward(minutes=59)
    assert turns(schedule, 1) == []
    clock.forward(minutes=2)
    assert turns(schedule, 1) == []  # refused again: nothing new to say
    clock.forward(minutes=59)
    turns(schedule, 1)
    assert fake.done.count("cycle main") == 2
    clock.forward(minutes=2)
    assert turns(schedule, 1) == ["source.recovered"]


def test_our_own_mistake_is_logged_with_its_traceback_once_and_tried_again(tmp_path: Path) -> None:
    fake = FakeWork(errors={"main": [KeyError("x"), KeyError("x"), None]})
    schedule = Schedule(fake.work(tmp_path), Clock())
    with capture_logs() as logs:
        for _ in range(2):
            schedule._cycle("main")
    assert [line["event"] for line in logs] == ["source.failed"]
    assert isinstance(logs[0]["exc_info"], KeyError)
    assert schedule.sources.states()[0].reason == "unexpected KeyError, see the log"
    assert turns(schedule, 1) == ["source.recovered"]


def test_a_stream_that_fails_alone_is_told_once_and_its_source_stays_well(tmp_path: Path) -> None:
    fake = FakeWork(stream_errors={"calls": REFUSED})
    schedule = Schedule(fake.work(tmp_path), Clock())
    assert turns(schedule, 3) == ["stream.unavailable"]
    assert schedule.sources.states()[0].state == "ok"
    fake.stream_errors = {}
    assert turns(schedule, 2) == ["stream.recovered"]


def test_writing_follows_a_good_cycle_and_not_more_often_than_asked(tmp_path: Path) -> None:
    clock, fake = Clock(), FakeWork(errors={"main": [BUSY]})
    schedule = Schedule(fake.work(tmp_path), clock)
    turns(schedule, 1)
    assert "write main/scorecard" not in fake.done
    turns(schedule, 3)
    assert fake.done.count("write main/scorecard") == 1
    clock.forward(minutes=10)
    turns(schedule, 1)
    assert fake.done.count("write main/scorecard") == 2


def test_a_failing_destination_leaves_reading_alone(tmp_path: Path) -> None:
    fake = FakeWork(writeback_error=REFUSED)
    clock = Clock()
    schedule = Schedule(fake.work(tmp_path), clock)
    assert turns(schedule, 1) == ["destination.paused"]
    clock.forward(minutes=11)
    assert turns(schedule, 1) == []
    assert schedule.sources.states()[0].state == "ok"
    assert schedule.destinations.states()[0].state == "paused"


def test_late_rows_that_cannot_be_read_are_told_and_leave_the_source_well(tmp_path: Path) -> None:
    fake = FakeWork(late_error=BUSY)
    schedule = Schedule(fake.work(tmp_path), Clock())
    turns(schedule, 1)
    with capture_logs() as logs:
        schedule._read_late("main")
    assert [(line["event"], line["source"]) for line in logs] == [("late.failed", "main")]
    assert schedule.sources.states()[0].state == "ok"
    assert fake.done[-1] == "late main"


def test_late_rows_are_not_asked_of_a_source_that_is_down(tmp_path: Path) -> None:
    fake = FakeWork(errors={"main": [REFUSED]})
    schedule = Schedule(fake.work(tmp_path), Clock())
    turns(schedule, 1)
    schedule._read_late("main")
    assert "late main" not in fake.done


def test_wrong_cells_raise_an_alarm_at_night(tmp_path: Path) -> None:
    fake = FakeWork(cells_were_wrong=True)
    schedule = Schedule(fake.work(tmp_path), Clock())
    with capture_logs() as logs:
        schedule._self_check("")
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("kpi.self_check_failed", "error")
    ]


def test_work_in_hand_hears_that_it_should_stop(tmp_path: Path) -> None:
    fake = FakeWork()
    fake.hold = lambda source, should_stop: until(should_stop, timeout_s=60)
    schedule = begun(fake, tmp_path)
    assert until(lambda: "cycle main" in fake.done)
    schedule.ask_to_stop()
    assert schedule.wait(20)
    assert "write main/scorecard" not in fake.done
