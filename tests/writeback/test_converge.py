"""Random changes, edits, deletions, lost answers and kills: afterwards the portal is right."""

import contextlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from connectors.error import AmbiguousError, RetryableError
from tests.writeback import office as place
from tests.writeback.cycle_machine import CycleMachine
from tests.writeback.office import MONTHS, Office, open_office

_KEYS = st.sampled_from([(manager, month) for manager in (3, 4) for month in MONTHS])
_NAMES = st.sampled_from([spec.name for spec in place.FIELDS])
_VALUES = st.sampled_from([None, 0, 1, 2])


class WritebackMachine(CycleMachine):
    """An office in which people edit what we write, and nothing goes well for long."""

    def __init__(self) -> None:
        super().__init__()
        self.office.apply()
        self.theirs: dict[tuple[Any, str], Any] = {}

    def open_office(self, folder: Path) -> contextlib.AbstractContextManager[Office]:
        return open_office(folder)

    @rule(key=_KEYS, name=_NAMES, value=_VALUES)
    def ours_changes(self, key: Any, name: str, value: int | None) -> None:
        if self.office.scores[key].get(name) != value:
            self.office.scores[key] |= {name: value if value is None else Decimal(value)}

    @rule(key=_KEYS, name=_NAMES, value=st.sampled_from([5, 6]))
    def a_person_edits(self, key: Any, name: str, value: int) -> None:
        self.office.edit(name, value, *key)
        self.theirs[key, name] = value

    @precondition(lambda self: self.theirs)
    @rule(data=st.data())
    def a_person_sets_it_back(self, data: st.DataObject) -> None:
        """To what we last showed, or to what we wanted when we told them of a conflict."""
        (key, name), _ = data.draw(st.sampled_from(sorted(self.theirs.items())))
        known = self.office.known(*key)
        ours = [known.shown.get(name), *[hold[1] for hold in [known.held.get(name)] if hold]]
        self.office.edit(name, data.draw(st.sampled_from(ours)), *key)
        del self.theirs[key, name]

    @rule(kind=st.sampled_from(["lost", "truncate", "html500", "reset"]))
    def an_answer_is_lost(self, kind: str) -> None:
        self.office.box.faults.add(kind, method="crm.item.update")
        with contextlib.suppress(RetryableError, AmbiguousError):
            self.office.drain()
        self.office.box.faults.clear()

    @invariant()
    def nothing_exists_twice(self) -> None:
        assert len(self.office.processes) == 1
        assert len(self.office.items) == 4

    @invariant()
    def what_a_person_wrote_stands(self) -> None:
        for (key, name), value in self.theirs.items():
            assert self.office.shown(name, *key) == value

    def check_values(self) -> None:
        for key, values in self.office.scores.items():
            for spec in place.FIELDS:
                wanted = _remote(spec.name, values.get(spec.name))
                wanted = self.theirs.get((key, spec.name), wanted)
                assert self.office.shown(spec.name, *key) == wanted, (key, spec.name)


def _remote(name: str, value: Any) -> Any:
    """What the portal shows for one of our values."""
    if value is None:
        return None
    return float(value) * 100 if name == "win_rate" else float(value)


class LongWritebackMachine(WritebackMachine):
    """The same, told many more times."""


_SETTINGS = settings(
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestConvergence = WritebackMachine.TestCase
TestConvergence.settings = settings(_SETTINGS, max_examples=10)
TestLongConvergence = pytest.mark.long(LongWritebackMachine.TestCase)
TestLongConvergence.settings = settings(_SETTINGS, max_examples=100)
