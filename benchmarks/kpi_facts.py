"""Millions of facts for measuring, made by SQL alone: the same ones in SQLite and in DuckDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from store.directory import put_manager, source_id
from store.moment import day_number
from store.store import Store, open_store

MANAGERS = 300
FIRST_DAY = date(2024, 11, 1)
DAYS = 730
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
_MIDNIGHT_MS = 1_730_408_400_000
"""The beginning of the first day in Moscow."""
_DAY_MS = 86_400_000
_LONGEST_DEAL = 60


@dataclass(frozen=True)
class Size:
    """Facts a day; every deal moves five times."""

    calls: int
    emails: int
    deals: int

    @property
    def facts(self) -> int:
        """All facts: calls, letters, deals and the moves of deals."""
        return DAYS * (self.calls + self.emails + self.deals * 6)


SMALL = Size(calls=1_370, emails=274, deals=137)
"""1.8 million facts in two years."""
LARGE = Size(calls=13_700, emails=2_740, deals=1_370)
"""18 million."""


class Database(Protocol):
    """Something that takes statements: a connection to SQLite or to DuckDB."""

    def execute(self, statement: str, /) -> Any:
        """Does what the statement says."""


def make_store(folder: Path, size: Size) -> Store:
    """A store full of facts, managers included; indexes are made after the rows."""
    store = open_store("sqlite", folder)
    with store.write() as tx:
        source_id(tx, "main")
        for number in range(1, MANAGERS + 1):
            put_manager(tx, key=f"m{number}", name=f"Manager {number}", listed=False, hidden=False)
    raw = store.engine.raw_connection()
    connection: Any = raw.driver_connection
    indexes = connection.execute(_INDEXES).fetchall()
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    make_days(connection, size)
    for table, columns in _columns(size).items():
        query = _query(table, columns, size)
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) {query}")
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("DROP TABLE days")
    connection.execute("DROP TABLE ticks")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    store.close()
    return store


def make_days(database: Database, size: Size) -> None:
    """The tables that facts are multiplied from: days of two years, and numbers of a day."""
    days = [(n, day_number(FIRST_DAY + timedelta(days=n))) for n in range(DAYS + _LONGEST_DEAL)]
    database.execute("CREATE TABLE days (n BIGINT PRIMARY KEY, day INTEGER)")
    database.execute(f"INSERT INTO days VALUES {', '.join(map(str, days))}")
    database.execute("CREATE TABLE ticks (k BIGINT PRIMARY KEY)")
    database.execute(
        "INSERT INTO ticks WITH RECURSIVE t(k) AS "
        f"(SELECT 0 UNION ALL SELECT k + 1 FROM t WHERE k + 1 < {size.calls}) SELECT k FROM t"
    )


def counted(table: str, size: Size) -> str:
    """A query of the columns that are counted; its rows are those of the store."""
    columns = _columns(size)[table]
    return _query(table, {name: columns[name] for name in _COUNTED if name in columns}, size)


_COUNTED = (
    "day", "manager_id", "credited_to", "direction", "talk_s", "state", "base_amount",
    "created_day", "created_by", "closed_day", "closed_by", "cycle_s", "is_repeat",
)  # fmt: skip
_INDEXES = """SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
AND tbl_name IN ('call', 'email', 'deal', 'stage_change')"""

_CLOSED = "(d.n * 7 + t.k * 31) % 60"
"""Days from the creation of a deal to its close."""
_MORE = {
    # A call has a row for the team and one for the manager.
    "call": "CROSS JOIN (SELECT 0 AS own UNION ALL SELECT 1) w",
    "deal": f"LEFT JOIN days c ON c.n = d.n + {_CLOSED} AND (d.n + t.k) % 3 > 0",
    "stage_change": "CROSS JOIN (SELECT 1 AS step UNION ALL SELECT 2 UNION ALL SELECT 3 "
    "UNION ALL SELECT 4 UNION ALL SELECT 5) w",
}


def _query(table: str, columns: Mapping[str, str], size: Size) -> str:
    a_day = {"call": size.calls, "email": size.emails}.get(table, size.deals)
    body = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    return (
        f"SELECT {body} FROM days d CROSS JOIN ticks t {_MORE.get(table, '')} "
        f"WHERE d.n < {DAYS} AND t.k < {a_day}"
    )


def _columns(size: Size) -> Mapping[str, Mapping[str, str]]:
    """The columns of every table of facts as expressions over a day `d` and a number `t`."""
    return {
        "call": _call(size.calls),
        "email": _email(size.emails),
        "deal": _deal(size.deals),
        "stage_change": _move(size.deals),
    }


def _number(a_day: int) -> str:
    return f"(d.n * {a_day} + t.k)"


def _at(a_day: int) -> str:
    return f"({_MIDNIGHT_MS} + d.n * {_DAY_MS} + t.k * {_DAY_MS // a_day})"


def _who(factor: int) -> str:
    return f"(1 + (d.n * 13 + t.k * {factor}) % {MANAGERS})"


def _call(a_day: int) -> Mapping[str, str]:
    number, talk = _number(a_day), "((d.n * 11 + t.k * 40503) % 600)"
    return {
        "source_id": "1",
        "ref": f"'s:' || {number}",
        "manager_id": f"w.own * {_who(7919)}",
        "day": "d.day",
        "started_at": _at(a_day),
        "direction": "1 + (d.n + t.k * 3) % 2",
        "talk_s": f"CASE WHEN {talk} > 150 THEN {talk} - 150 ELSE 0 END",
        "leg_ref": f"'1' || {number}",
        "client_hash": f"printf('%032x', {number} * 7919 % 1000003)",
        "client_last4": f"printf('%04d', {number} * 7919 % 10007)",
        "lasted_s": f"20 + {talk}",
        "quality": "1",
        "transfer": "0",
        "seen": "0",
        "row_hash": f"{number} * 2 + w.own",
    }


def _email(a_day: int) -> Mapping[str, str]:
    number = _number(a_day)
    return {
        "source_id": "1",
        "ref": f"'' || {number}",
        "direction": "1 + (d.n + t.k * 3) % 2",
        "kind": "0",
        "owner_ref": f"'' || {_who(6007)}",
        "begun_at": _at(a_day),
        "updated_at": _at(a_day),
        "day": "d.day",
        "credited_to": _who(6007),
        "counts": "2",
        "opens": "0",
        "row_hash": number,
    }


def _deal(a_day: int) -> Mapping[str, str]:
    number, closed = _number(a_day), f"({_at(a_day)} + (c.n - d.n) * {_DAY_MS})"
    return {
        "source_id": "1",
        "ref": f"'' || {number}",
        "pipeline_ref": "'0'",
        "stage_ref": "CASE WHEN c.n IS NULL THEN 'NEW' ELSE 'WON' END",
        "state": "CASE WHEN c.n IS NULL THEN 0 ELSE 1 + (d.n + t.k) % 2 END",
        "amount": f"{number} * 7919 % 100000000",
        "currency": "'RUB'",
        "base_amount": f"{number} * 7919 % 100000000",
        "owner_ref": f"'' || {_who(6007)}",
        "client_ref": f"'company:' || ({number} % 100003)",
        "created_at": _at(a_day),
        "updated_at": f"COALESCE({closed}, {_at(a_day)})",
        "closed_at": closed,
        "moved_at": closed,
        "created_day": "d.day",
        "created_by": _who(6007),
        "closed_day": "c.day",
        "closed_by": f"CASE WHEN c.n IS NULL THEN NULL ELSE {_who(5003)} END",
        "cycle_s": "(c.n - d.n) * 86400",
        "is_repeat": "CASE WHEN c.n IS NULL THEN 0 ELSE t.k % 2 END",
        "row_hash": number,
    }


def _move(a_day: int) -> Mapping[str, str]:
    number = _number(a_day)
    return {
        "source_id": "1",
        "kind": "'deal'",
        "ref": f"'' || ({number} * 5 + w.step)",
        "record_ref": f"'' || {number}",
        "at": f"{_at(a_day)} + w.step * 3600000",
        "pipeline_ref": "'0'",
        "stage_ref": "'S' || w.step",
        "state": "0",
        "step": "2",
    }
