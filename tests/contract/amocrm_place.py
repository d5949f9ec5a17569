"""An account of amoCRM and an agent on one clock that nobody waits on; and what must hold in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from connectors.amocrm import custom_field, ledger, recent, scorecard, task, walk
from merilo.wiring import App
from sandbox.amocrm.note import CALL_IN, CALL_OUT
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.place import Place
from tests.flow import amo
from tests.flow.agent import rows_of
from tests.flow.test_amocrm_change import stored_leads, true_leads

Row = tuple[Any, ...]


class AmoPlace(Place):
    """One account, and the data directory of one agent that writes a scorecard."""

    def write_settings(self) -> Path:
        """The agent's settings file."""
        tables = amo.SCORECARD + self.extra
        return amo.write_settings(self.folder, self.box, since="2026-08-01", extra=tables)


@contextmanager
def account(
    folder: Path, *, kind: type[AmoPlace] = AmoPlace, seed: int = 5, scale: str = "tiny"
) -> Iterator[AmoPlace]:
    """A company whose clock moves only when told."""
    clock = FakeClock()
    with start_sandbox("amocrm", scale=scale, seed=seed, limits=False, clock=clock) as box:
        yield kind(folder, {"amo": box}, clock)


@contextmanager
def small_pages(rows: int = 7) -> Iterator[None]:
    """Nothing asks for more than `rows` rows at once.

    With fewer, all sizes of pages divide some position, and no page would reach beyond it.
    """
    few = property(lambda _self: rows, lambda _self, _value: None)
    with ExitStack() as stack:
        for owner, name, value in (
            (walk.Walk, "most", few),
            (ledger, "MOST", rows),
            (scorecard, "_PAGE", rows),
            (custom_field, "_PAGE", rows),
            (recent, "_AT_ONCE", 2),
            (task, "_AT_ONCE", 2),
        ):
            stack.enter_context(mock.patch.object(owner, name, value))
        yield


def store_is_account(app: App, box: Any) -> None:
    """Every lead, note and task of the account is known as it is, and no other."""
    assert stored_leads(app) == true_leads(box)
    calls = rows_of(app, "amo", "call_leg", "ref, user_ref, started_at / 1000")
    assert calls == _true_calls(box)
    tasks = rows_of(app, "amo", "task", "ref, state, owner_ref, deadline_at / 1000")
    assert tasks == _true_tasks(box)


def _true_calls(box: Any) -> set[Row]:
    return {
        (f"{note.id}@{entity}", str(note.body.responsible), note.created_at)
        for entity, notes in box.account.notes.items()
        for note in notes.rows.values()
        if note.note_type in (CALL_IN, CALL_OUT)
    }


def _true_tasks(box: Any) -> set[Row]:
    return {
        (str(one.id), int(one.now.completed), str(one.now.owner), int(one.now.due))
        for one in box.account.tasks.rows.values()
    }
