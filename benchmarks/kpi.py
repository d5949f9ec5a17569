"""What KPIs cost among millions of facts: refreshing after a poll, counting anew, and a board."""

import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from benchmarks.clock import print_table
from benchmarks.kpi_change import ROWS, Changes
from benchmarks.kpi_facts import LARGE, LAST_DAY, SMALL, Size, make_store
from benchmarks.kpi_recompute import Taken, Watch, recomputes
from benchmarks.memory import peak_mib
from kpi.catalog import Catalog, load_catalog
from kpi.cell import cells_of
from kpi.coverage import Vantage
from kpi.engine import rebuild, refresh
from kpi.metric import Distinct, Median, Own, Snapshot, Split
from kpi.outcome import measures_of
from kpi.period import By, month_of
from kpi.reading import read_sums
from kpi.value import Query, values
from merilo.launch import start_lightly
from store.mark import REBUILD, write_mark
from store.store import Store, open_store

SUMS = 27
MEASURED = (
    "calls_in", "calls_out", "calls_answered", "calls_missed", "calls_reached", "talk_time",
    "calls_30s", "calls_60s", "calls_120s", "calls_300s", "emails_sent", "emails_received",
    "deals_created", "deals_won", "deals_lost", "revenue", "days_to_win", "deals_repeat",
    "deals_large", "deals_small", "amount_created", "amount_lost",
)  # fmt: skip
"""Metrics whose sums are 27 columns of a cell."""

_OWN = """
[deals_large]
title.en = "Deals won of 500,000 and more"
category = "result"
fact = "deal"
when = "closed_at"
where = { state = "won", base_amount__gte = 50000000 }

[deals_small]
title.en = "Deals created below 100,000"
category = "activity"
fact = "deal"
when = "created_at"
where = { base_amount__lt = 10000000 }

[amount_created]
title.en = "Amount of deals created"
category = "result"
fact = "deal"
when = "created_at"
value = "sum:base_amount"

[amount_lost]
title.en = "Amount of deals lost"
category = "result"
fact = "deal"
when = "closed_at"
where = { state = "lost" }
value = "sum:base_amount"
"""
_ROUNDS = 15
_VANTAGE = Vantage(
    {"main": (("calls", "deals", "activities", "emails", "stage_history"), timedelta(minutes=1))},
    ZoneInfo("Europe/Moscow"),
    datetime(2026, 10, 31, 20, tzinfo=UTC),
)


@dataclass(frozen=True)
class Measured:
    """One line of the table: seconds on the clock and of the processor, medians of all rounds."""

    name: str
    wall: float
    cpu: float
    goal: str = ""

    @property
    def row(self) -> Sequence[object]:
        """The line's cells, in milliseconds."""
        return self.name, self.wall * 1000, self.cpu * 1000, self.goal


def run(*, large: bool) -> None:
    """Prints the cost of everything beside its goal, and what a full recompute costs elsewhere."""
    for size in (SMALL, LARGE) if large else (SMALL,):
        with tempfile.TemporaryDirectory(prefix="merilo-bench-") as folder:
            make_store(Path(folder), size).close()
            measure(Path(folder), size)
    if large:
        print(f"\nRefresh of today's rows, 18M / 1.8M: {_growth():.2f} (goal: <= 1.3)")


def measure(folder: Path, size: Size) -> None:
    """Measures a store in `folder`."""
    counted, peak = _in_own_process(_count, folder)
    checked, _ = _in_own_process(_check, folder)
    with _opened(folder) as (store, catalog):
        control = {name: _total(store, catalog, name) for name in ("calls_120s", "revenue")}
        elsewhere = list(recomputes(folder, size, control))
        lines = [
            Measured("count everything", *counted, goal="<= 60,000 at 18M"),
            Measured("kpi rebuild: count and compare", *checked),
            *_refreshes(store, catalog, size),
            *_boards(store, catalog),
            *_whole(store, size),
        ]
    head = (f"{size.facts:,} facts, {SUMS} sums", "ms", "ms of CPU", "goal")
    print_table("KPIs", head, [each.row for each in lines])
    print(f"  memory while everything is counted: {peak} MiB (goal: <= 600)")
    fresh = lines[2].wall
    rows = [(name, *taken, round(taken.wall / fresh)) for name, taken in elsewhere]
    head = ("counting everything elsewhere", "s", "s of CPU", "times our refresh")
    print_table("The same sums", head, rows)


