"""A UIS account read over sockets; the agent's numbers are the sandbox's truth."""

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest

from connectors.uis.client import UisClient
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from sandbox.conversation import IN, INTERNAL, ROBOT, Conversation, Leg
from sandbox.server import start_sandbox
from sandbox.uis.account import FIRST_SESSION
from sandbox.uis.truth import heard
from tests.canary import canary
from tests.clock import Clock
from tests.flow.switchboard import (
    agent,
    by_id_or_extension,
    ring_up,
    stored_legs,
    write_settings,
)
from tests.flow.switchboard_suite import (
    BadAnswers,
    Deaths,
    History,
    Polls,
    PowerCuts,
    SetAside,
    Vendor,
)

SINCE = date(2026, 10, 1)


def settings_of(
    folder: Path, box: Any, *, since: date = SINCE, extra: str = "", people: str = ""
) -> Path:
    box.account.key = canary("pbx-key")
    secrets, begun = {"token": box.account.key}, since.isoformat()
    return write_settings(folder, box, "uis", secrets, since=begun, extra=extra, people=people)


VENDOR = Vendor(
    "uis",
    settings_of,
    by_id_or_extension,
    request=(UisClient, "ask"),
    deaths=(1, 2, 4, 7),
    names=lambda box, call: [str(FIRST_SESSION + call.id)],
    since=SINCE,
    recent=timedelta(days=9),
    told=lambda box: heard(box.account),
    settled=timedelta(days=2),  # a call back may answer what came before anything was read
    fault={"method": "get.calls_report", "after": 1},
)
agree = VENDOR.agree


class TestUis(History, Polls, Deaths, PowerCuts, SetAside, BadAnswers):
    """An account in Moscow."""


def test_a_poll_costs_three_points(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        box.exchange.live_step(random.Random(1))
        box.log.clear()
        clock.forward(minutes=2)
        assert not run_cycle(app, "pbx").errors
        assert box.log.calls() == ["get.employees", "get.calls_report", "get.call_legs_report"]


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
    box.account.refusal = ""
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_an_account_that_moves_to_another_zone_loses_and_doubles_nothing(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    """For up to an hour its reports are read by the old one."""
    chance = random.Random(3)
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        box.account.zone = ZoneInfo("Asia/Almaty")
        for minutes in (20, 100):
            box.exchange.live_step(chance)
            clock.forward(minutes=minutes)
            assert not run_cycle(app, "pbx").errors
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, box)
        ended = box.exchange.ended(0, float("inf"))
        outer = [each for each in ended if each.direction != INTERNAL and each.kind != ROBOT]
        assert len({call for _, call, *_ in stored_legs(app)}) <= len(outer)


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
