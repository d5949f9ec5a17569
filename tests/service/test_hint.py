"""Hints bring a source's next cycle forward, and none of them is lost."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

import merilo.schedule
from merilo.schedule import GATHER, Schedule
from tests.clock import Clock
from tests.service.fake import FakeWork
from tests.service.test_schedule import until


def test_hints_make_a_source_due_soon_and_once_more_after_a_cycle_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merilo.schedule, "GATHER", timedelta(milliseconds=50))
    free = threading.Event()
    fake = FakeWork(sources=("main",), poll=timedelta(hours=1))
    fake.hold = lambda _source, _should_stop: free.wait(20)
    schedule = Schedule(fake.work(tmp_path), lambda: datetime.now(UTC))
    schedule.start()
    assert until(lambda: fake.done.count("cycle main") == 1)
    for _ in range(5):
        schedule.wake("main")
    free.set()
    assert until(lambda: fake.done.count("cycle main") == 2)
    schedule.ask_to_stop()
    assert schedule.wait(20)


def waiting(fake: FakeWork, folder: Path, clock: Clock, **more: Any) -> tuple[Schedule, Any]:
    """A schedule whose clockwork stands still, and its next cycle, an hour ahead."""
    schedule = Schedule(replace(fake.work(folder), **more), clock)
    with mock.patch.object(BackgroundScheduler, "start"):
        schedule.start()
    cycle = schedule._scheduler.get_job("cycle:main")
    cycle.modify(next_run_time=clock() + timedelta(hours=1))
    return schedule, cycle


def test_a_hint_is_followed_when_all_of_the_cycle_in_hand_has_ended(tmp_path: Path) -> None:
    clock, fake, meanwhile = Clock(), FakeWork(), list[datetime]()
    cycle: Any
    schedule, cycle = waiting(
        fake, tmp_path, clock, rest=lambda: meanwhile.append(cycle.next_run_time)
    )
    fake.hold = lambda source, _should_stop: schedule.wake(source)
    schedule._run("cycle:main", schedule._cycle, "main")
    assert meanwhile == [clock() + timedelta(hours=1)]
    assert cycle.next_run_time == clock() + GATHER


def test_a_hint_during_a_sweep_is_followed_when_that_has_ended(tmp_path: Path) -> None:
    clock = Clock()
    schedule: Schedule
    schedule, cycle = waiting(FakeWork(), tmp_path, clock, sweep=lambda name: schedule.wake(name))
    schedule._run("cycle:main", schedule._cycle, "main")
    schedule._run("sweep:main", schedule._sweep, "main")
    assert cycle.next_run_time == clock() + GATHER


def test_a_hint_whose_turn_came_too_early_is_followed_after_all(tmp_path: Path) -> None:
    clock = Clock()
    schedule, cycle = waiting(FakeWork(), tmp_path, clock)
    schedule.wake("main")
    cycle.modify(next_run_time=clock() + timedelta(hours=1))
    schedule._overdue(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "cycle:main", "default", []))
    assert cycle.next_run_time == clock() + GATHER
    schedule._run("cycle:main", schedule._cycle, "main")
    cycle.modify(next_run_time=clock() + timedelta(hours=1))
    schedule._overdue(JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "cycle:main", "default", []))
    assert cycle.next_run_time == clock() + timedelta(hours=1)
