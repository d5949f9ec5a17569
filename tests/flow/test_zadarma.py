"""A Zadarma account read over sockets; its numbers are the sandbox's truth as far as it is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connectors.zadarma.client import ZadarmaClient
from kpi.period import By
from kpi.value import Query, values
from merilo.cycle import run_cycle, run_late
from merilo.wiring import App
from sandbox.conversation import IN, Conversation
from sandbox.exchange import Exchange
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow import agent as agents
from tests.flow.switchboard import METRICS, agent, unhurried, write_settings
from tests.flow.switchboard_suite import (
    BadAnswers,
    Deaths,
    Polls,
    PowerCuts,
    SetAside,
    UnknownWords,
    Vendor,
    WrongKey,
    die_and_agree,
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


def ids_of(box: Any) -> dict[str, int]:
    """By extension: the vendor knows nothing else."""
    return {one.extension: one.id for one in box.exchange.employees.values()}


def names_of(box: Any, call: Conversation) -> list[str]:
    """A call's own id and those of its talks; one with a colleague is not kept."""
    rows, own = list(box.account.told(call)), {*box.exchange.employees}
    talks = [row for row in rows if row["disposition"] == "answered"]
    ours = [row for row in talks if len({row["clid"], str(row["destination"])} & own) == 1]
    return [rows[0]["pbx_call_id"], *(row["call_id"] for row in ours)]


VENDOR = Vendor(
    "zadarma",
    settings_of,
    ids_of,
    request=(ZadarmaClient, "get"),
    deaths=(2, 4),
    names=names_of,
    since=SINCE,
    recent=timedelta(days=56),
    told=lambda box: as_told(box.exchange),
    words=lambda box: box.account.dispositions,
    fault={"method": "GET statistics/pbx", "after": 1},
    key_file="secret",
    knows_people=False,
)
agree = VENDOR.agree


class TestZadarma(Polls, Deaths, PowerCuts, SetAside, BadAnswers, WrongKey, UnknownWords):
    """An account in Moscow, as far as it is told."""

    def test_killed_at_any_request_nothing_is_lost_or_doubled(
        self, vendor: Vendor, clock: Clock, tmp_path: Path
    ) -> None:
        """One of the time zone, then windows of several small pages."""
        with mock.patch("connectors.zadarma.report.LIMIT", 12):
            agreed = die_and_agree(vendor, clock, tmp_path)
        assert agreed.keys() == {2, 4}


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
    assert VENDOR.agree_on_a_quarter(app, box, by) == set(METRICS)


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
        secret = agents.keep_secret(tmp_path, "webhook", crm.webhook)
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
