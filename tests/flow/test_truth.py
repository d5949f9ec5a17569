"""The agent's numbers are the sandbox's truth, which is computed without any engine of ours."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from kpi.period import By
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.flow.agent import METRICS, agent, shown_values, true_values, write_settings


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any, date]]:
    """A small company read in one pass."""
    folder = tmp_path_factory.mktemp("truth")
    with (
        start_sandbox("bitrix24", scale="small", seed=7, limits=False) as box,
        agent(write_settings(folder, box)) as app,
    ):
        assert not run_cycle(app, "main").errors
        yield app, box, app.clock().date()


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_of_every_manager_and_the_team_is_the_truth(
    read_once: tuple[App, Any, date], by: By
) -> None:
    app, box, today = read_once
    since = today - timedelta(days=200)
    expected = true_values(box, since=since, until=today, by=by, reads=[app.clock()])
    found = shown_values(app, since=since, until=today, by=by)
    assert {metric for _, metric, _ in expected} == set(METRICS)
    assert {key: value for key, value in found.items() if value[1]} == expected


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_where_nothing_happened_counts_are_zero_and_shares_are_nothing(
    read_once: tuple[App, Any, date], by: By
) -> None:
    app, _box, today = read_once
    found = shown_values(app, since=today - timedelta(days=200), until=today, by=by)
    nothing = {"average_deal": None, "win_rate": None, "revenue": "0.00"}
    nothing |= {"discounts": "0.00"}
    nothing |= {"sales_cycle": None, "lead_conversion": None, "quote_conversion": None}
    nothing |= {"response_time": None, "response_time_work": None}
    nothing |= {"callback_time": None, "callback_time_work": None}
    nothing |= {"lead_answer_share": None}
    empty = {key: value for key, (value, records) in found.items() if not records}
    assert all(value == nothing.get(metric, 0) for (_, metric, _), value in empty.items())
