"""An exchange of the ITooLabs family read over sockets; its numbers are the sandbox's truth."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from connectors.itoolabs.client import ItoolabsClient
from merilo.cycle import run_cycle
from sandbox.itoolabs.account import login_of, uid_of
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow.switchboard import agent, ring_up, shown_values, stored_legs, write_settings
from tests.flow.switchboard_suite import (
    BadAnswers,
    Deaths,
    History,
    Polls,
    PowerCuts,
    SetAside,
    UnknownWords,
    Vendor,
    WrongKey,
)

SINCE = date(2026, 8, 20)


def settings_of(folder: Path, box: Any, *, since: date = SINCE, people: str = "") -> Path:
    box.account.key = canary("pbx-key")
    secrets, begun = {"token": box.account.key}, since.isoformat()
    return write_settings(folder, box, "itoolabs", secrets, since=begun, people=people)


def ids_of(box: Any) -> dict[str, int]:
    """People by what the vendor may call them: login or extension."""
    people = box.exchange.employees.values()
    return {name: one.id for one in people for name in (login_of(one), one.extension)}


VENDOR = Vendor(
    "itoolabs",
    settings_of,
    ids_of,
    request=(ItoolabsClient, "get"),
    deaths=(2, 5),
    names=lambda box, call: [uid_of(call)],
    words=lambda box: box.account.statuses,
    fault={"method": "GET history/json", "after": 2},
)
agree = VENDOR.agree


class TestItoolabs(History, Polls, Deaths, PowerCuts, SetAside, BadAnswers, WrongKey, UnknownWords):
    """An exchange that tells everything."""


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
        begin = datetime(2026, 10, 14, 6, tzinfo=UTC).timestamp()
        for number in range(350):
            ring_up(box, begin + number * 60, talk=20, client=f"7916{number:07d}")
        box.account.most = 100
        path = settings_of(tmp_path, box, since=date(2026, 10, 14))
        with agent(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            agree(app, box, since=date(2026, 10, 14))
            assert len(stored_legs(app)) == 350


def test_a_call_over_midnight_in_almaty_is_of_its_local_day(clock: Clock, tmp_path: Path) -> None:
    """19:30 UTC is the next day in Almaty: windows are of UTC, days are counted by our zone."""
    with start_sandbox("itoolabs", scale="empty", seed=5, clock=clock) as box:
        at = datetime(2026, 10, 13, 19, 30, tzinfo=UTC).timestamp()
        ring_up(box, at, talk=125, client="77011234567")
        path = settings_of(tmp_path, box)
        path.write_text(path.read_text().replace("Europe/Moscow", "Asia/Almaty"))
        with agent(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            shown = shown_values(app, ids_of(box), since=SINCE, until=clock().date(), by="day")
    days = {day for (user, metric, day) in shown if metric == "calls_120s"}
    assert days == {date(2026, 10, 14)}
