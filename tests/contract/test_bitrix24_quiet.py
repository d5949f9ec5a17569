"""What an unchanged portal costs, and how much of a portal's limits writing may take."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.error import RetryableError
from merilo.cycle import run_cycle, run_sweep
from merilo.scorecard import apply_writeback, run_writeback
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.place import Place, portal
from tests.contract.quiet import FACTS, WritingPlace, quiet_requests, settle_down
from tests.flow.agent import write_settings


def names_of(app: App) -> list[str]:
    return [each.name for each in app.settings.destinations]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A portal whose numbers and facts are written to every kind of destination."""
    with portal(tmp_path / "place", kind=WritingPlace) as place:
        yield place


@pytest.mark.parametrize("cycles", [10, pytest.param(50, marks=pytest.mark.long)])
def test_fifty_cycles_over_an_unchanged_portal_are_one_batch_each_and_write_nothing(
    place: Place, cycles: int
) -> None:
    with place.opened() as app:
        settle_down(place, app)
        asked = quiet_requests(place, app, cycles)
    assert asked == {"main": [["batch"]] * cycles}


def test_our_own_writes_are_seen_again_and_make_no_work(place: Place) -> None:
    with place.opened() as app:
        run_cycle(app, "main")
        for destination in app.settings.destinations:
            apply_writeback(app, destination)
        written = len(place.box.portal.writes)
        for _ in range(3):
            place.pass_by(minutes=5)
            changed = [each.changed for each in run_cycle(app, "main").streams]
            assert not any(changed), changed
            for name in names_of(app):
                run_writeback(app, name)
        assert len(place.box.portal.writes) == written


APPLICATIONS_ONLY = ("event.", "placement.", "userfieldtype.", "biconnector.", "telephony.")


def test_a_webhook_asks_for_nothing_that_only_applications_may(place: Place) -> None:
    with place.opened() as app:
        for _ in range(2):
            assert not run_cycle(app, "main").errors
            run_sweep(app, "main")
            for destination in app.settings.destinations:
                apply_writeback(app, destination)
            place.pass_by(hours=2)
    asked = {name for record in place.box.log for name in (record.method, *record.commands)}
    assert "crm.item.list" in asked
    assert not [name for name in asked if name.startswith(APPLICATIONS_ONLY)]


UPDATE = "crm.item.update"
EACH_S = 1.5
MANY = 250


@pytest.fixture
def laborious(tmp_path: Path) -> Iterator[Place]:
    """A portal with its limits on, hundreds of open deals, and an update that takes long."""
    clock = FakeClock()
    with start_sandbox("bitrix24", scale="empty", limits=True, clock=clock) as box:
        for number in range(MANY):
            box.portal.create_deal(7, number, at=clock() - timedelta(days=3))
        box.limits.costs = {UPDATE: EACH_S, "*": 0.001}
        place = Place(tmp_path / "place", {"main": box}, clock)
        place.settings = write_settings(place.folder, box, extra=FACTS.format("main"))
        yield place


def test_writing_takes_half_of_the_run_time_at_most_and_reading_goes_first(
    laborious: Place,
) -> None:
    box, most = laborious.box, 0.0
    with laborious.opened() as app:
        run_cycle(app, "main")
        destination = app.settings.destinations[1]
        with suppress(RetryableError):
            apply_writeback(app, destination)
        for _ in range(20):
            most = max(most, box.limits.operating(UPDATE))
            laborious.pass_by(minutes=2)
            slept = len(laborious.clock.slept)
            assert not run_cycle(app, "main").errors
            assert len(laborious.clock.slept) == slept, "reading had to wait for writing"
            with suppress(RetryableError):
                run_writeback(app, destination.name)
    # Half of 480 s, and the batch that was under way when it was reached
    assert 200 < most <= 240 + 50 * EACH_S
    assert {each.status for each in box.log} == {200}
    assert Counter(each.method for each in box.portal.writes)[UPDATE] == MANY
