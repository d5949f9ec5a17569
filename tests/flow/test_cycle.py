"""What a cycle costs the portal when nothing changed, and that everything agrees when it did."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.period import By
from merilo.cycle import run_cycle, run_sweep
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow.agent import agent, shown_values, true_values, write_settings
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def working(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[App, Any, Clock]]:
    """An agent that has read a portal once and written its scorecard."""
    clock = Clock()
    on_sqlite = request.param == "sqlite"
    store = "sqlite" if on_sqlite else request.getfixturevalue("postgres_url")
    with (
        start_sandbox("bitrix24", scale="tiny", seed=3, limits=False, clock=clock) as box,
        agent(write_settings(tmp_path, box, store=store), clock) as app,
    ):
        assert not run_cycle(app, "main").errors
        apply_writeback(app, app.settings.destinations[0])
        clock.forward(minutes=10)
        yield app, box, clock


def test_a_quiet_cycle_sends_one_batch_to_read_and_nothing_to_write(
    working: tuple[App, Any, Clock],
) -> None:
    app, box, clock = working
    run_cycle(app, "main")
    run_writeback(app, "main/scorecard")
    requests, writes = len(box.log), len(box.portal.writes)
    for _ in range(5):
        clock.forward(minutes=1)
        assert not run_cycle(app, "main").errors
        run_writeback(app, "main/scorecard")
    assert [each.method for each in box.log][requests:] == ["batch"] * 5
    assert len(box.portal.writes) == writes


def test_after_200_changes_store_kpis_and_crm_agree_again(
    working: tuple[App, Any, Clock],
) -> None:
    app, box, clock = working
    chance = random.Random(11)
    reads = [clock.now - timedelta(minutes=10)]
    for number in range(200):
        box.portal.live_step(chance)
        clock.forward(minutes=7)
        if number % 20 == 19:
            assert not run_cycle(app, "main").errors
            reads.append(clock.now)
            run_writeback(app, "main/scorecard")
    run_sweep(app, "main")
    run_writeback(app, "main/scorecard")
    first, last = date(2026, 8, 1), clock.now.date()
    periods: tuple[By, ...] = ("day", "week", "month")
    for by in periods:
        expected = true_values(box, since=first, until=last, by=by, reads=reads)
        found = shown_values(app, since=first, until=last, by=by)
        assert {key: value for key, value in found.items() if value[1]} == expected
    assert plan_writeback(app, app.settings.destinations[0]).steps == ()
    assert rebuild(app.store, app.catalog) is False
