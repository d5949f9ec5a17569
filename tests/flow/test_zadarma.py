"""A Zadarma account read over sockets; its numbers are the sandbox's truth as far as it is told."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connectors.zadarma.client import ZadarmaClient
from kpi.period import By
from kpi.value import Query, values
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from merilo.wiring import App
from sandbox.conversation import IN, Conversation, Leg
from sandbox.exchange import Exchange
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow import agent as agents
from tests.flow.kill import Kill, dying
from tests.flow.switchboard import (
    METRICS,
    agent,
    shown_values,
    true_values,
    unhurried,
    write_settings,
)

SINCE = date(2026, 8, 20)


def settings_of(
    folder: Path, box: Any, *, since: date = SINCE, zone: str = "Europe/Moscow", people: str = ""
) -> Path:
    """People are told by [[managers]] here: the vendor knows neither names nor e-mails."""
    account = box.account
    account.key, account.secret = canary("pbx-key"), canary("pbx-secret")
    people = people or "\n".join(
        f'[[managers]]\nname = "{one.name}"\naliases = {{ pbx = "{one.extension}" }}'
        for one in box.exchange.employees.values()
    )
    return write_settings(
        folder,
        box,
        "zadarma",
        {"key": account.key, "secret": account.secret},
        since=since.isoformat(),
        extra=f'timezone = "{zone}"',
        people=people,
    )


def as_told(exchange: Exchange) -> Exchange:
    """The same calls, of which those missed end when the last telephone began to ring: the report
    has no ring time."""
    known = Exchange(exchange.clock, exchange.employees)
    for call in exchange.conversations:
        published_at = exchange.known_at(call)
        known.add(_without_ringing(call), published_at=published_at)
    return known


def _without_ringing(call: Conversation) -> Conversation:
    if call.answered or call.kind or call.direction != IN:
        return call
    return replace(call, ended_at=max(leg.rang_at for leg in call.legs))


def agree(app: App, box: Any, *, since: date = SINCE, by: By = "day") -> None:
    days = {"since": since, "until": app.clock().date()}
    expected = true_values(as_told(box.exchange), **days, by=by)
    ids = {one.extension: one.id for one in box.exchange.employees.values()}
    assert shown_values(app, ids, **days, by=by) == expected


@pytest.fixture(scope="module", params=[True, False], ids=["the last days", "the first days"])
def read_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Any]]:
    """Some months of an account that answers for ten days of whatever it is asked for."""
    folder, clock = tmp_path_factory.mktemp("zadarma"), Clock()
    with start_sandbox("zadarma", scale="small", seed=7, clock=clock) as box:
        box.account.cut_days, box.account.keeps_end = 10, request.param
        with agent(settings_of(folder, box, since=date(2026, 6, 20)), clock) as app:
            assert not run_cycle(app, "pbx").errors
            yield app, box


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_is_the_truth_though_windows_are_cut_in_silence(
    read_once: tuple[App, Any], by: By
) -> None:
    app, box = read_once
    days = {"since": date(2026, 7, 1), "until": app.clock().date()}
    expected = true_values(as_told(box.exchange), **days, by=by)
    assert {metric for _, metric, _ in expected} == set(METRICS)
    assert len({user for user, _, _ in expected}) > 5
    agree(app, box, since=date(2026, 7, 1), by=by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Any]:
    with start_sandbox("zadarma", scale="tiny", seed=5, clock=clock) as opened:
        yield opened


def test_a_poll_over_the_overlap_changes_nothing(box: Any, clock: Clock, tmp_path: Path) -> None:
    with agent(settings_of(tmp_path, box), clock) as app:
        assert not run_cycle(app, "pbx").errors
        agree(app, box)
        clock.forward(minutes=5)
        again = run_cycle(app, "pbx")
        assert not again.errors
        assert [each.changed for each in again.streams] == [0]
        assert [each.changed for each in run_late(app, "pbx")] == [0]


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
        at = clock().timestamp()
        leg = Leg(next(iter(box.exchange.employees)), at, at + 5, at + 205)
        call = Conversation(0, IN, "79161234567", "74951000001", at, at + 205, (leg,))
        box.exchange.add(call, published_at=at + 86_400)
        for _ in range(4):
            clock.forward(hours=7)
            assert not run_cycle(app, "pbx").errors
        assert {each.error for each in run_late(app, "pbx")} == {None}
        agree(app, box)


def test_killed_at_any_request_nothing_is_lost_or_doubled(clock: Clock, tmp_path: Path) -> None:
    """One of the time zone, then windows of several small pages."""
    for number in (2, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        with (
            start_sandbox("zadarma", scale="tiny", seed=5, clock=clock) as box,
            mock.patch("connectors.zadarma.report.LIMIT", 12),
        ):
            path = settings_of(folder, box)
            with (
                agent(path, clock) as app,
                dying(ZadarmaClient, "get", number, before=False),
                pytest.raises(Kill),
            ):
                run_cycle(app, "pbx")
            with agent(path, clock) as app:
                assert not run_cycle(app, "pbx").errors
                agree(app, box)


@pytest.mark.parametrize("kind", ["429", "truncate", "lost"])
def test_a_bad_answer_is_asked_for_again(box: Any, clock: Clock, tmp_path: Path, kind: str) -> None:
    with agent(settings_of(tmp_path, box), clock) as app, unhurried(app, clock):
        box.faults.add(kind, method="GET statistics/pbx", after=1)
        assert not run_cycle(app, "pbx").errors
        agree(app, box)


def test_at_the_vendor_s_own_pace_no_report_is_ever_refused(clock: Clock, tmp_path: Path) -> None:
    with start_sandbox("zadarma", scale="tiny", seed=5, clock=clock, limits=True) as box:
        path = settings_of(tmp_path, box, since=date(2026, 2, 1))
        with agents.agent(path, clock) as app, unhurried(app, clock):
            for _ in range(3):
                assert not run_cycle(app, "pbx").errors
                assert not run_late(app, "pbx")[0].error
                clock.forward(seconds=60)
            agree(app, box)
        assert box.limits.rejected == 0
        assert box.log.calls().count("GET statistics/pbx") == 10 + 2 + 3


def test_a_wrong_key_is_advised_on_and_not_hammered(box: Any, clock: Clock, tmp_path: Path) -> None:
    path = settings_of(tmp_path, box)
    (tmp_path / "secret").write_text(canary("wrong"))
    with agent(path, clock) as app:
        result = run_cycle(app, "pbx")
        assert len(box.log) == 1
        assert result.failed is not None
        assert "merilo secrets set" in result.failed.todo
        assert code_of(result.failed) == ExitCode.LOGIN


def test_another_zone_than_the_account_s_pauses_the_source_before_anything_is_read(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    path = settings_of(tmp_path, box, zone="Asia/Almaty")
    with agent(path, clock) as app:
        result = run_cycle(app, "pbx")
        assert box.log.calls() == ["GET info/timezone"]
        assert result.failed is not None
        assert "UTC+3:00" in result.failed.what
        assert "UTC+5:00" in result.failed.what
        assert "`timezone`" in result.failed.todo


def test_whose_an_extension_is_the_users_of_a_crm_tell(
    box: Any, clock: Clock, tmp_path: Path
) -> None:
    with start_sandbox("bitrix24", scale="tiny", seed=5, clock=clock) as crm:
        secret = tmp_path / "webhook"
        secret.write_text(crm.webhook)
        secret.chmod(0o600)
        table = f'connector = "bitrix24"\nurl = "{crm.url}"\nwebhook = "file:{secret}"'
        path = settings_of(tmp_path, box, people=f"[sources.main]\n{table}")
        with agent(path, clock) as app:
            assert not run_cycle(app, "main", names=("users",)).errors
            assert not run_cycle(app, "pbx").errors
            query = Query(since=SINCE, until=clock().date(), by="total", metrics=("talk_time",))
            found = {
                value.aliases["pbx"]: value.manager
                for value in values(app.store, app.catalog, query, app.vantage)
                if value.manager_id and value.n
            }
    assert found
    assert (
        found.items()
        <= {one.extension: one.name for one in box.exchange.employees.values()}.items()
    )
    assert len(found) == len(box.exchange.employees)
