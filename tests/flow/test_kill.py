"""Killed with -9 at any request, the agent converges at its next start, with no command given."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback
from merilo.wiring import App
from sandbox.bitrix24.call import show_call
from sandbox.bitrix24.listing import Query
from sandbox.server import start_sandbox
from store import ledger
from tests.flow import victim
from tests.flow.agent import agent, living_deals, write_settings

DESTINATION = "main/scorecard"


def requests_of_a_whole_run(folder: Path) -> int:
    folder.mkdir()
    with start_sandbox("bitrix24", scale="tiny", seed=5, limits=False) as box:
        process = victim.start(victim.read_and_apply, write_settings(folder, box))
        process.join(60)
        assert process.exitcode == 0
        return len(box.log)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("when", "first", "step"),
    [
        pytest.param("before", 2, 8, id="a sample-before"),
        pytest.param("after", 4, 8, id="a sample-after"),
        pytest.param("before", 1, 1, id="before", marks=pytest.mark.long),
        pytest.param("after", 1, 1, id="after", marks=pytest.mark.long),
    ],
)
def test_a_kill_at_any_request_loses_nothing_and_doubles_nothing(
    tmp_path: Path, when: str, first: int, step: int
) -> None:
    total = requests_of_a_whole_run(tmp_path / "whole")
    assert total >= 6
    for number in range(first, total + 1, step):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        with start_sandbox("bitrix24", scale="tiny", seed=5, limits=False) as box:
            settings = write_settings(folder, box)
            box.faults.gate(number, when=when)
            process = victim.start(victim.read_and_apply, settings)
            assert box.faults.wait_gate(60), number
            victim.kill(process)
            box.faults.release()
            with agent(settings) as app:
                come_back(app)
                check(app, box, number)


def come_back(app: App) -> None:
    """What the service does at its start; the approval is given only if it had not been yet."""
    for _ in range(2):
        assert not run_cycle(app, "main").errors
        run_writeback(app, DESTINATION)
    with app.store.read() as tx:
        approved = ledger.load_place(tx, DESTINATION).approved
    if not approved:
        apply_writeback(app, app.settings.destinations[0])


def check(app: App, box: Any, number: int) -> None:
    with app.store.read() as tx:
        deals = set(tx.exec_driver_sql("SELECT ref FROM deal WHERE removed_at IS NULL").scalars())
        legs = set(tx.exec_driver_sql("SELECT ref FROM call_leg").scalars())
    assert deals == living_deals(box), number
    rows = box.portal.calls.rows(Query())
    assert legs == {str(row.id) for row in rows if is_counted(row)}, number
    assert plan_writeback(app, app.settings.destinations[0]).steps == (), number
    created = Counter(write.method for write in box.portal.writes)
    assert created["crm.type.add"] == 1, number
    (process,) = box.portal.smart.rows()
    fields = box.portal.userfields.of(f"CRM_{process['id']}")
    assert created["userfieldconfig.add"] == len(fields), number
    titles = [item["title"] for item in box.portal.items(process["entityTypeId"])]
    assert len(titles) == len(set(titles)) == created["crm.item.add"] > 0, (number, titles)


def is_counted(row: Any) -> bool:
    """Information calls and calls between colleagues are nobody's."""
    shown = show_call(row)
    return bool(shown["CALL_TYPE"] != "5" and shown["CALL_CATEGORY"] != "internal")
