"""From KPI values to records in the CRM, and the command line over it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kpi.value import Query, values
from merilo.command.writeback import app as command
from merilo.context import Context
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, desired_of, destination_of, run_writeback
from merilo.wiring import App
from sandbox.server import Box, start_sandbox
from tests.flow.agent import METRICS, agent, write_settings

NAME = "main/scorecard"
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


@pytest.fixture
def box() -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="tiny", seed=3, limits=False, clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def path(box: Box, tmp_path: Path) -> Path:
    return write_settings(tmp_path, box)


@pytest.fixture
def merilo(path: Path) -> Iterator[App]:
    with agent(path, lambda: NOW) as opened:
        run_cycle(opened, "main")
        yield opened


def test_the_crm_shows_what_the_store_holds(merilo: App, box: Box) -> None:
    apply_writeback(merilo, destination_of(merilo, NAME), yes=True)
    since, until = datetime(2026, 9, 1).date(), datetime(2026, 10, 31).date()  # noqa: DTZ001
    query = Query(since=since, until=until, by="month", metrics=METRICS)
    counted = [v for v in values(merilo.store, merilo.catalog, query, merilo.vantage) if v.aliases]
    shown = _shown(box)
    assert len(shown) == len(counted) / len(METRICS) > 2
    for value in counted:
        row = shown[f"merilo:{value.manager_id}:{value.period:%Y-%m}"]
        seen = row[value.metric.upper()]
        if value.unit == "ratio" and value.value is not None:
            assert seen == float(str(value.percent))
        elif value.unit == "seconds" and value.value is not None:
            assert seen == int(Decimal(value.value).quantize(Decimal(1), ROUND_HALF_UP))
        else:
            assert seen == (None if value.value is None else float(value.value)), value


def test_today_is_shown_beside_this_month_only(merilo: App, box: Box) -> None:
    box.portal.update_deal(box.portal.create_deal(7, 100, stage="NEW"), stage="WON")
    run_cycle(merilo, "main")
    apply_writeback(merilo, destination_of(merilo, NAME), yes=True)
    shown = {key: row["DEALS_WON_TODAY"] for key, row in _shown(box).items()}
    assert all(value is None for key, value in shown.items() if key.endswith("2026-09"))
    assert max(value for key, value in shown.items() if key.endswith("2026-10")) >= 1


def test_a_quiet_cycle_of_the_service_writes_nothing(merilo: App, box: Box) -> None:
    assert run_writeback(merilo, NAME).paused is not None
    apply_writeback(merilo, destination_of(merilo, NAME), yes=True)
    run_cycle(merilo, "main")
    before = len(box.portal.writes)
    box.log.clear()
    assert run_writeback(merilo, NAME).run is None
    assert len(box.log) == 0
    checked = run_writeback(merilo, NAME, verify=True)
    assert (checked.written, checked.conflicts, checked.paused) == (0, (), None)
    assert len(box.portal.writes) == before


def test_coverage_is_told_in_words_without_moments(merilo: App) -> None:
    desired = desired_of(merilo, destination_of(merilo, NAME))
    assert {score.coverage for score in desired.scores} == {"Полные"}
    assert all(score.as_of <= NOW for score in desired.scores)


def test_what_was_not_read_is_empty_and_said_to_be_missing(tmp_path: Path, box: Box) -> None:
    path = write_settings(tmp_path, box, since="2026-10-10")
    with agent(path, lambda: NOW) as merilo:
        run_cycle(merilo, "main")
        desired = desired_of(merilo, destination_of(merilo, NAME))
        apply_writeback(merilo, destination_of(merilo, NAME), yes=True)
    september = [score for score in desired.scores if score.period.month == 9]
    assert {score.coverage for score in september} == {"Нет данных"}
    october = [score for score in desired.scores if score.period.month == 10]
    assert all(str(score.coverage).startswith("Неполные") for score in october)
    rows = [row for key, row in _shown(box).items() if key.endswith("2026-09")]
    assert rows
    assert {row[name.upper()] for row in rows for name in METRICS} == {None}


def test_plan_apply_and_undo_on_the_command_line(merilo: App, path: Path, box: Box) -> None:
    planned = _run(path, "plan", "--json")
    steps = [json.loads(line) for line in planned.stdout.splitlines() if line.startswith("{")]
    assert set(steps[0]) == {
        "destination",
        "action",
        "record",
        "manager",
        "period",
        "field",
        "old",
        "new",
    }
    assert [step["action"] for step in steps[:2]] == ["create_type", "create_field"]
    assert box.portal.writes == []
    applied = _run(path, "apply", "--yes")
    assert (applied.exit_code, "RUN 1" in applied.stdout) == (0, True)
    assert "менять нечего" in _run(path, "plan").stdout
    assert _run(path, "undo", "1").exit_code == 0
    assert not box.portal.smart.by_id
    assert _run(path, "undo", "77").exit_code == 2


def test_a_first_write_above_the_limit_exits_with_seven(tmp_path: Path, box: Box) -> None:
    path = write_settings(tmp_path, box, extra="max_first_writes = 1")
    with agent(path, lambda: NOW) as merilo:
        run_cycle(merilo, "main")
    refused = _run(path, "apply")
    assert refused.exit_code == 7
    assert "max_first_writes" in refused.stderr
    assert box.portal.writes == []


def test_a_missing_right_exits_with_seventy_seven(merilo: App, path: Path, box: Box) -> None:
    box.portal.access.admin = False
    refused = _run(path, "apply", "--yes")
    assert refused.exit_code == 77
    assert "administrator" in refused.stderr


def _run(path: Path, *words: str) -> Result:
    return CliRunner().invoke(command, list(words), obj=Context(config_path=path))


def _shown(box: Box) -> dict[str, dict[str, Any]]:
    """Every item by its key, its fields by the part of their name that is ours."""
    [process] = box.portal.smart.by_id.values()
    prefix = f"UF_CRM_{process.id}_"
    ours = {
        name: each.upper.removeprefix(prefix)
        for name, each in process.fields().items()
        if each.upper.startswith(prefix)
    }
    rows = [
        {ours[name]: value for name, value in row.items() if name in ours}
        for row in box.portal.items(process.entity_type_id)
    ]
    return {row["KEY"]: row for row in rows}
