"""A first read in segments: killed, and told to stop."""

import random
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.bitrix24 import segment
from connectors.bitrix24.segment import Plan
from merilo.cycle import run_cycle, run_sweep
from merilo.known_secret import KnownSecrets
from merilo.schedule import Schedule
from merilo.work import work_of
from store.stream import load_streams
from tests.flow.kill import Kill, at_calls, dying
from tests.flow.office import Office
from tests.flow.test_sync_bitrix24 import agree, work

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments so short that a company of a few hundred deals is read in many."""
    monkeypatch.setattr(segment, "PLAN", Plan(in_flight=3, segments=6, least=100))


@pytest.mark.parametrize("number", [3, pytest.param(4, marks=pytest.mark.long)])
def test_killed_in_a_parallel_read_nothing_is_lost(tmp_path: Path, number: int) -> None:
    with Office.at(tmp_path / "killed", "small") as killed:
        with (
            killed.opened() as app,
            dying(app.client("main"), "batch", number, before=False),
            pytest.raises(Kill),
        ):
            run_cycle(app, "main")
        work(killed, random.Random(number), 10)
        with killed.opened() as app:
            for _ in range(2):
                killed.wait(minutes=5)
                assert not run_cycle(app, "main").errors
            run_sweep(app, "main")  # deletions leave no trace in any list
            agree(app, killed.box)


def test_a_cycle_that_waits_for_the_limits_ends_as_soon_as_it_is_asked_to(tmp_path: Path) -> None:
    with Office.at(tmp_path / "busy") as busy, busy.opened() as app:
        schedule = Schedule(work_of(app, KnownSecrets()), app.clock)
        app.client("main").limiter.pause(80)
        with capture_logs() as logs:
            cycle = threading.Thread(target=schedule._cycle, args=("main",))
            cycle.start()
            time.sleep(0.2)
            assert cycle.is_alive()
            schedule.ask_to_stop()
            cycle.join(5)
            assert not cycle.is_alive()
        assert [line["event"] for line in logs if line["log_level"] != "info"] == []
        assert len(busy.box.log) == 0
        with app.store.read() as tx:
            assert all(state.error is None for state in load_streams(tx).values())


def test_a_stop_between_segments_keeps_what_was_read_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    with Office.at(tmp_path / "stopped", "small") as small:
        with small.opened() as app:

            def stop_in_the_middle(count: int) -> None:
                if count == 3:
                    app.client("main").limiter.pause(80)
                    threading.Timer(0.2, app.stopping.set).start()

            with at_calls(app.client("main"), "batch", stop_in_the_middle, before=True):
                result = run_cycle(app, "main")
            assert not result.errors
            assert result.streams[-1].stopped
            read = sum(each.read for each in result.streams)
        small.wait(minutes=5)  # the pause is over
        with small.opened() as app:
            again = run_cycle(app, "main")
            assert not again.errors
            assert read > 0
            agree(app, small.box)
