"""An exchange of the ITooLabs family read over sockets; its numbers are the sandbox's truth."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.itoolabs.client import ItoolabsClient
from kpi.period import By
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from merilo.wiring import App
from sandbox.conversation import IN, Conversation, Leg
from sandbox.itoolabs.account import login_of
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow.kill import Kill, dying
from tests.flow.switchboard import (
    METRICS,
    agent,
    shown_values,
    stored_legs,
    true_values,
    unhurried,
    write_settings,
)

SINCE = date(2026, 8, 20)


def settings_of(folder: Path, box: Any, *, since: date = SINCE) -> Path:
    box.account.key = canary("pbx-key")
    secrets = {"token": box.account.key}
    return write_settings(folder, box, "itoolabs", secrets, since=since.isoformat())


def ids_of(box: Any) -> dict[str, int]:
    """People by what the vendor may call them: login or extension."""
    people = box.exchange.employees.values()
    return {name: one.id for one in people for name in (login_of(one), one.extension)}


def agree(app: App, box: Any, *, since: date = SINCE, by: By = "day") -> None:
    days = {"since": since, "until": app.clock().date()}
    expected = true_values(box.exchange, **days, by=by)
    assert shown_values(app, ids_of(box), **days, by=by) == expected


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any]]:
    """Some months of a small company, read in one pass."""
    folder, clock = tmp_path_factory.mktemp("itoolabs"), Clock()
    with (
        start_sandbox("itoolabs", scale="small", seed=7, clock=clock) as box,
        agent(settings_of(folder, box, since=date(2026, 6, 20)), clock) as app,
    ):
        assert not run_cycle(app, "pbx").errors
        yield app, box


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_of_every_manager_and_the_team_is_the_truth(
    read_once: tuple[App, Any], by: By
) -> None:
    app, box = read_once
    days = {"since": date(2026, 7, 1), "until": app.clock().date()}
    expected = true_values(box.exchange, **days, by=by)
    assert {metric for _, metric, _ in expected} == set(METRICS)
    assert len({user for user, _, _ in expected}) > 5
    assert shown_values(app, ids_of(box), **days, by=by) == expected


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Any]:
    with start_sandbox("itoolabs", scale="tiny", seed=5, clock=clock) as opened:
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
        assert [each.changed for each in late] == [0]


def test_live_calls_are_read_as_they_end(box: Any, clock: Clock, tmp_path: Path) -> None:
    chance = random.Random(3)
    with agent(settings_of(tmp_path, box), clock) as app:
        for _ in range(4):
            assert not run_cycle(app, "pbx").errors
            for _ in range(6):
                clock.forward(seconds=chance.choice((1, 400, 4000)))
                box.exchange.live_step(chance)
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_a_call_told_of_a_day_late_is_found(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        extension = next(iter(box.exchange.employees))
        at = clock().timestamp()
        leg = Leg(extension, at, at + 5, at + 205)
        call = Conversation(0, IN, "79161234567", "74951000001", at, at + 205, (leg,))
        box.exchange.add(call, published_at=at + 86_400)
        for _ in range(4):
            clock.forward(hours=7)
            assert not run_cycle(app, "pbx").errors
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, box)


def test_killed_at_any_request_nothing_is_lost_or_doubled(clock: Clock, tmp_path: Path) -> None:
    since = clock().date() - timedelta(days=4)
    for number in (2, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        with start_sandbox("itoolabs", scale="tiny", seed=5, clock=clock) as box:
            path = settings_of(folder, box, since=since)
            with (
                agent(path, clock) as app,
                dying(ItoolabsClient, "get", number, before=False),
                pytest.raises(Kill),
            ):
                run_cycle(app, "pbx")
            with agent(path, clock) as app:
                assert not run_cycle(app, "pbx").errors
                agree(app, box, since=since)


@pytest.mark.parametrize("kind", ["429", "truncate", "lost"])
def test_a_bad_answer_is_asked_for_again(box: Any, clock: Clock, tmp_path: Path, kind: str) -> None:
    path = settings_of(tmp_path, box, since=clock().date() - timedelta(days=5))
    with agent(path, clock) as app, unhurried(app, clock):
        box.faults.add(kind, method="GET history/json", after=2)
        assert not run_cycle(app, "pbx").errors
        agree(app, box, since=clock().date() - timedelta(days=5))


def test_a_wrong_key_is_advised_on_and_not_hammered(box: Any, clock: Clock, tmp_path: Path) -> None:
    path = settings_of(tmp_path, box)
    (tmp_path / "token").write_text(canary("wrong"))
    with agent(path, clock) as app:
        result = run_cycle(app, "pbx")
        assert len(box.log) == 1
        assert result.failed is not None
        assert "merilo secrets set" in result.failed.todo
        assert code_of(result.failed) == ExitCode.LOGIN


def test_without_the_export_users_are_read_and_calls_are_unknown(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    box.account.exports = False
    with agent(settings_of(tmp_path, box), clock) as app:
        users, calls = run_cycle(app, "pbx").streams
        assert users.error is None
        assert users.read == len(box.exchange.employees)
        assert calls.error is not None
        assert "does not export" in calls.error.what
        assert "operator" in calls.error.todo


def test_a_list_cut_short_in_silence_is_asked_for_in_halves(clock: Clock, tmp_path: Path) -> None:
    with start_sandbox("itoolabs", scale="empty", seed=5, clock=clock) as box:
        extension = next(iter(box.exchange.employees))
        begin = datetime(2026, 10, 14, 6, tzinfo=UTC).timestamp()
        for number in range(350):
            at = begin + number * 60
            leg = Leg(extension, at, at + 5, at + 25)
            client = f"7916{number:07d}"
            box.exchange.add(Conversation(0, IN, client, "74951000001", at, at + 25, (leg,)))
        box.account.most = 100
        path = settings_of(tmp_path, box, since=date(2026, 10, 14))
        with agent(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            agree(app, box, since=date(2026, 10, 14))
            assert len(stored_legs(app)) == 350


def test_a_call_over_midnight_in_almaty_is_of_its_local_day(clock: Clock, tmp_path: Path) -> None:
    """19:30 UTC is the next day in Almaty: windows are of UTC, days are counted by our zone."""
    with start_sandbox("itoolabs", scale="empty", seed=5, clock=clock) as box:
        extension = next(iter(box.exchange.employees))
        at = datetime(2026, 10, 13, 19, 30, tzinfo=UTC).timestamp()
        leg = Leg(extension, at, at + 5, at + 130)
        box.exchange.add(Conversation(0, IN, "77011234567", "77780030234", at, at + 130, (leg,)))
        path = settings_of(tmp_path, box)
        path.write_text(path.read_text().replace("Europe/Moscow", "Asia/Almaty"))
        with agent(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            shown = shown_values(app, ids_of(box), since=SINCE, until=clock().date(), by="day")
    days = {day for (user, metric, day) in shown if metric == "calls_120s"}
    assert days == {date(2026, 10, 14)}
