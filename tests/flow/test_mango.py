"""A Mango Office exchange read over sockets; its numbers are the sandbox's truth."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from connectors.mango.client import MangoClient
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode
from merilo.wiring import App
from sandbox.conversation import Conversation
from sandbox.mango.view import show_call
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
    Deaths,
    History,
    PowerCuts,
    SetAside,
    Vendor,
    fail_with_advice,
)

SINCE = date(2026, 8, 20)


def settings_of(folder: Path, box: Any, *, since: date = SINCE, people: str = "") -> Path:
    """Who left is told of by nobody but the settings."""
    box.product.key, box.product.salt = canary("mango-key"), canary("mango-salt")
    secrets = {"api_key": box.product.key, "api_salt": box.product.salt}
    gone = [each for each in box.exchange.employees.values() if not each.active]
    people += "".join(
        f'[[managers]]\nname = "{each.name}"\naliases = {{ pbx = "{each.id}" }}\n' for each in gone
    )
    return write_settings(folder, box, "mango", secrets, since=since.isoformat(), people=people)


@contextmanager
def opened(path: Path, clock: Clock) -> Iterator[App]:
    """The agent; whoever waits moves the clock that it shares with the exchange."""
    with agent(path, clock) as app:
        app.wait = lambda seconds: clock.forward(seconds=seconds)  # type: ignore[method-assign]
        yield app


def names_of(box: Any, call: Conversation) -> list[str]:
    """A call's own id and those of its legs; who ordered one has a leg that nobody keeps."""
    shown = show_call(box.exchange, call)
    told = [] if shown["context_init_type"] == 4 else shown["context_calls"]
    legs = [each["external_call_id"] for each in told if each["call_type"] in ("user", "number")]
    return [shown["entry_id"], *filter(None, legs)]


VENDOR = Vendor(
    "mango",
    settings_of,
    by_id_or_extension,
    request=(MangoClient, "_send"),
    deaths=(2, 5),
    names=names_of,
    since=SINCE,
    history=date(2026, 4, 1),
    recent=timedelta(days=50),
    sandbox={"limits": True},
    opened=opened,
)
agree = VENDOR.agree


class TestMango(History, Deaths, PowerCuts, SetAside):
    """An exchange that keeps to its limits."""


def test_who_left_is_listed_by_nobody_and_named_in_the_settings(
    read_once: tuple[App, Any],
) -> None:
    app, box = read_once
    gone = {str(each.id) for each in box.exchange.employees.values() if not each.active}
    with app.store.read() as tx:
        known = {str(ref) for (ref,) in tx.exec_driver_sql("SELECT ref FROM account")}
    assert gone
    assert not gone & known


def test_what_is_read_again_changes_nothing(read_once: tuple[App, Any]) -> None:
    """The overlap of a poll, the late calls of an hour's reading, everything anew."""
    app, _ = read_once
    before = stored_legs(app)
    assert changed(run_cycle(app, "pbx")) == [0, 0]
    assert [each.changed for each in run_late(app, "pbx")] == [0]
    assert changed(run_cycle(app, "pbx", full=True)) == [0, 0]
    assert stored_legs(app) == before


def changed(result: Any) -> list[int]:
    assert not result.errors
    return [each.changed for each in result.streams]


def test_calls_are_read_as_they_end_and_one_told_of_late_is_found(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    chance = random.Random(3)
    at = clock().timestamp()
    ring_up(box, at, told_later=40_000)
    with opened(settings_of(tmp_path, box), clock) as app:
        for _ in range(4):
            assert not run_cycle(app, "pbx").errors
            for _ in range(6):
                clock.forward(seconds=chance.choice((1, 900, 9000)))
                box.exchange.live_step(chance)
        assert not run_cycle(app, "pbx").errors
        assert clock().timestamp() > at + 40_000
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, box)


def test_bad_answers_are_asked_for_again(box: Any, clock: Clock, tmp_path: Path) -> None:
    since = clock().date() - timedelta(days=40)
    with opened(settings_of(tmp_path, box, since=since), clock) as app:
        for kind in ("429", "truncate", "lost"):
            box.faults.add(kind, method="stats/calls/request")
        for kind in ("503", "short", "html200"):
            box.faults.add(kind, method="stats/calls/result", after=1)
        assert not run_cycle(app, "pbx").errors
        assert len([each for each in box.log if each.status != 200 or each.error]) == 6
        agree(app, box, since=since)


def test_a_report_that_vanishes_leaves_no_hole(box: Any, clock: Clock, tmp_path: Path) -> None:
    """Twice lost, the window is not passed; the next poll reads it."""
    box.product.lost = 2
    with opened(settings_of(tmp_path, box), clock) as app:
        _, calls = run_cycle(app, "pbx").streams
        assert calls.error is not None
        assert "lost a report twice" in calls.error.what
        assert stored_legs(app) == set()
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_windows_that_are_refused_are_read_in_shorter_ones(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    box.product.longest_s = 9 * 86_400
    with opened(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, box)
        assert box.product.ignored == 0


def test_a_wrong_salt_is_advised_on_and_not_hammered(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    path = settings_of(tmp_path, box)
    right = (tmp_path / "api_salt").read_text()
    (tmp_path / "api_salt").write_text(canary("wrong"))
    with opened(path, clock) as app:
        assert fail_with_advice(app) == ExitCode.LOGIN
        assert len(box.log) == 1
    (tmp_path / "api_salt").write_text(right)
    with opened(path, clock) as app:
        errors = [str(each) for each in run_cycle(app, "pbx").errors]
        assert len(box.log) == 1
        assert all("two minutes after a wrong request" in each for each in errors)
        clock.forward(minutes=3)
        assert not run_cycle(app, "pbx").errors
        agree(app, box)
    assert box.product.ignored == 0
