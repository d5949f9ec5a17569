"""An agent that is killed, refused and restarted while people work in its CRM; and what must hold
when they have settled. What people do is told by the machine of each CRM."""

import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlmodel import SQLModel

from connectors.error import RemoteError
from merilo.cycle import run_cycle, run_sweep
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback
from merilo.wiring import App
from store import stream as stored_stream
from sync.page import StreamResult
from tests.connectors.clock import FakeClock
from tests.contract.place import Facts, Place, facts_of
from tests.contract.trouble import KINDS, at_requests, dying, suffer
from tests.flow.kill import Kill, at_calls

CHANGES: Counter[str] = Counter()
"""What was done to CRMs so far, of all machines of this process."""

DEATHS: Counter[str] = Counter()
"""At what agents died so far, of all machines of this process."""

TIRED = 12
"""After so many requests nobody works on."""

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def deaths_during(changes: int, machine: type[RuleBasedStateMachine]) -> int:
    """Runs machines until people made so many changes in their CRMs; how often agents died."""
    enough, died = CHANGES.total() + changes, DEATHS.total()
    while CHANGES.total() < enough:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=10,
                stateful_step_count=80,
                deadline=None,
                database=None,
                suppress_health_check=_QUIET,
            ),
        )
    return DEATHS.total() - died


def undoubted(facts: Facts, doubtful: dict[str, set[str]]) -> Facts:
    """What every agent must know that read to the end, whenever it read before."""
    found: Facts = {}
    for name, rows in facts.items():
        if name == "rate":
            continue
        columns = [each.name for each in SQLModel.metadata.tables[name].columns]
        known = [each for each in columns if each != "row_hash"]
        kept = [at for at, each in enumerate(known) if each not in doubtful.get(name, ())]
        found[name] = rows if name == "manager" else {tuple(row[at] for at in kept) for row in rows}
    return found


