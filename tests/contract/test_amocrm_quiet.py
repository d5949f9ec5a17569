"""What an unchanged account costs, and how much of an account's pace writing may take."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.amocrm.client import PACE, WRITE_COST
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, run_writeback
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.amocrm_place import AmoPlace, account
from tests.contract.trouble import at_requests

FACTS = """
[[destinations]]
source = "amo"
kind = "record_fields"
metrics = ["days_in_stage", "talk_minutes", "last_contact"]
every = "1s"
max_first_writes = 1000
"""

REQUESTS_OF_A_CYCLE = 17
"""One of each list, notes of calls and of letters in four folders, events twice: 2.6 s."""


class Writing(AmoPlace):
    """An account whose numbers and facts are written to every kind of destination."""

    def write_settings(self) -> Path:
        """The agent's settings file."""
        path = super().write_settings()
        path.write_text(path.read_text(encoding="utf-8") + FACTS, encoding="utf-8")
        return path


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.long)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AmoPlace]:
    with account(tmp_path / "place", kind=Writing) as place:
        place.box.account.filter_paid = request.param
        yield place


@pytest.mark.parametrize("cycles", [3, pytest.param(50, marks=pytest.mark.long)])
def test_fifty_cycles_over_an_unchanged_account_ask_little_and_write_nothing(
    place: AmoPlace, cycles: int
) -> None:
    with place.opened() as app:
        assert not run_cycle(app, "amo").errors
        for destination in app.settings.destinations:
            assert apply_writeback(app, destination).written
        for _ in range(2):  # what we wrote is seen once more
            place.pass_by(minutes=5)
            run_cycle(app, "amo")
        written, costs = len(place.box.account.writes), set()
        for _ in range(cycles):
            place.pass_by(minutes=1)
            sent = len(place.box.log)
            result = run_cycle(app, "amo")
            assert not result.errors
            assert not any(stream.changed for stream in result.streams)
            for destination in app.settings.destinations:
                run_writeback(app, destination.name)
            costs.add(len(place.box.log) - sent)
        assert max(costs) <= REQUESTS_OF_A_CYCLE
        assert len(place.box.account.writes) == written


MANY = 130


@pytest.fixture
def laborious(tmp_path: Path) -> Iterator[AmoPlace]:
    """An account with its limits on, and hundreds of open leads."""
    clock = FakeClock()
    with start_sandbox("amocrm", scale="empty", limits=True, clock=clock) as box:
        owner = next(each.id for each in box.account.users.values() if not each.admin)
        for number in range(MANY):
            box.account.create_lead(owner, number, at=clock() - timedelta(days=3))
        yield Writing(tmp_path / "place", box, clock)


def test_writing_takes_half_of_the_pace_at_most_and_reading_goes_first(
    laborious: AmoPlace,
) -> None:
    box, clock, waits, moments = laborious.box, laborious.clock, [], []
    with laborious.opened() as app:
        run_cycle(app, "amo")
        client: Any = app.client("amo")

        def read_between(_number: int) -> None:
            if box.log and box.log[-1].method == "PATCH leads":
                before = clock()
                moments.append(before)
                client.get("api/v4/account")
                waits.append((clock() - before).total_seconds())

        with at_requests(read_between, after=True):
            apply_writeback(app, app.settings.destinations[1])
    assert len([each for each in box.account.writes if each.request == "PATCH leads"]) == MANY
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(moments)]
    assert min(gaps) >= WRITE_COST / PACE, "writing took more than half"
    assert max(waits) <= WRITE_COST / PACE + 0.01, "reading had to wait for writing"
    assert {each.status for each in box.log} <= {200, 201, 204}
