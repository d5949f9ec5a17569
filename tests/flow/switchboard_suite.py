"""What must hold of every telephone vendor, told once; a vendor's file says what differs.

A test module names its `VENDOR` and inherits the classes that fit; fixtures are in conftest.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from structlog.testing import capture_logs

from kpi.period import By
from merilo.cycle import run_cycle, run_late
from merilo.exit_code import ExitCode, code_of
from merilo.replay import replay
from merilo.wiring import App
from sandbox.conversation import Conversation
from sandbox.exchange import Exchange
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock, Hurry
from tests.flow import victim
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
    """Of a folder, a sandbox, `since`, and tables that tell who people are."""
    ids_of: Callable[[Any], dict[str, int]]
    """The exchange's employees by what the vendor may call them."""
    names: Callable[[Any, Conversation], Sequence[str]]
    """Of a sandbox and a call: by which ids a CRM may be told of it."""
    request: tuple[type, str] = (object, "")
    """The client's class and method that each request passes."""
    deaths: tuple[int, ...] = ()
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
    opened: Callable[[Path, Any], AbstractContextManager[App]] = agent
    fault: Mapping[str, Any] = field(default_factory=dict)
    """The request that is answered badly."""
    key_file: str = "token"
    knows_people: bool = True
    """Whether it tells e-mails: else it knows nobody but by an extension."""
    words: Callable[[Any], dict[int, str]] = lambda _box: {}
    """How the sandbox says that a call ended, instead of its own word, by the call's id."""
    write: Callable[[Any], object] = all_of_it
    """What the exchange does when calls have ended."""

    def start(self, scale: str, clock: Clock | Hurry, seed: int = 5) -> AbstractContextManager[Any]:
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


def cut_off_and_agree(vendor: Vendor, folder: Path, number: int, *, before: bool) -> bool:
    """The power fails at a request, and the next process reads on; whether so many are made."""
    clock, place = Hurry(), folder / str(number)
    since = clock().date() - vendor.recent
    place.mkdir()
    with vendor.start("tiny", clock) as box:
        path = vendor.settings_of(place, box, since=since)
        work = partial(victim.read, "pbx", clock)
        reached = victim.perish(work, vendor.request, number, path, before=before)
        with vendor.opened(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            vendor.agree(app, box, since=since)
    return reached


class PowerCuts:
    """A machine that loses power, at whichever request."""

    @pytest.mark.long
    @pytest.mark.timeout(1200)
    @pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
    def test_cut_off_at_every_request_nothing_is_lost_or_doubled(
        self, vendor: Vendor, tmp_path: Path, before: bool
    ) -> None:
        reached = takewhile(
            lambda number: cut_off_and_agree(vendor, tmp_path, number, before=before), count(1)
        )
        assert len([*reached]) >= 3


class SetAside:
    """A call that makes no sense, until the agent knows better."""

    def test_calls_set_aside_return_when_they_are_understood(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        """Those of the overlap by the next poll, others when they are replayed."""
        since = clock().date() - timedelta(days=20)
        path = vendor.settings_of(tmp_path, box, since=since)
        ring_up(box, clock().timestamp() - 3600)
        vendor.write(box)
        with vendor.opened(path, clock) as app:
            with mock.patch("connectors.telephony.LONGEST_S", 60):
                read = run_cycle(app, "pbx")
            assert not read.errors
            aside = read.streams[-1].quarantined
            clock.forward(minutes=5)
            polled = run_cycle(app, "pbx").streams[-1]
            assert polled.changed > 0
            assert polled.quarantined == 0
            (told,) = replay(app)
            assert (told.source, told.stream, told.understood) == ("pbx", "calls", told.aside)
            assert 0 < told.aside < aside
            vendor.agree(app, box, since=since)
            assert [*replay(app)] == []


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
        path, key = vendor.settings_of(tmp_path, box), tmp_path / vendor.key_file
        right = key.read_text()
        key.write_text(canary("wrong"))
        with vendor.opened(path, clock) as app:
            assert fail_with_advice(app) == ExitCode.LOGIN
            assert len(box.log) == 1
        key.write_text(right)
        with vendor.opened(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            assert vendor.agree(app, box)


class UnknownWords:
    """Calls that ended nobody knows how."""

    def test_a_call_that_ended_in_a_word_nobody_knows_is_counted_and_told_of(
        self, vendor: Vendor, box: Any, clock: Clock, tmp_path: Path
    ) -> None:
        missed = [each for each in box.exchange.conversations if each.legs and not each.answered]
        vendor.words(box).update({each.id: "teleported" for each in missed if not each.kind})
        path = vendor.settings_of(tmp_path, box)
        with capture_logs() as written, vendor.opened(path, clock) as app:
            assert not run_cycle(app, "pbx").errors
            assert vendor.agree(app, box)
        (told,) = [each for each in written if "teleported" in each.values()]
        assert told["log_level"] == "warning"
        assert told["did"].endswith("nobody talked.")
