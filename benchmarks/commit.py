"""How fast a page is committed, beside sqlite3 writing the very same rows, page by page in turn."""

import random
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table

from benchmarks.clock import Stopwatch, print_table
from benchmarks.memory import resident_mib
from config.settings import MeriloSection, Settings
from store import directory
from store.call import CALL_LEG
from store.fact import Account, CallLeg, Deal, DealState, Direction, Fact
from store.store import Store, open_store
from store.stream import StreamState, save_stream
from store.table import CALL, DEAL
from sync.commit import Commit
from sync.credit import Credit
from sync.recredit import current, settle

PAGE = 2_500
GOAL = 0.5
"""The least share of sqlite3's rows a second that a commit must reach."""

_BEGAN_AT = datetime(2025, 1, 1, tzinfo=UTC)
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -16000")


@dataclass
class Measured:
    """One kind of record: rows written, and the time of our commits and of plain sqlite3."""

    name: str
    rows: int = 0
    ours: Stopwatch = field(default_factory=Stopwatch)
    plain: Stopwatch = field(default_factory=Stopwatch)

    @property
    def ratio(self) -> float:
        """Our rows a second over those of plain sqlite3."""
        return self.plain.seconds / self.ours.seconds


def run(*, large: bool) -> None:
    """Prints both rates, for the first read and for reading everything again unchanged."""
    count = 1_000_000 if large else 50_000
    with tempfile.TemporaryDirectory(prefix="merilo-bench-") as folder:
        results = measure(Path(folder), calls=count, deals=count // 5)
        memory = resident_mib()
    rows = [
        [each.name, each.rows, int(each.rows / each.ours.seconds),
         int(each.rows / each.plain.seconds), each.ratio]
        for each in results
    ]  # fmt: skip
    head = ("commit of pages of 2,500", "rows", "rows/s", "sqlite3 rows/s", "ratio")
    print_table(f"Commit of a page (goal: ratio >= {GOAL}); memory {memory} MiB", head, rows)


def measure(folder: Path, *, calls: int, deals: int) -> list[Measured]:
    """Writes calls and deals into a store in `folder`, and the same rows with sqlite3 beside it."""
    store, plain = open_store("sqlite", folder / "ours"), _plain(folder / "plain")
    with store.write() as tx:
        source_id = directory.source_id(tx, "main")
        people = [Account(ref=str(7 + n), name=f"m{n}", email=None, active=True) for n in range(50)]
        directory.put_accounts(tx, source_id, people)
        credit = settle(tx, Settings(merilo=MeriloSection(), path=folder / "merilo.toml"))
    results = [
        _measure("calls", store, plain, source_id, credit, _calls(calls), (CALL_LEG, CALL)),
        _measure("deals", store, plain, source_id, credit, _deals(deals), (DEAL,)),
    ]
    store.close()
    plain.close()
    return results


def _measure(
    name: str,
    store: Store,
    plain: sqlite3.Connection,
    source_id: int,
    credit: Credit,
    facts: Iterator[Fact],
    tables: Sequence[Table],
) -> Measured:
    result = Measured(name)
    commit = Commit(source_id=source_id, credit=credit, journal=False)
    state = StreamState(source_id=source_id, name=name, began_at=_BEGAN_AT)
    last = dict.fromkeys(tables, 0)
    while page := [fact for _, fact in zip(range(PAGE), facts, strict=False)]:
        with result.ours.running(), store.write() as tx:
            current(tx, commit).put(tx, page)
            save_stream(tx, state)
        with store.read() as tx:
            written = {table: _rows_after(tx, table, last) for table in tables}
        result.rows += sum(map(len, written.values()))
        with result.plain.running():
            _write(plain, written)
    return result


def _rows_after(tx: Connection, table: Table, last: dict[Table, int]) -> list[tuple[Any, ...]]:
    """What the page added or replaced, as it lies in the table."""
    found = tx.exec_driver_sql(f"SELECT rowid, * FROM {table.name} WHERE rowid > {last[table]}")
    rows = [tuple(row) for row in found]
    last[table] = rows[-1][0] if rows else last[table]
    return [row[1:] for row in rows]


def _plain(folder: Path) -> sqlite3.Connection:
    """The same tables and indexes, opened without us."""
    store = open_store("sqlite", folder)
    with store.write() as tx:
        directory.source_id(tx, "main")
    store.close()
    connection = sqlite3.connect(folder / "merilo.db", isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _write(plain: sqlite3.Connection, written: dict[Table, list[tuple[Any, ...]]]) -> None:
    plain.execute("BEGIN IMMEDIATE")
    for table, rows in written.items():
        plain.executemany(_upsert(table), rows)
    plain.execute("COMMIT")


def _upsert(table: Table) -> str:
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )


def _calls(count: int) -> Iterator[Fact]:
    """One in twenty is a transfer: a second leg of the call before."""
    chance = random.Random(1)
    for number in range(count):
        yield CallLeg(
            ref=str(1_000 + number),
            call_ref=f"s:{5_000 + number - (number % 20 == 0)}",
            user_ref=str(7 + chance.randrange(50)),
            direction=Direction.IN if number % 2 else Direction.OUT,
            started_at=_BEGAN_AT + timedelta(seconds=number * 60),
            talk_s=chance.randrange(300),
            outcome="ok",
            client_hash=f"{chance.getrandbits(128):032x}",
            client_last4="1234",
            client_ref=f"contact:{chance.randrange(10_000)}",
        )


def _deals(count: int) -> Iterator[Fact]:
    chance = random.Random(2)
    for number in range(count):
        created_at = _BEGAN_AT + timedelta(seconds=number * 300)
        state = DealState(number % 3)
        yield Deal(
            ref=str(100 + number),
            pipeline_ref="0",
            stage_ref=state.name,
            state=state,
            amount=chance.randrange(10**8),
            currency="RUB",
            owner_ref=str(7 + chance.randrange(50)),
            client_ref=f"company:{chance.randrange(10_000)}",
            created_at=created_at,
            updated_at=created_at + timedelta(days=3),
            closed_at=created_at + timedelta(days=2) if state else None,
        )