class AgentMachine(RuleBasedStateMachine):
    """CRMs with few rows on a page, and the data directory of one agent."""

    place: Place
    doubtful: ClassVar[dict[str, set[str]]] = {}
    """What depends on the moments of reading, by table."""

    def start(self, kind: type[Place], **opening: Callable[[FakeClock], Any]) -> None:
        """An agent that has read it all and was allowed to write; each CRM is opened by name."""
        self.born = CHANGES.total(), DEATHS.total()
        self.stack, self.open, clock = ExitStack(), ExitStack(), FakeClock()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.place = kind(folder, {name: begin(clock) for name, begin in opening.items()}, clock)
        self.turns = itertools.cycle(self.place.boxes)
        self.app: App = self.open.enter_context(self.place.opened())
        self.cycle()
        for destination in self.app.settings.destinations:
            apply_writeback(self.app, destination)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Steps of a test; in the end all agree."""
        try:
            yield
        finally:
            self.teardown()

    @property
    def met(self) -> tuple[int, int]:
        """How many changes and deaths there were since it was started."""
        return CHANGES.total() - self.born[0], DEATHS.total() - self.born[1]

    def happen(self, chance: random.Random) -> None:
        """People do one thing, of whatever kind that the sandbox knows, in one of the CRMs."""
        chance.choice(self.place.crms).live_step(chance)

    def compare(self) -> None:
        """Store = truth, KPI = truth."""
        raise AssertionError("each CRM tells")

    def did(self, what: str) -> None:
        """Counts what people did."""
        CHANGES[what] += 1

    @contextmanager
    def dies_at(self, what: str) -> Iterator[None]:
        """The process may die in here; afterwards there is a new one."""
        try:
            yield
        except Kill:
            DEATHS[what] += 1
        self.restart()

    @rule(seed=st.integers(0, 10**6), steps=st.integers(5, 25))
    def live(self, seed: int, steps: int) -> None:
        """Whatever the sandbox can let happen, of kinds that nobody named too."""
        chance = random.Random(seed)
        for _ in range(steps):
            self.happen(chance)
            self.did("live")

    @rule(seconds=st.sampled_from([0.3, 1, 2, 3600, 86_400]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.place.clock.sleep(seconds)

    @rule()
    def cycle(self) -> None:
        """A pass over every CRM that nobody disturbs, once the rests they asked for are over."""
        for box in self.place.boxes.values():
            box.faults.clear()
        self.place.pass_by(minutes=15)
        for source in self.place.boxes:
            self._read(source, must=True)

    @rule(at=st.integers(1, 6), after=st.booleans())
    def cycle_killed_at_a_request(self, at: int, after: bool) -> None:
        """The process dies before a request was sent, or when its answer had come."""
        with self.dies_at("request"), at_requests(dying(at), after=after):
            self._read(next(self.turns))

    @rule(at=st.integers(1, 12))
    def cycle_killed_between_pages(self, at: int) -> None:
        """The process dies when a page is committed."""
        counted = iter(range(1, 1000))

        def report(result: StreamResult) -> None:
            self.noticed(result)
            if next(counted) == at:
                raise Kill

        with self.dies_at("page"), suppress(RemoteError):
            run_cycle(self.app, next(self.turns), report=report)

    @rule(at=st.integers(1, 12))
    def cycle_killed_while_it_saves(self, at: int) -> None:
        """The process dies inside a transaction, when its rows are in and its cursor is not."""

        def die(number: int) -> None:
            if number == at:
                raise Kill

        with self.dies_at("save"), at_calls(stored_stream, "save_stream", die, before=True):
            self._read(next(self.turns))

    @rule(kind=st.sampled_from(KINDS), at=st.integers(1, 5))
    def cycle_with_a_fault(self, kind: str, at: int) -> None:
        """One request meets a fault."""
        source = next(self.turns)

        def trouble(number: int) -> None:
            if number == at:
                suffer(self.place.boxes[source], kind)

        with at_requests(trouble):
            self._read(source)

    @rule(seed=st.integers(0, 10**6))
    def cycle_while_people_work(self, seed: int) -> None:
        """Things happen between the requests, until people rest: small pages never catch up."""
        chance = random.Random(seed)

        def work(number: int) -> None:
            self.place.clock.sleep(chance.choice((0, 0.4, 1)))
            for _ in range(3 if number <= TIRED else 0):
                self.happen(chance)
                self.did("live")

        with at_requests(work):
            self._read(next(self.turns))

    @rule(at=st.integers(1, 4), after=st.booleans())
    def writing_killed(self, at: int, after: bool) -> None:
        """The process dies while it writes the numbers back."""
        with (
            self.dies_at("write"),
            at_requests(dying(at), after=after),
            suppress(RemoteError),
        ):
            self._write()

    @rule(kind=st.sampled_from(KINDS))
    def writing_with_a_fault(self, kind: str) -> None:
        """A write or its reading back meets a fault."""
        box = self.place.boxes[next(self.turns)]
        suffer(box, kind)
        with suppress(RemoteError):
            self._write()
        box.faults.clear()

    @rule()
    def sweep(self) -> None:
        """Store and CRM are compared."""
        with suppress(RemoteError):
            run_sweep(self.app, next(self.turns), accept=True)

    @rule()
    def restart(self) -> None:
        """A new process: nothing is remembered but the store."""
        self.open.close()
        self.open = ExitStack()
        self.app = self.open.enter_context(self.place.opened())

    @rule()
    def settle(self) -> None:
        """After two quiet cycles and a sweep: store = truth, KPI = truth, CRM = KPI."""
        self.cycle()
        self.cycle()
        for source in self.place.boxes:
            run_sweep(self.app, source, accept=True)
        for destination in self.app.settings.destinations:
            if run_writeback(self.app, destination.name).paused:
                apply_writeback(self.app, destination)  # as a person is asked to after a refusal
        self.compare()
        for destination in self.app.settings.destinations:
            assert plan_writeback(self.app, destination).steps == ()

    def teardown(self) -> None:
        """However it went, in the end all agree."""
        if hasattr(self, "app"):
            try:
                self.settle()
                found, expected = facts_of(self.app), self.place.read_anew()
                assert undoubted(found, self.doubtful) == undoubted(expected, self.doubtful)
            finally:
                self.open.close()
                self.stack.close()

    def noticed(self, result: StreamResult) -> None:
        """A page was committed."""

    def _read(self, source: str, *, must: bool = False) -> None:
        result = run_cycle(self.app, source, report=self.noticed)
        assert not (must and result.errors), result.errors

    def _write(self) -> None:
        for destination in self.app.settings.destinations:
            run_writeback(self.app, destination.name)
