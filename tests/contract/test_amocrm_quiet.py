"""What an unchanged account costs, and how much of an account's pace writing may take."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from connectors.amocrm.client import PACE, WRITE_COST
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.amocrm_place import AmoPlace, account
from tests.contract.quiet import WritingAmoPlace, quiet_requests, settle_down
from tests.contract.trouble import at_requests

REQUESTS_OF_A_CYCLE = 18
"""One of each list, notes of calls and of letters in four folders, events three times: 2.8 s."""


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.long)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AmoPlace]:
    with account(tmp_path / "place", kind=WritingAmoPlace) as place:
        place.box.account.filter_paid = request.param
        yield place


@pytest.mark.parametrize("cycles", [3, pytest.param(50, marks=pytest.mark.long)])
def test_fifty_cycles_over_an_unchanged_account_ask_little_and_write_nothing(
    place: AmoPlace, cycles: int
) -> None:
    with place.opened() as app:
        settle_down(place, app)
        asked = quiet_requests(place, app, cycles)["amo"]
    assert len(asked) == cycles
    assert max(map(len, asked)) <= REQUESTS_OF_A_CYCLE


MANY = 130


@pytest.fixture
def laborious(tmp_path: Path) -> Iterator[AmoPlace]:
    """An account with its limits on, and hundreds of open leads."""
    clock = FakeClock()
    with start_sandbox("amocrm", scale="empty", limits=True, clock=clock) as box:
        owner = next(each.id for each in box.account.users.values() if not each.admin)
        for number in range(MANY):
            box.account.create_lead(owner, number, at=clock() - timedelta(days=3))
        yield WritingAmoPlace(tmp_path / "place", {"amo": box}, clock)


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
