"""What every machine of random changes does: cycles run or are killed; in the end all is right."""

import contextlib
import tempfile
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.writeback.office import Killer, KillSignal, Office


class CycleMachine(RuleBasedStateMachine):
    """An office whose cycles are killed at requests and commits."""

    died: ClassVar[int] = 0
    """How often a cycle was killed, counted over all machines of a class."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self.office: Any = self._stack.enter_context(self.open_office(Path(folder)))

    @abstractmethod
    def open_office(self, folder: Path) -> contextlib.AbstractContextManager[Office]:
        """The office of this machine."""

    @abstractmethod
    def check_values(self) -> None:
        """Everything is shown as it should be after a last cycle."""

    @rule(at=st.integers(1, 4), after=st.booleans(), request=st.booleans())
    def a_cycle_is_killed(self, at: int, after: bool, request: bool) -> None:
        office = self.office
        dying = office.dying_at_request if request else office.dying_at_commit
        try:
            with dying(Killer(at=at, after=after)):
                office.drain()
        except KillSignal:
            type(self).died += 1

    @rule(verify=st.booleans())
    def a_cycle_runs(self, verify: bool) -> None:
        self.office.pass_time(minutes=10)
        self.office.drain(verify=verify)

    def teardown(self) -> None:
        try:
            self.office.drain(verify=True)
            self.check_values()
            self.office.box.log.clear()
            self.office.drain()
            assert len(self.office.box.log) == 0, "a quiet cycle sends nothing"
        finally:
            self._stack.close()
