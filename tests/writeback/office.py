"""A portal, a store and a destination: what every test of writing back works with."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.secret_ref import SecretRef
from config.settings import DestinationSettings
from connectors.base import ClientOptions
from connectors.bitrix24.client import Bitrix24Client, connect
from connectors.bitrix24.command import Command
from connectors.bitrix24.reply import BatchReply
from connectors.bitrix24.scorecard import make_target
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.destination import FieldKind, FieldSpec, Target
from sandbox.bitrix24.smart import SmartProcess
from sandbox.server import Box, start_sandbox
from store import ledger
from store.store import Store, open_store
from tests.clock import Clock
from writeback.apply import apply
from writeback.desired import Desired, ManagerScore, Value
from writeback.drain import drain
from writeback.plan import Step, plan
from writeback.result import UndoResult, WriteResult
from writeback.undo import undo

FIELDS = (
    FieldSpec(name="calls_120s", title="Разговоры от 120 с", kind=FieldKind.COUNT),
    FieldSpec(name="revenue", title="Выручка", kind=FieldKind.MONEY),
    FieldSpec(name="win_rate", title="Доля выигранных", kind=FieldKind.RATIO),
)
MANAGERS = {3: ("Анна Петрова", "7"), 4: ("Борис Орлов", "8")}
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))


class KillSignal(BaseException):
    """The process dies here."""


@dataclass
class Killer:
    """Kills at the n-th step (from 1), before or after it was done; 0 = never."""

    at: int = 0
    after: bool = False
    seen: int = 0

    def step(self, act: Callable[[], Any]) -> Any:
        self.seen += 1
        if self.seen == self.at and not self.after:
            raise KillSignal
        result = act()
        if self.seen == self.at:
            raise KillSignal
        return result


class MortalClient:
    """A client whose process may die at a request."""

    def __init__(self, inner: Bitrix24Client, killer: Killer) -> None:
        self._inner = inner
        self._killer = killer

    def batch(self, commands: Sequence[Command], **how: Any) -> BatchReply:
        reply: BatchReply = self._killer.step(lambda: self._inner.batch(commands, **how))
        return reply


class MortalStore(Store):
    """A store whose process may die before or after a commit."""

    def __init__(self, inner: Store, killer: Killer) -> None:
        super().__init__(inner.engine, inner.place)
        self._killer = killer

    @contextmanager
    def write(self) -> Iterator[Any]:
        self._killer.seen += 1
        turn = self._killer.seen
        with super().write() as tx:
            yield tx
            if turn == self._killer.at and not self._killer.after:
                raise KillSignal
        if turn == self._killer.at:
            raise KillSignal


def settings(**changes: Any) -> DestinationSettings:
    values: dict[str, Any] = {"source": "main", "kind": "scorecard", "metrics": ("calls_120s",)}
    return DestinationSettings(**values | changes)


@dataclass
class Office:
    """One destination `main/scorecard` of a portal; `scores` is what it should show."""

    box: Box
    store: Store
    client: Bitrix24Client
    clock: Clock
    settings: DestinationSettings = field(default_factory=settings)
    fields: tuple[FieldSpec, ...] = FIELDS
    scores: dict[tuple[int, date], dict[str, Value]] = field(default_factory=dict)
    coverage: str | None = "полные"

    @property
    def now(self) -> datetime:
        return self.clock()

    def desired(self) -> Desired:
        scores = [
            ManagerScore(
                manager_id=manager,
                manager=MANAGERS[manager][0],
                alias=MANAGERS[manager][1],
                period=month,
                values=values,
                coverage=self.coverage,
                as_of=self.now,
            )
            for (manager, month), values in self.scores.items()
        ]
        return Desired(fields=self.fields, scores=scores)

    def target(self) -> Target:
        return make_target(self.client, None)

    def apply(self, *, yes: bool = False) -> WriteResult:
        return apply(self.store, self.settings, self.target(), self.desired, self.clock, yes=yes)

    def drain(self, *, verify: bool = False, should_stop: Callable[[], bool] = bool) -> WriteResult:
        return drain(
            self.store,
            self.settings,
            self.target(),
            self.desired,
            self.clock,
            verify=verify,
            should_stop=should_stop,
        )

    def plan(self) -> tuple[Step, ...]:
        return plan(self.store, self.settings, self.target(), self.desired, self.clock).steps

    def undo(self, run: int) -> UndoResult:
        return undo(self.store, self.settings, self.target(), run, self.clock)

    def pass_time(self, **span: float) -> None:
        self.clock.forward(**span)

    @contextmanager
    def dying_at_request(self, killer: Killer) -> Iterator[None]:
        alive = self.client
        self.client = MortalClient(alive, killer)  # type: ignore[assignment]
        try:
            yield
        finally:
            self.client = alive

    @contextmanager
    def dying_at_commit(self, killer: Killer) -> Iterator[None]:
        alive = self.store
        self.store = MortalStore(alive, killer)
        try:
            yield
        finally:
            self.store = alive

    @property
    def processes(self) -> list[Any]:
        return list(self.box.portal.smart.by_id.values())

    @property
    def items(self) -> list[dict[str, Any]]:
        return self.box.portal.items(self.processes[0].entity_type_id) if self.processes else []

    def item(self, manager: int = 3, month: date = MONTHS[1]) -> dict[str, Any]:
        key = f"merilo:{manager}:{month:%Y-%m}"
        [found] = [each for each in self.items if each[self.field_name("KEY")] == key]
        return found

    def field_name(self, name: str) -> str:
        process: SmartProcess = self.processes[0]
        wanted = f"UF_CRM_{process.id}_{name.upper()}"
        return next(short for short, each in process.fields().items() if each.upper == wanted)

    def shown(self, name: str, manager: int = 3, month: date = MONTHS[1]) -> Any:
        return self.item(manager, month)[self.field_name(name)]

    def edit(self, name: str, value: Any, manager: int = 3, month: date = MONTHS[1]) -> None:
        process, item = self.processes[0], self.item(manager, month)
        self.box.portal.edit_item(
            process.entity_type_id, item["id"], **{self.field_name(name): value}
        )

    def remove(self, manager: int = 3, month: date = MONTHS[1]) -> None:
        del self.processes[0].items[self.item(manager, month)["id"]]

    def writes(self) -> int:
        return len(self.box.portal.writes)

    def agrees(self) -> bool:
        """Whether the portal shows every score, each once, and nothing else."""
        expected = {
            f"merilo:{manager}:{month:%Y-%m}": _shown(values)
            for (manager, month), values in self.scores.items()
        }
        rows = self.items
        found = {
            row[self.field_name("KEY")]: {
                spec.name: row[self.field_name(spec.name)] for spec in FIELDS
            }
            for row in rows
        }
        return len(rows) == len(expected) and found == expected

    def known(self, manager: int = 3, month: date = MONTHS[1]) -> ledger.Known:
        with self.store.read() as tx:
            return ledger.load_items(tx, self.settings.name)[f"merilo:{manager}:{month:%Y-%m}"]

    def place(self) -> ledger.Place:
        with self.store.read() as tx:
            return ledger.load_place(tx, self.settings.name)


def _shown(values: dict[str, Value]) -> dict[str, Any]:
    def number(value: Value, factor: int = 1) -> Any:
        return None if value is None else float(Decimal(value) * factor)

    return {
        "calls_120s": values.get("calls_120s"),
        "revenue": number(values.get("revenue")),
        "win_rate": number(values.get("win_rate"), 100),
    }


def some_scores() -> dict[tuple[int, date], dict[str, Value]]:
    """Two managers, two months; one ratio is unknown."""
    return {
        (3, MONTHS[0]): {"calls_120s": 41, "revenue": Decimal("1200.50"), "win_rate": None},
        (3, MONTHS[1]): {"calls_120s": 12, "revenue": Decimal("0"), "win_rate": Decimal("0.375")},
        (4, MONTHS[0]): {"calls_120s": 0, "revenue": Decimal("99.90"), "win_rate": Decimal("1")},
        (4, MONTHS[1]): {"calls_120s": 7, "revenue": None, "win_rate": None},
    }


@contextmanager
def open_office(folder: Path, url: str = "sqlite", **changes: Any) -> Iterator[Office]:
    clock = Clock()
    with start_sandbox("bitrix24", scale="empty", seed=1, limits=False, clock=clock) as box:
        options = ClientOptions(
            source="main",
            secret=lambda _ref: box.webhook,
            clock=clock,
            sleep=lambda seconds: clock.forward(seconds=seconds),
            data_dir=None,
        )
        source = Bitrix24Settings(
            connector="bitrix24", url=box.url, webhook=SecretRef.parse("secret:main")
        )
        client = connect(source, options)
        store = open_store(url, folder)
        try:
            yield Office(
                box=box,
                store=store,
                client=client,
                clock=clock,
                scores=some_scores(),
                settings=settings(**changes),
            )
        finally:
            client.close()
            store.close()
