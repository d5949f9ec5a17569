"""Random work in a small CRM against random kills of the agent, and what must hold all the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from connectors.error import AuthError, RemoteError, RetryableError
from store import stream as stored_stream
from store.fact import DealState
from store.mark import REBUILD, clear_mark, read_mark
from store.moment import to_ms
from store.store import Store
from store.table import DEAL, JOURNAL
from store.upsert import Row
from sync.pipeline import Pass
from sync.source import Source
from sync.sweep import sweep_stream
from tests.flow.kill import at_calls
from tests.store.row import stored
from tests.sync.scripted import DEALS, LAG, USERS, Kill, Remote, Version, source

IDS = st.sampled_from("abcd")
OWNERS = st.sampled_from(["7", "8", "9"])
Seen = list[tuple[str, int]]
"""(owner, updated in ms) of every version of a deal that was kept, in order."""

COLUMNS = [column.name for column in DEAL.columns]
_UPDATED_AT = list(DEAL.columns.keys()).index("updated_at")
_TABLES = ("deal_journal", "deal", "owner_change", "quarantine", "receipt", "stream", "mark",
           "alias", "account", "manager")  # fmt: skip


class SyncMachine(RuleBasedStateMachine):
    """Deals of four ids, pages of one or two, kills and errors anywhere."""

    store: Store

    died: ClassVar[int] = 0
    """How often the process died, counted over all machines of a class."""

    @initialize(page_size=st.integers(1, 2))
    def begin(self, page_size: int) -> None:
        """An empty CRM and an empty store."""
        with self.store.write() as tx:
            for table in _TABLES:
                tx.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
        self.remote = Remote(page_size=page_size)
        for ref in ("7", "8", "9"):
            self.remote.hire(ref, f"Менеджер {ref}")
        self.seen: dict[str, Seen] = {}
        self.cells: Counter[Row] = Counter()

    # What people do in the CRM

    @rule(ref=IDS, owner=OWNERS)
    def create(self, ref: str, owner: str) -> None:
        """A new deal."""
        self.remote.create(ref, owner)

    @rule(ref=IDS, amount=st.integers(1, 3))
    def change(self, ref: str, amount: int) -> None:
        """Another amount, which makes a senseless record sensible again."""
        self.remote.change(ref, amount=amount, senseless=False)

    @rule(ref=IDS, owner=OWNERS)
    def reassign(self, ref: str, owner: str) -> None:
        """Another owner."""
        self.remote.change(ref, owner=owner)

    @rule(ref=IDS, state=st.sampled_from(DealState))
    def move(self, ref: str, state: DealState) -> None:
        """Won, lost or reopened."""
        self.remote.change(ref, state=state)

    @rule(ref=IDS, owner=OWNERS)
    def win_and_hand_over(self, ref: str, owner: str) -> None:
        """Won by one, then held by another."""
        self.remote.change(ref, state=DealState.WON)
        self.remote.change(ref, owner=owner)

    @rule(ref=IDS)
    def spoil(self, ref: str) -> None:
        """A record nobody can make sense of."""
        self.remote.change(ref, senseless=True)

    @rule(ref=IDS)
    def delete(self, ref: str) -> None:
        """Into the bin."""
        self.remote.delete(ref)

    @rule(ref=IDS)
    def restore(self, ref: str) -> None:
        """Out of the bin."""
        self.remote.restore(ref)

    @rule(seconds=st.sampled_from([0.3, 1, 2, 3600]))
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.remote.now += timedelta(seconds=seconds)

    # What the agent does

    @rule(full=st.booleans())
    def cycle(self, full: bool) -> None:
        """A pass that nobody disturbs."""
        assert not self._errors(full=full)

    @rule(full=st.booleans(), at=st.integers(1, 6))
    def cycle_killed_at_a_request(self, full: bool, at: int) -> None:
        """The process dies while it waits for an answer."""
        with self._at("page", at, _die):
            self._pass(full=full)

    @rule(full=st.booleans(), at=st.integers(1, 6))
    def cycle_killed_while_it_saves(self, full: bool, at: int) -> None:
        """The process dies inside a transaction, when its rows are in and its cursor is not."""
        with self._saving(at):
            self._pass(full=full)

    @rule(full=st.booleans(), at=st.integers(1, 6))
    def cycle_killed_between_pages(self, full: bool, at: int) -> None:
        """The process dies when a page is committed."""
        counted = iter(range(1, 100))
        self._pass(full=full, report=lambda _result: _die() if next(counted) == at else None)

    @rule(
        at=st.integers(1, 6),
        kind=st.sampled_from([AuthError, RetryableError]),
    )
    def cycle_with_an_error(self, at: int, kind: type[RemoteError]) -> None:
        """The CRM refuses one answer."""
        with self._at("page", at, lambda: _refuse(kind)):
            self._errors()

    @rule(ref=IDS, amount=st.integers(4, 6), owner=OWNERS, at=st.integers(2, 5))
    def cycle_while_people_work(self, ref: str, amount: int, owner: str, at: int) -> None:
        """A record changes between two pages."""

        def work() -> None:
            self.remote.now += timedelta(seconds=1)
            self.remote.create(ref, owner)
            self.remote.change(ref, amount=amount, owner=owner)
            self.remote.now += timedelta(seconds=5)

        with self._at("page", at, work):
            assert not self._errors()

    @rule(ref=IDS, amount=st.integers(7, 9), at=st.integers(2, 5))
    def cycle_killed_after_work_on_what_was_read(self, ref: str, amount: int, at: int) -> None:
        """A record read before the kill changes; the resumed run does not come by again."""
        with self._at("page", at, _die):
            self._pass()
        self.remote.now += timedelta(seconds=5)
        self.remote.change(ref, amount=amount)
        self.remote.now += timedelta(seconds=5)

    @rule(ref=IDS, amount=st.integers(4, 6), owner=OWNERS, at=st.integers(1, 5))
    def cycle_beside_another_process(self, ref: str, amount: int, owner: str, at: int) -> None:
        """While an answer is on its way, its record changes and another process reads all that."""

        def overtake() -> None:
            self.remote.create(ref, owner)
            self.remote.change(ref, amount=amount, owner=owner)
            self._pass()

        with self._at("served", at, overtake):
            assert not self._errors()

    @rule()
    def cycle_on_a_copy_that_lags_behind(self) -> None:
        """Versions older than those we have are served; within one second nobody could tell."""
        kept = {row[1]: row[COLUMNS.index("updated_at")] for row in stored(self.store, "deal")}
        current = {ref: to_ms(version.updated) for ref, version in self.remote.deals.items()}
        older = {ref: to_ms(version.updated) for ref, version in self.remote.past.items()}
        self.remote.stale = {
            ref
            for ref in kept.keys() & current.keys() & older.keys()
            if older[ref] < kept[ref] == current[ref]
        }
        try:
            assert not self._errors(full=True)
        finally:
            self.remote.stale = set()

    @rule()
    def cycle_stopped(self) -> None:
        """Somebody asks the service to stop."""
        self._pass(should_stop=lambda: True)

    @rule()
    def restart(self) -> None:
        """A new process: nothing is remembered but the store."""
        self.store.engine.dispose()

    @rule()
    def sweep(self) -> None:
        """Store and CRM are compared."""
        sweep_stream(self._source(), DEALS)
        self._observe()

    @rule()
    def refresh(self) -> None:
        """The KPIs take the journal in, or count anew when they were asked to."""
        with self.store.write() as tx:
            if read_mark(tx, REBUILD) is not None:
                rows = tx.exec_driver_sql("SELECT * FROM deal")
                self.cells = Counter(_counted(row) for row in rows)
                clear_mark(tx, REBUILD)
            else:
                self.cells = self._with_journal(tx)
            tx.execute(JOURNAL["deal"].delete())

    @rule()
    def settle(self) -> None:
        """After two quiet cycles and a sweep the store is the CRM."""
        self.remote.now += timedelta(hours=1)
        for _ in range(2):
            assert not self._errors()
        sweep_stream(self._source(), DEALS)
        self._observe()
        self._compare()

    # What holds at any time

    @invariant()
    def the_journal_brings_the_cells_to_the_facts(self) -> None:
        """Unless the KPIs are asked to count anew."""
        with self.store.read() as tx:
            if read_mark(tx, REBUILD) is None:
                rows = Counter(_counted(row) for row in tx.exec_driver_sql("SELECT * FROM deal"))
                assert self._with_journal(tx) == rows

    @invariant()
    def everything_before_the_watermark_is_in_the_store(self) -> None:
        """Or in quarantine; but for what came out of the bin, which only a sweep can see."""
        state = self._state()
        if state.watermark is None:
            return
        kept, aside = self._kept(), self._aside()
        for ref, version in self.remote.deals.items():
            if version.updated < state.watermark - LAG:
                known = kept.get(ref)
                found = known is not None and known["updated_at"] == to_ms(version.updated)
                assert found or ref in aside or ref in self.remote.binned, ref

    @invariant()
    def nothing_is_removed_that_was_never_deleted(self) -> None:
        """Silence is no evidence."""
        for ref, row in self._kept().items():
            assert row["removed_at"] is None or ref in self.remote.binned, ref

    @invariant()
    def nobody_is_credited_but_who_was_seen(self) -> None:
        """The observed rule, computed from nothing but the versions that were kept."""
        if not hasattr(self, "seen"):
            return
        for ref, row in self._kept().items():
            if row["removed_at"] is None:
                assert row["created_by"] == self._person(_holder(self.seen[ref], row["created_at"]))
                if row["closed_at"] is not None:
                    holder = _holder(self.seen[ref], row["closed_at"])
                    assert row["closed_by"] == self._person(holder)

    def teardown(self) -> None:
        """However it went, in the end both agree."""
        if hasattr(self, "seen"):
            self.settle()
            self.refresh()
            self.the_journal_brings_the_cells_to_the_facts()

    # How

    def _source(self) -> Source:
        return source(self.store, self.remote, streams=(USERS, DEALS))

    def _pass(self, **options: Any) -> list[Any]:
        try:
            return Pass(source=self._source(), **options).run()
        except Kill:
            type(self).died += 1
            return []
        finally:
            self._observe()

    def _errors(self, **options: Any) -> list[Any]:
        return [result.error for result in self._pass(**options) if result.error is not None]

    @contextmanager
    def _at(self, point: str, number: int, act: Callable[[], None]) -> Iterator[None]:
        count = 0

        def hook(name: str) -> None:
            nonlocal count
            count += name == point
            if name == point and count == number:
                act()

        self.remote.hook = hook
        try:
            yield
        finally:
            self.remote.hook = lambda _point: None

    def _saving(self, number: int) -> AbstractContextManager[None]:
        def killed(turn: int) -> None:
            if turn == number:
                _die()

        return at_calls(stored_stream, "save_stream", killed, before=True)

    def _state(self) -> stored_stream.StreamState:
        with self.store.read() as tx:
            states = stored_stream.load_streams(tx)
        return states.get(("main", "deals"), stored_stream.StreamState(source_id=0, name="deals"))

    def _kept(self) -> dict[str, dict[str, Any]]:
        rows = (dict(zip(COLUMNS, row, strict=True)) for row in stored(self.store, "deal"))
        return {row["ref"]: row for row in rows}

    def _aside(self) -> set[str]:
        return {row[2] for row in stored(self.store, "quarantine")}

    def _observe(self) -> None:
        for ref, row in self._kept().items():
            version = (row["owner_ref"], row["updated_at"])
            seen = self.seen.setdefault(ref, [])
            if not seen or seen[-1] != version:
                seen.append(version)

    def _with_journal(self, tx: Any) -> Counter[Row]:
        cells = Counter(self.cells)
        for _seq, sign, *image in tx.exec_driver_sql("SELECT * FROM deal_journal"):
            cells[_counted(image)] += sign
        return Counter({row: count for row, count in cells.items() if count})

    def _person(self, owner: str | None) -> int | None:
        with self.store.read() as tx:
            found = tx.exec_driver_sql("SELECT manager_id FROM alias WHERE ref = ?", (owner,))
            return found.scalar()

    def _compare(self) -> None:
        live = {ref: row for ref, row in self._kept().items() if row["removed_at"] is None}
        aside = self._aside()
        for ref, version in self.remote.deals.items():
            if version.senseless:
                assert ref in aside, f"{ref} vanished"
            else:
                assert ref not in aside, f"{ref} is still set aside"
                assert _as_shown(live[ref]) == _as_served(version), ref
        assert live.keys() <= self.remote.deals.keys(), "gone deals are still there"
        assert aside <= self.remote.deals.keys(), "gone records are still set aside"


def _die() -> None:
    raise Kill


def _refuse(kind: type[RemoteError]) -> None:
    raise kind("no")


def _holder(seen: Seen, at_ms: int) -> str:
    owner = seen[0][0]
    for before, after in pairwise(seen):
        if at_ms > before[1]:
            owner = after[0]
    return owner


def _as_shown(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        row[name]
        for name in ("owner_ref", "amount", "state", "created_at", "updated_at", "closed_at")
    )


def _as_served(version: Version) -> tuple[Any, ...]:
    closed = None if version.closed is None else to_ms(version.closed)
    moments = (to_ms(version.created), to_ms(version.updated), closed)
    return (version.owner, version.amount, int(version.state), *moments)


def _counted(row: Sequence[Any]) -> Row:
    """A deal without the mark of its version, which moves without a journal: no KPI counts it."""
    return (*row[:_UPDATED_AT], *row[_UPDATED_AT + 1 :])
