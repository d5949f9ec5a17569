"""amoCRM with a store on PostgreSQL: read, changed, written back, and always the truth."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.period import By
from merilo.cycle import run_cycle, run_sweep
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback, undo_writeback
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow.amo import Office, shown_values, true_values, write_settings
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]

SINCE = date(2026, 8, 1)
TABLES = """
[store]
url = "{store}"

[[destinations]]
source = "amo"
kind = "scorecard"
metrics = ["deals_won", "revenue", "calls_120s"]

[[destinations]]
source = "amo"
kind = "record_fields"
metrics = ["days_in_stage", "talk_minutes"]
"""


@contextmanager
def working(folder: Path, store: str, scale: str) -> Iterator[tuple[Office, App]]:
    """An agent that has read an account once."""
    clock = Clock()
    with start_sandbox("amocrm", scale=scale, seed=5, limits=False, clock=clock) as box:
        path = write_settings(folder, box, extra=TABLES.format(store=store))
        office = Office(box, clock, path)
        with office.opened() as app:
            assert not run_cycle(app, "amo").errors
            yield office, app


def agree(office: Office, app: App) -> None:
    """Every number is the truth, and those kept are what a rebuild makes."""
    days: dict[str, Any] = {"since": SINCE, "until": office.clock.now.date()}
    periods: tuple[By, ...] = ("day", "month")
    for by in periods:
        expected = true_values(office.box, **days, by=by, read=office.clock.now)
        found = shown_values(app, **days, by=by)
        assert {key: value for key, value in found.items() if value[1]} == expected
        assert expected
    assert rebuild(app.store, app.catalog) is False


def written(office: Office, app: App) -> list[int]:
    """How much each destination wrote; after it nothing is left to write."""
    counts = []
    for each in app.settings.destinations:
        result = run_writeback(app, each.name)
        assert not result.rejected
        assert not result.conflicts
        assert result.paused is None
        assert plan_writeback(app, each).steps == ()
        counts.append(result.written)
    return counts


@pytest.mark.parametrize(
    ("scale", "rounds"), [("tiny", 1), pytest.param("small", 3, marks=pytest.mark.long)]
)
def test_what_is_read_changed_and_written_is_the_truth_on_postgresql(
    tmp_path: Path, postgres_url: str, scale: str, rounds: int
) -> None:
    chance = random.Random(3)
    with working(tmp_path, postgres_url, scale) as (office, app):
        agree(office, app)
        for each in app.settings.destinations:
            assert apply_writeback(app, each).written
        assert written(office, app) == [0, 0]
        for _ in range(rounds):
            for _ in range(20):
                office.clock.forward(minutes=7)
                office.account.live_step(chance)
            office.clock.forward(minutes=5)
            assert not run_cycle(app, "amo").errors
            agree(office, app)
            assert sum(written(office, app))
        run_sweep(app, "amo")
        agree(office, app)


def test_what_was_written_is_undone_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    with working(tmp_path, postgres_url, "tiny") as (office, app):
        _, facts = app.settings.destinations
        apply_writeback(app, facts)
        shown = {lead.id: dict(lead.values) for lead in office.account.leads.rows.values()}
        office.clock.forward(days=1)
        assert not run_cycle(app, "amo").errors
        result = run_writeback(app, facts.name)
        assert result.run is not None
        assert not undo_writeback(app, facts, result.run).rejected
        assert shown == {lead.id: lead.values for lead in office.account.leads.rows.values()}
