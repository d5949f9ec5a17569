"""From the store to fields of employees and of deals, through a whole agent."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from kpi.value import Query, values
from merilo.command.writeback import app as command
from merilo.context import Context
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, desired_of, destination_of, run_writeback
from merilo.wiring import App
from sandbox.bitrix24.call import Leg
from sandbox.server import Box, start_sandbox
from store.bookkeeping import ReceiptRow
from store.table import table_of
from tests.clock import Clock
from tests.flow.agent import agent, write_settings

PEOPLE, DEALS = "main/user_fields", "main/record_fields"
ZONE = ZoneInfo("Europe/Moscow")
METRICS = ("calls_120s", "deals_won", "revenue", "win_rate")
EXTRA = """
[[destinations]]
source = 'main'
kind = 'user_fields'
metrics = ['calls_120s', 'deals_won', 'revenue', 'win_rate']
today = ['deals_won']

[[destinations]]
source = 'main'
kind = 'record_fields'
metrics = ['days_in_stage', 'talk_minutes', 'last_contact']
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="tiny", seed=3, limits=False, clock=clock) as opened:
        yield opened


@pytest.fixture
def path(box: Box, tmp_path: Path) -> Path:
    return write_settings(tmp_path, box, extra=EXTRA)


@pytest.fixture
def merilo(path: Path, clock: Clock) -> Iterator[App]:
    with agent(path, clock) as opened:
        run_cycle(opened, "main")
        yield opened


def test_employees_show_this_months_numbers(merilo: App, box: Box) -> None:
    apply_writeback(merilo, destination_of(merilo, PEOPLE), yes=True)
    month = Query(since=date(2026, 10, 1), until=date(2026, 10, 31), by="month", metrics=METRICS)
    counted = [v for v in values(merilo.store, merilo.catalog, month, merilo.vantage) if v.aliases]
    assert len(counted) > len(METRICS)
    for value in counted:
        own = box.portal.users[int(value.aliases["main"])].values
        seen = own[f"UF_USR_MERILO_{value.metric.upper()}"] if value.value is not None else None
        wanted = value.percent if value.unit == "ratio" else value.value
        assert seen == (None if wanted is None else float(wanted)), value
        assert own["UF_USR_MERILO_COVERAGE"] == "Полные"
        assert own["UF_USR_MERILO_AS_OF"] <= merilo.clock().timestamp()


def test_today_stands_beside_the_month(merilo: App, box: Box) -> None:
    box.portal.update_deal(box.portal.create_deal(7, 100, stage="NEW"), stage="WON")
    run_cycle(merilo, "main")
    apply_writeback(merilo, destination_of(merilo, PEOPLE), yes=True)
    assert box.portal.users[7].values["UF_USR_MERILO_DEALS_WON_TODAY"] == 1


def test_a_new_month_replaces_the_old_numbers(merilo: App, box: Box, clock: Clock) -> None:
    box.portal.update_deal(box.portal.create_deal(7, 100, stage="NEW"), stage="WON")
    run_cycle(merilo, "main")
    apply_writeback(merilo, destination_of(merilo, PEOPLE), yes=True)
    clock.now = datetime(2026, 11, 1, 9, tzinfo=UTC)
    run_cycle(merilo, "main")
    run_writeback(merilo, PEOPLE)
    assert box.portal.users[7].values["UF_USR_MERILO_DEALS_WON"] == 0


