"""A UIS account read over sockets; the agent's numbers are the sandbox's truth."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connectors.uis.client import UisClient
from kpi.period import By
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from merilo.wiring import App
from sandbox.conversation import IN, Conversation, Leg
from sandbox.server import start_sandbox
from sandbox.uis.truth import heard
from tests.canary import canary
from tests.clock import Clock
from tests.flow.kill import Kill, dying
from tests.flow.switchboard import (
    METRICS,
    agent,
    shown_values,
    stored_legs,
    true_values,
    write_settings,
)

SINCE = date(2026, 10, 1)
SETTLED = timedelta(days=2)
"""A call back may answer what came before anything was read."""


def settings_of(folder: Path, box: Any, *, since: date = SINCE, extra: str = "") -> Path:
    box.account.key = canary("pbx-key")
    secrets = {"token": box.account.key}
    return write_settings(folder, box, "uis", secrets, since=since.isoformat(), extra=extra)


def shown(app: App, box: Any, since: date, by: By) -> Any:
    people = box.exchange.employees.values()
    ids = {name: one.id for one in people for name in (str(one.id), one.extension)}
    return shown_values(app, ids, since=since, until=app.clock().date(), by=by)


def agree(app: App, box: Any, *, since: date = SINCE, by: By = "day") -> None:
    until, since = app.clock().date(), since + SETTLED
    expected = true_values(heard(box.account), since=since, until=until, by=by)
    assert expected
    assert shown(app, box, since, by) == expected


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any]]:
    """Half a year of a small company, read in one pass."""
    folder, clock = tmp_path_factory.mktemp("uis"), Clock()
    with (
        start_sandbox("uis", scale="small", seed=7, clock=clock) as box,
        agent(settings_of(folder, box, since=date(2026, 7, 1)), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        yield app, box


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_of_every_manager_and_the_team_is_the_truth(
    read_once: tuple[App, Any], by: By
) -> None:
    app, box = read_once
    since = date(2026, 7, 5)
    expected = true_values(heard(box.account), since=since, until=app.clock().date(), by=by)
    assert {metric for _, metric, _ in expected} == set(METRICS)
    assert len({user for user, _, _ in expected}) > 5
    assert shown(app, box, since, by) == expected


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Any]:
    with start_sandbox("uis", scale="tiny", seed=5, clock=clock) as opened:
        yield opened


def test_a_poll_over_the_overlap_changes_nothing(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, box)
        clock.forward(minutes=5)
        again = run_cycle(app, "pbx")
        assert not again.errors
        assert [each.changed for each in again.streams] == [0, 0]
        late = run_late(app, "pbx")
        assert [(each.changed, each.error) for each in late] == [(0, None)]


def test_a_poll_costs_three_points(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        box.exchange.live_step(random.Random(1))
        box.log.clear()
        clock.forward(minutes=2)
        assert not run_cycle(app, "pbx").errors
        assert box.log.calls() == ["get.employees", "get.calls_report", "get.call_legs_report"]


def test_live_calls_are_read_as_they_end(box: Any, clock: Clock, tmp_path: Path) -> None:
    chance = random.Random(3)
    with agent(settings_of(tmp_path, box), clock) as app:
        for _ in range(2):
            assert not run_cycle(app, "pbx").errors
            for _ in range(9):
                clock.forward(seconds=chance.choice((1, 400, 4000)))
                box.exchange.live_step(chance)
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def ring_up(box: Any, at: float, *, talk: int = 200, told_later: float = 0) -> Conversation:
    """A client rings somebody, and is told of so many seconds after the call began."""
    extension = next(iter(box.exchange.employees))
    leg = Leg(extension, at, at + 5, at + 5 + talk)
    call = Conversation(0, IN, "79161234567", "74951000001", at, at + 5 + talk, (leg,))
    kept: Conversation = box.exchange.add(call, published_at=at + told_later)
    return kept


def test_a_call_told_of_a_day_late_is_found(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        ring_up(box, clock().timestamp(), told_later=86_400)
        clock.forward(hours=25)
        assert not run_cycle(app, "pbx").errors
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, box)


def test_a_long_call_is_read_when_it_ends(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        ring_up(box, clock().timestamp() - 60, talk=3 * 3600)
        for _ in range(2):
            assert not run_cycle(app, "pbx").errors
            clock.forward(hours=2)
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_a_call_on_the_edge_of_two_windows_is_whole(clock: Clock, tmp_path: Path) -> None:
    """Windows of two days begin at midnight; the call's own legs begin in the next one."""
    with start_sandbox("uis", scale="empty", seed=5, clock=clock) as box:
        first, second, *_ = box.exchange.employees
        at = (clock() - timedelta(hours=39)).timestamp() - 10
        legs = (
            Leg(first, at + 4, at + 9, at + 130),
            Leg(second, at + 130, at + 140, at + 290, transfer="blind"),
        )
        box.exchange.add(Conversation(0, IN, "79161234567", "74951000001", at, at + 290, legs))
        since = date(2026, 10, 10)
        with agent(settings_of(tmp_path, box, since=since), clock) as app:
            assert not run_cycle(app, "pbx").errors
            agree(app, box, since=since)
            assert {talk for _, _, _, talk, _, _ in stored_legs(app)} == {0, 121, 150}


