"""Random changes, edits, lost answers and kills on records of people: afterwards all is right."""

import contextlib
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from connectors.error import AmbiguousError, RetryableError
from tests.writeback.office import FIELDS, Killer, KillSignal
from tests.writeback.record_office import KINDS, UPDATES, RecordOffice, open_record_office, remote

_WHICH = st.integers(0, 1)
_NAMES = st.sampled_from([spec.name for spec in FIELDS])
_VALUES = st.sampled_from([None, 0, 1, 2])


class RecordMachine(RuleBasedStateMachine):
    """Two records in whose fields of ours people write; nothing goes well for long."""

    kind = "user_fields"

    def __init__(self) -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        opened = open_record_office(Path(folder), self.kind)
        self.office: RecordOffice = self._stack.enter_context(opened)
        self.refs = list(self.office.values)
        self.theirs: dict[tuple[str, str], int] = {}

    @initialize()
    def it_is_approved(self) -> None:
        self.office.apply()

    @rule(which=_WHICH, name=_NAMES, value=_VALUES)
    def ours_changes(self, which: int, name: str, value: int | None) -> None:
        self.office.values[self.refs[which]] |= {name: None if value is None else Decimal(value)}

    @rule(which=_WHICH, name=_NAMES, value=st.sampled_from([5, 6]))
    def a_person_edits(self, which: int, name: str, value: int) -> None:
        self.office.change(self.refs[which], name, value)
        self.theirs[self.refs[which], name] = value

    @rule(kind=st.sampled_from(["lost", "truncate", "html500", "reset"]), method=st.integers(0, 1))
    def an_answer_is_lost(self, kind: str, method: int) -> None:
        methods = UPDATES[self.kind]
        self.office.box.faults.add(kind, method=methods[method % len(methods)])
        with contextlib.suppress(RetryableError, AmbiguousError):
            self.office.drain()
        self.office.box.faults.clear()

    @rule(at=st.integers(1, 4), after=st.booleans(), request=st.booleans())
    def a_cycle_is_killed(self, at: int, after: bool, request: bool) -> None:
        office = self.office
        dying = office.dying_at_request if request else office.dying_at_commit
        with dying(Killer(at=at, after=after)), contextlib.suppress(KillSignal):
            office.drain()

    @rule(verify=st.booleans())
    def a_cycle_runs(self, verify: bool) -> None:
        self.office.pass_time(minutes=10)
        self.office.drain(verify=verify)

    @invariant()
    def what_a_person_wrote_stands(self) -> None:
        for (ref, name), value in self.theirs.items():
            assert self.office.value(ref, name) == value

    def teardown(self) -> None:
        try:
            self.office.drain(verify=True)
            for ref, values in self.office.values.items():
                for spec in FIELDS:
                    wanted: Any = remote(spec.name, values.get(spec.name))
                    wanted = self.theirs.get((ref, spec.name), wanted)
                    assert self.office.value(ref, spec.name) == wanted, (ref, spec.name)
            self.office.box.log.clear()
            self.office.drain()
            assert len(self.office.box.log) == 0, "a quiet cycle sends nothing"
        finally:
            self._stack.close()


@pytest.mark.parametrize("kind", KINDS)
def test_records_converge_whatever_happens(kind: str) -> None:
    machine = type("Machine", (RecordMachine,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