def test_somebody_who_is_no_manager_any_more_shows_nothing(
    merilo: App, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply_writeback(merilo, destination_of(merilo, PEOPLE), yes=True)
    monkeypatch.setattr("merilo.scorecard._scores", lambda *_: [])
    run_writeback(merilo, PEOPLE)
    shown = [user.values.values() for user in box.portal.users.values()]
    assert {value for each in shown for value in each} == {None}
    box.log.clear()
    assert run_writeback(merilo, PEOPLE).run is None
    assert len(box.log) == 0


def test_deals_show_what_is_known_of_them(box: Box, path: Path, clock: Clock) -> None:
    portal = box.portal
    company = 1 + 4567 % 97
    deal_id = portal.create_deal(7, 100, stage="NEW", at=_ago(days=9))
    portal.deals.every[deal_id].company = company
    portal.move_deal(deal_id, "PREPARATION", at=_ago(days=3))
    for days, seconds in ((20, 600), (5, 100), (2, 290)):
        leg = Leg(7, 2, seconds, start=_ago(days=days), phone="+74951234567")
        portal.calls.append(portal._call(leg, portal.calls.fresh_session()))
    with agent(path, clock) as merilo:
        run_cycle(merilo, "main")
        apply_writeback(merilo, destination_of(merilo, DEALS), yes=True)
    shown = portal.deals.every[deal_id].extra or {}
    assert shown["UF_CRM_MERILO_DAYS_IN_STAGE"] == 3
    assert shown["UF_CRM_MERILO_TALK_MINUTES"] == 7
    contact = datetime.fromtimestamp(shown["UF_CRM_MERILO_LAST_CONTACT"], ZONE).date()
    assert contact == _ago(days=2).astimezone(ZONE).date()


def test_a_closed_deal_waits_nowhere_and_old_ones_are_left_alone(merilo: App, box: Box) -> None:
    settings = destination_of(merilo, DEALS)
    apply_writeback(merilo, settings, yes=True)
    window = datetime(2026, 9, 1, tzinfo=ZONE).timestamp()
    for deal in box.portal.deals.every.values():
        shown = deal.extra or {}
        is_old = (
            deal.now.stage in ("WON", "LOSE", "C1:WON", "C1:LOSE") and deal.now.moved_at < window
        )
        if is_old or deal.now.deleted:
            assert not any(name.startswith("UF_CRM_MERILO_") for name in shown)
    open_one = next(
        each for each in desired_of(merilo, settings).records if each.texts["days_in_stage"]
    )
    ref = int(open_one.key.removeprefix("deal:"))
    box.portal.update_deal(ref, stage="WON")
    run_cycle(merilo, "main")
    assert run_writeback(merilo, DEALS).written >= 1
    assert (box.portal.deals.every[ref].extra or {})["UF_CRM_MERILO_DAYS_IN_STAGE"] is None


def test_a_new_day_writes_each_open_deal_once(merilo: App, box: Box, clock: Clock) -> None:
    apply_writeback(merilo, destination_of(merilo, DEALS), yes=True)
    still_open = [
        each
        for each in desired_of(merilo, destination_of(merilo, DEALS)).records
        if each.texts["days_in_stage"] is not None
    ]
    clock.forward(days=1)
    before = len(box.portal.writes)
    for _ in range(3):
        run_cycle(merilo, "main")
        run_writeback(merilo, DEALS)
    assert len(box.portal.writes) - before == len(still_open) > 0


@pytest.mark.parametrize("name", [PEOPLE, DEALS])
def test_our_own_writes_make_no_work(merilo: App, box: Box, clock: Clock, name: str) -> None:
    apply_writeback(merilo, destination_of(merilo, name), yes=True)
    clock.forward(minutes=1)
    before = _last_receipt(merilo)
    run_cycle(merilo, "main")
    assert _last_receipt(merilo) == before, "nothing of what we keep has changed"
    box.log.clear()
    assert run_writeback(merilo, name).run is None
    assert len(box.log) == 0
    checked = run_writeback(merilo, name, verify=True)
    assert (checked.written, checked.conflicts, checked.rejected) == (0, (), ())


def test_deals_are_named_in_the_plan_of_the_command_line(merilo: App, path: Path) -> None:
    shown = CliRunner().invoke(command, ["plan"], obj=Context(config_path=path))
    assert shown.exit_code == 0
    assert "main/record_fields  создать поле  days_in_stage: пусто → Дней в стадии" in shown.stdout
    assert "main/user_fields  создать поле" in shown.stdout


def _last_receipt(merilo: App) -> Any:
    """The number of the last run of a stream that changed anything."""
    with merilo.store.read() as tx:
        return tx.execute(select(func.max(table_of(ReceiptRow).c.id))).scalar()


def _ago(**span: float) -> datetime:
    return Clock().now - timedelta(**span)