def test_short_pages_tell_the_same(box: Any, clock: Clock, tmp_path: Path) -> None:
    at = (clock() - timedelta(hours=5)).timestamp()
    for _ in range(9):  # more calls in one second than a page holds
        ring_up(box, at)
    with (
        mock.patch("connectors.uis.report.MOST", 7),
        agent(settings_of(tmp_path, box), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_killed_at_any_request_nothing_is_lost_or_doubled(clock: Clock, tmp_path: Path) -> None:
    since = clock().date() - timedelta(days=9)
    for number in (1, 2, 4, 7):
        folder = tmp_path / str(number)
        folder.mkdir()
        with start_sandbox("uis", scale="tiny", seed=5, clock=clock) as box:
            path = settings_of(folder, box, since=since)
            with (
                agent(path, clock) as app,
                dying(UisClient, "ask", number, before=False),
                pytest.raises(Kill),
            ):
                run_cycle(app, "pbx")
            with agent(path, clock) as app:
                assert not run_cycle(app, "pbx").errors
                agree(app, box, since=since)


@pytest.mark.parametrize("kind", ["429", "truncate", "lost"])
def test_a_bad_answer_is_asked_for_again(box: Any, clock: Clock, tmp_path: Path, kind: str) -> None:
    since = clock().date() - timedelta(days=9)
    path = settings_of(tmp_path, box, since=since)
    with agent(path, clock) as app, mock.patch.object(app.stopping, "wait", clock_wait(clock)):
        box.faults.add(kind, method="get.calls_report", after=1)
        assert not run_cycle(app, "pbx").errors
        agree(app, box, since=since)


def clock_wait(clock: Clock) -> Any:
    """Waiting that takes no time but on the clock."""

    def wait(timeout: float | None = None) -> bool:
        clock.forward(seconds=timeout or 0)
        return False

    return wait


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        ("", "merilo secrets set"),
        ("access_token_expired", "merilo secrets set"),
        ("ip_not_whitelisted", "Security rules"),
        ("account_inactive", "support"),
    ],
)
def test_a_refused_key_is_advised_on_and_not_hammered(
    box: Any, clock: Clock, tmp_path: Path, refusal: str, advice: str
) -> None:
    path = settings_of(tmp_path, box)
    if not refusal:
        (tmp_path / "token").write_text(canary("wrong"))
    box.account.refusal = refusal
    with agent(path, clock) as app:
        result = run_cycle(app, "pbx")
        assert len(box.log) <= len(result.streams)
        assert result.failed is not None
        assert advice in result.failed.todo
        assert "CANARY" not in str(result.failed)
        assert code_of(result.failed) == ExitCode.LOGIN


def test_without_the_right_to_legs_calls_are_unknown_and_employees_are_read(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    box.account.closed = {"get.call_legs_report"}
    with agent(settings_of(tmp_path, box), clock) as app:
        users, calls = run_cycle(app, "pbx").streams
        assert users.error is None
        assert users.read == len(box.exchange.employees)
        assert calls.error is not None
        assert "right" in calls.error.todo


def test_when_the_day_s_points_are_gone_the_next_day_goes_on(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    box.limits.enabled = True
    box.limits.day_limit = 9
    with agent(settings_of(tmp_path, box), clock) as app:
        result = run_cycle(app, "pbx")
        assert result.errors
        asked = len(box.log)
        assert run_cycle(app, "pbx").errors
        assert len(box.log) == asked
        for _ in range(3):
            clock.forward(days=1)
            last = run_cycle(app, "pbx")
        assert not last.errors
        agree(app, box)


@pytest.mark.parametrize("imported", ["skip", "read"])
def test_calls_loaded_from_another_system_are_read_only_when_told_to(
    box: Any, clock: Clock, tmp_path: Path, imported: str
) -> None:
    loaded = {call.id for call in box.exchange.conversations if call.id % 3 == 0}
    box.account.uploaded = loaded
    path = settings_of(tmp_path, box, extra=f'imported = "{imported}"')
    with agent(path, clock) as app:
        assert not run_cycle(app, "pbx").errors
        if imported == "read":
            box.account.uploaded = set()
        agree(app, box)