def _growth() -> float:
    """How many times longer a refresh of today's rows takes among more facts.

    The stores take turns: whatever else the machine does weighs on both alike. They must be new:
    what is changed for long has fewer rows left to change.
    """
    with ExitStack() as stack:
        opened: dict[Size, tuple[Store, Catalog]] = {}
        for size in (SMALL, LARGE):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="merilo-bench-"))
            make_store(Path(folder), size).close()
            opened[size] = stack.enter_context(_opened(Path(folder)))
        changes = {size: Changes(store, size, today=True) for size, (store, _) in opened.items()}
        for store, catalog in opened.values():
            refresh(store, catalog)
        folded: dict[Size, list[Taken]] = {size: [] for size in opened}
        for _ in range(_ROUNDS):
            for size, (store, catalog) in opened.items():
                changes[size].make()
                watch = Watch()
                assert refresh(store, catalog).folded >= ROWS
                folded[size].append(watch.taken())
        large, small = (statistics.median(one.wall for one in folded[at]) for at in (LARGE, SMALL))
        return large / small


def measured_catalog(folder: Path) -> Catalog:
    """The measured metrics, and no others."""
    own = folder / "own.toml"
    own.write_text(_OWN, encoding="utf-8")
    every = load_catalog([own])
    catalog = Catalog({name: every.find(name) for name in MEASURED})
    assert len(catalog.columns) == SUMS, list(catalog.columns.values())
    return catalog


def _count(folder: Path) -> Taken:
    """Counts every fact into empty cells."""
    with _opened(folder) as (store, catalog):
        with store.write() as tx:
            write_mark(tx, REBUILD, "benchmark")
        watch = Watch()
        assert refresh(store, catalog).rebuilt
        return watch.taken()


def _check(folder: Path) -> Taken:
    """Counts every fact beside the cells and compares, as the service does every night."""
    with _opened(folder) as (store, catalog):
        watch = Watch()
        assert rebuild(store, catalog) is False
        return watch.taken()


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Store, Catalog]]:
    store = open_store("sqlite", folder)
    yield store, measured_catalog(folder)
    store.close()


def _in_own_process(work: Callable[[Path], Taken], folder: Path) -> tuple[Taken, int]:
    """What the work took, and the most memory its process had, MiB."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=start_lightly) as pool:
        taken = pool.submit(work, folder).result()
        return taken, pool.submit(peak_mib).result()


def _refreshes(store: Store, catalog: Catalog, size: Size) -> Iterator[Measured]:
    for name, today, goal in (("today's rows", True, "<= 15"), ("scattered rows", False, "<= 50")):
        changes = Changes(store, size, today=today)
        kept, folded = [], []
        for _ in range(_ROUNDS):
            watch = Watch()
            changes.make()
            kept.append(watch.taken())
            watch = Watch()
            assert refresh(store, catalog).folded >= ROWS
            folded.append(watch.taken())
        yield _median(f"refresh, {ROWS} {name}", folded, goal)
        yield _median("  keeping them in the store", kept)


def _boards(store: Store, catalog: Catalog) -> Iterator[Measured]:
    """The month's board of all managers: its sums, and every value in words of the contract."""
    month, cells = month_of(LAST_DAY), cells_of(catalog)
    measures = measures_of(catalog, catalog.board)

    def sums() -> None:
        with store.read() as tx:
            read_sums(tx, catalog, cells, measures, [month], None)

    def board(by: By) -> None:
        values(store, catalog, Query(since=month.first, until=month.last, by=by), _VANTAGE)

    yield _timed("month board: read its sums", sums, "<= 5")
    yield _timed("month board: every value", lambda: board("month"))
    yield _timed("the month's board, by day", lambda: board("day"), rounds=1)


def _whole(store: Store, size: Size) -> Iterator[Measured]:
    """The same with every metric that ships here, and what those cost that are no sums of days."""
    catalog = load_catalog()
    watch = Watch()
    refresh(store, catalog)
    yield Measured(f"all {len(catalog.metrics)} metrics: count everything", *watch.taken())
    yield from _refreshes(store, catalog, size)
    month = month_of(LAST_DAY)
    for kind in (Split, Median, Snapshot, Distinct, Own):
        names = [each.name for each in catalog.metrics.values() if isinstance(each.kind, kind)]
        for name in names[:1]:
            query = Query(since=month.first, until=month.last, by="month", metrics=(name,))
            work = partial(values, store, catalog, query, _VANTAGE)
            yield _timed(f"  month board of {name} ({kind.__name__})", work, rounds=3)


def _timed(
    name: str, work: Callable[[], object], goal: str = "", rounds: int = _ROUNDS
) -> Measured:
    taken = []
    for _ in range(rounds):
        watch = Watch()
        work()
        taken.append(watch.taken())
    return _median(name, taken, goal)


def _median(name: str, taken: Sequence[Taken], goal: str = "") -> Measured:
    wall, cpu = (statistics.median(each[place] for each in taken) for place in (0, 1))
    return Measured(name, wall, cpu, goal)


def _total(store: Store, catalog: Catalog, name: str) -> int:
    with store.read() as tx:
        return int(tx.execute(select(func.sum(cells_of(catalog).day.c[name]))).scalar_one())
