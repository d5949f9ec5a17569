"""What must hold of every telephone vendor, told once; a vendor's file says what differs.

A test module names its `VENDOR` and inherits the classes that fit; fixtures are in conftest.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.period import By
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from merilo.wiring import App
from sandbox.exchange import Exchange
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow.agent import Numbers
from tests.flow.kill import Kill, dying
from tests.flow.switchboard import METRICS, agent, ring_up, shown_values, true_values, unhurried


def all_of_it(box: Any) -> Exchange:
    """A vendor that tells everything."""
    exchange: Exchange = box.exchange
    return exchange


@dataclass(frozen=True)
class Vendor:
    """How one vendor differs from another."""

    connector: str
    settings_of: Callable[..., Path]
    """Of a folder, a sandbox and `since`."""
    ids_of: Callable[[Any], dict[str, int]]
    """The exchange's employees by what the vendor may call them."""
    request: tuple[type, str]
    """The client's class and method that each request passes."""
    deaths: tuple[int, ...]
    """The requests at which the process dies."""
    since: date = date(2026, 8, 20)
    history: date = date(2026, 6, 20)
    """Where the reading of months begins."""
    recent: timedelta = timedelta(days=5)
    """How much is read when only a few requests matter."""
    told: Callable[[Any], Exchange] = all_of_it
    settled: timedelta = timedelta(0)
    """How long after `since` numbers may lack what came before it."""
    sandbox: Mapping[str, Any] = field(default_factory=dict)
    opened: Callable[[Path, Clock], AbstractContextManager[App]] = agent
    fault: Mapping[str, Any] = field(default_factory=dict)
    """The request that is answered badly."""
    key_file: str = "token"

    def start(self, scale: str, clock: Clock, seed: int = 5) -> AbstractContextManager[Any]:
        """The vendor's sandbox."""
        box: AbstractContextManager[Any] = start_sandbox(
            self.connector, scale=scale, seed=seed, clock=clock, **self.sandbox
        )
        return box

    def agree(self, app: App, box: Any, *, since: date | None = None, by: By = "day") -> Numbers:
        """The agent says what the vendor tells, and that is not nothing; what agrees."""
        since, until = (since or self.since) + self.settled, app.clock().date()
        expected = true_values(self.told(box), since=since, until=until, by=by)
        assert expected
        assert shown_values(app, self.ids_of(box), since=since, until=until, by=by) == expected
        return expected

    def agree_on_a_quarter(self, app: App, box: Any, by: By) -> set[str]:
        """They agree on a quarter in which many people occur; the metrics that agree."""
        agreed = self.agree(app, box, since=date(2026, 7, 1), by=by)
        assert len({user for user, _, _ in agreed}) > 5
        return {metric for _, metric, _ in agreed}


def fail_with_advice(app: App) -> ExitCode:
    """How a pass ends whose key is refused."""
    failed = run_cycle(app, "pbx").failed
    assert failed is not None
    assert "merilo secrets set" in failed.todo
    return code_of(failed)


def die_and_agree(vendor: Vendor, clock: Clock, folder: Path) -> dict[int, Numbers]:
    """The process dies at a request, and the next one reads on; what agrees, by request."""
    since, agreed = clock().date() - vendor.recent, {}
    for number in vendor.deaths:
        place = folder / str(number)
        place.mkdir()
        with vendor.start("tiny", clock) as box:
            path = vendor.settings_of(place, box, since=since)
            with (
                vendor.opened(path, clock) as app,
                dying(*vendor.request, number, before=False),
                pytest.raises(Kill),
            ):
                run_cycle(app, "pbx")
            with vendor.opened(path, clock) as app:
                assert not run_cycle(app, "pbx").errors
                agreed[number] = vendor.agree(app, box, since=since)
            assert box.limits.rejected == 0
    return agreed


class History:
    """Months of a small company, read in one pass."""

    @pytest.mark.parametrize("by", ["day", "week", "month", "total"])
    def test_every_number_of_every_manager_and_the_team_is_the_truth(
        self, vendor: Vendor, read_once: tuple[App, Any], by: By
    ) -> None:
        app, box = read_once
        assert vendor.agree_on_a_quarter(app, box, by) == set(METRICS)
        assert box.limits.rejected == 0


class Polls:
    """One poll after another."""

    def test_a_poll_over_the_overlap_changes_nothing(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        with vendor.opened(vendor.settings_of(tmp_path, box), clock) as app:
            assert not run_cycle(app, "pbx").errors
            vendor.agree(app, box)
            clock.forward(minutes=5)
            again = run_cycle(app, "pbx")
            assert not again.errors
            assert {each.changed for each in again.streams} == {0}
            late = run_late(app, "pbx")
            assert [(each.changed, each.error) for each in late] == [(0, None)]

    def test_live_calls_are_read_as_they_end(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        chance = random.Random(3)
        with vendor.opened(vendor.settings_of(tmp_path, box), clock) as app:
            for _ in range(4):
                assert not run_cycle(app, "pbx").errors
                for _ in range(6):
                    clock.forward(seconds=chance.choice((1, 400, 4000)))
                    box.exchange.live_step(chance)
            assert not run_cycle(app, "pbx").errors
            assert vendor.agree(app, box)

    def test_a_call_told_of_a_day_late_is_found(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        with vendor.opened(vendor.settings_of(tmp_path, box), clock) as app:
            assert not run_cycle(app, "pbx").errors
            ring_up(box, clock().timestamp(), told_later=86_400)
            for _ in range(4):
                clock.forward(hours=7)
                assert not run_cycle(app, "pbx").errors
            assert {each.error for each in run_late(app, "pbx")} == {None}
            assert vendor.agree(app, box)


class Deaths:
    """A process that dies, and the next one."""

    def test_killed_at_any_request_nothing_is_lost_or_doubled(
        self, vendor: Vendor, clock: Clock, tmp_path: Path
    ) -> None:
        agreed = die_and_agree(vendor, clock, tmp_path)
        assert agreed.keys() == set(vendor.deaths)


class BadAnswers:
    """An answer that is none."""

    @pytest.mark.parametrize("kind", ["429", "truncate", "lost"])
    def test_a_bad_answer_is_asked_for_again(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path, kind: str
    ) -> None:
        since = clock().date() - vendor.recent
        path = vendor.settings_of(tmp_path, box, since=since)
        with vendor.opened(path, clock) as app, unhurried(app, clock):
            box.faults.add(kind, **vendor.fault)
            assert not run_cycle(app, "pbx").errors
            assert vendor.agree(app, box, since=since)


class WrongKey:
    """A key that the vendor does not know."""

    def test_a_wrong_key_is_advised_on_and_not_hammered(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        path = vendor.settings_of(tmp_path, box)
        (tmp_path / vendor.key_file).write_text(canary("wrong"))
        with vendor.opened(path, clock) as app:
            assert fail_with_advice(app) == ExitCode.LOGIN
            assert len(box.log) == 1
