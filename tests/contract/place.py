"""A portal and an agent on one clock that nobody waits on; and what must hold in the end: store =
truth, KPI = truth, CRM = KPI."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlmodel import SQLModel

from connectors.error import RemoteError
from connectors.phone import phone_marker
from connectors.text_mark import text_marker
from kpi.engine import rebuild
from merilo.cycle import CycleResult, run_cycle, run_sweep
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback
from merilo.wiring import App
from sandbox.server import Box, start_sandbox
from store import ledger
from tests.connectors.clock import FakeClock
from tests.flow.agent import Numbers, agent, shown_values, true_values, write_settings
from tests.flow.test_sync_bitrix24 import (
    stored_deals,
    stored_legs,
    stored_records,
    true_deals,
    true_legs,
    true_records,
)

SCORECARD = "main/scorecard"
_BOOKS = {
    "alembic_version", "destination", "mark", "owner_change", "quarantine", "receipt",
    "snapshot", "snapshot_day", "source", "stream", "writeback_item", "writeback_run",
    "writeback_step",
}  # fmt: skip
"""Tables that tell how the reading went; all others tell what was read."""

_KEY = b"the same for every agent of a test"

_PERSONS = ("_by", "credited_to", "manager_id")
"""How the names of columns end that hold a manager's number, which depends on who came first."""

Facts = dict[str, set[tuple[Any, ...]]]


@dataclass
class Place:
    """CRMs by the names of their sources, a portal of Bitrix24 if nothing else is told, and the
    data of one agent that reads them."""

    extra: ClassVar[str] = ""
    """More of the settings."""

    folder: Path
    boxes: dict[str, Any]
    clock: FakeClock
    settings: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.settings = self.write_settings()

    @property
    def box(self) -> Any:
        """The only CRM."""
        (box,) = self.boxes.values()
        return box

    @property
    def crms(self) -> list[Any]:
        """What people work in: the portals and accounts behind the servers."""
        boxes = self.boxes.values()
        return [each.portal if isinstance(each, Box) else each.account for each in boxes]

    def write_settings(self) -> Path:
        """The agent's settings file."""
        return write_settings(self.folder, self.box, extra=self.extra)

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent, started anew; its waiting moves the clock and takes no time."""
        with agent(self.settings, self.clock) as app:
            app.wait = self.clock.sleep  # type: ignore[method-assign]
            app.mark_phone = phone_marker(_KEY)
            app.mark_text = text_marker(_KEY)
            yield app

    def pass_by(self, **span: float) -> None:
        """Time that nobody measures."""
        self.clock.sleep(timedelta(**span).total_seconds())

    def settle(self, app: App) -> None:
        """Faults off: two quiet cycles and a sweep, and what is known is written back."""
        self.box.faults.clear()
        for _ in range(2):
            self.pass_by(minutes=15)
            result = run_cycle(app, "main")
            assert not result.errors, result.errors
        run_sweep(app, "main", accept=True)
        run_writeback(app, SCORECARD)
        with app.store.read() as tx:
            approved = ledger.load_place(tx, SCORECARD).approved
        if not approved:  # killed before anybody's approval was noted
            apply_writeback(app, app.settings.destinations[0])

    def check(self, app: App) -> Numbers:
        """Store = truth, KPI = truth, CRM = KPI; the numbers that agree."""
        assert stored_deals(app) == true_deals(self.box)
        assert stored_records(app) == true_records(self.box)
        assert stored_legs(app) == true_legs(self.box)
        assert not rebuild(app.store, app.catalog), "the cells were wrong"
        today = self.clock().date()
        since = today - timedelta(days=400)
        reads = [self.clock()]
        expected = true_values(self.box, since=since, until=today, by="month", reads=reads)
        found = shown_values(app, since=since, until=today, by="month")
        assert {key: value for key, value in found.items() if value[1]} == expected
        assert plan_writeback(app, app.settings.destinations[0]).steps == ()
        return expected

    def read_anew(self) -> Facts:
        """What another agent knows that reads all this from the beginning and meets no trouble."""
        other = type(self)(self.folder / "anew", self.boxes, self.clock)
        with other.opened() as app:
            for source in other.boxes:
                result = run_cycle(app, source)
                assert not result.errors, result.errors
            return facts_of(app)


@contextmanager
def portal(
    folder: Path, *, kind: type[Place] = Place, seed: int = 5, scale: str = "tiny"
) -> Iterator[Place]:
    """A company whose clock moves only when told."""
    clock = FakeClock()
    with start_sandbox("bitrix24", scale=scale, seed=seed, limits=False, clock=clock) as box:
        yield kind(folder, {"main": box}, clock)


def whole_run(app: App) -> CycleResult:
    """A read of everything and, where it succeeded, the first write-back."""
    result = run_cycle(app, "main")
    if not result.errors:
        apply_writeback(app, app.settings.destinations[0])
    return result


def ended_well(app: App) -> bool:
    """The same where trouble is expected: a source or a destination may refuse."""
    try:
        return not whole_run(app).errors
    except RemoteError:
        return False


def facts_of(app: App) -> Facts:
    """Every row of every table of facts, living ones only, managers by their keys.

    A table that a new stream brings is compared from its first day on.
    """
    with app.store.read() as tx:
        managers = tx.exec_driver_sql("SELECT id, key FROM manager").all()
        keys = {number: key for number, key in managers}  # noqa: C416
        found: Facts = {}
        for name, table in SQLModel.metadata.tables.items():
            if name in _BOOKS or name.endswith("_journal"):
                continue
            columns = [each.name for each in table.columns if each.name != "row_hash"]
            rows = tx.exec_driver_sql(f"SELECT {', '.join(columns)} FROM {name}")  # noqa: S608
            found[name] = {
                tuple(
                    keys.get(value, value) if column.endswith(_PERSONS) else value
                    for column, value in zip(columns, row, strict=True)
                )
                for row in rows
                if "removed_at" not in columns or row[columns.index("removed_at")] is None
            }
        now = set(tx.exec_driver_sql("SELECT manager_id FROM alias").scalars())
    # Who has no account any more was somebody once: another agent never met them.
    found["manager"] = {row[1:] for row in found["manager"] if row[0] in now}
    return found
