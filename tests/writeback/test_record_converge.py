"""Random changes, edits, lost answers and kills on records of people: afterwards all is right."""

import contextlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from connectors.error import AmbiguousError, RetryableError
from tests.writeback.cycle_machine import CycleMachine
from tests.writeback.office import FIELDS
from tests.writeback.record_office import KINDS, UPDATES, RecordOffice, open_record_office, remote

_WHICH = st.integers(0, 1)
_NAMES = st.sampled_from([spec.name for spec in FIELDS])
_VALUES = st.sampled_from([None, 0, 1, 2])


class RecordMachine(CycleMachine):
    """Two records in whose fields of ours people write; nothing goes well for long."""

    kind = "user_fields"

    def __init__(self) -> None:
        super().__init__()
        self.refs = list(self.office.values)
        self.theirs: dict[tuple[str, str], int] = {}

    def open_office(self, folder: Path) -> contextlib.AbstractContextManager[RecordOffice]:
        return open_record_office(folder, self.kind)

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

    @invariant()
    def what_a_person_wrote_stands(self) -> None:
        for (ref, name), value in self.theirs.items():
            assert self.office.value(ref, name) == value

    def check_values(self) -> None:
        for ref, values in self.office.values.items():
            for spec in FIELDS:
                wanted: Any = remote(spec.name, values.get(spec.name))
                wanted = self.theirs.get((ref, spec.name), wanted)
                assert self.office.value(ref, spec.name) == wanted, (ref, spec.name)


@pytest.mark.parametrize("kind", KINDS)
def test_records_converge_whatever_happens(kind: str) -> None:
    machine: Any = type("Machine", (RecordMachine,), {"kind": kind})
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
    assert machine.died > 5
