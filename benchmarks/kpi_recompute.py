"""The same sums counted anew elsewhere: plain SQL in SQLite, DuckDB, and polars."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars

from benchmarks.kpi_facts import DAYS, FIRST_DAY, Size, counted, make_days
from kpi.period import month_start, week_start
from store.moment import day_number


class Taken(NamedTuple):
    """Seconds on the clock, and of the processor."""

    wall: float
    cpu: float


class Watch:
    """Takes the time from its making on."""

    def __init__(self) -> None:
        self._began = Taken(time.perf_counter(), time.process_time())

    def taken(self) -> Taken:
        """Time since then."""
        wall, cpu = self._began
        return Taken(time.perf_counter() - wall, time.process_time() - cpu)


Control = Mapping[str, int]
"""Sums over all cells of managers and the team, by metric."""


def recomputes(folder: Path, size: Size, control: Control) -> Iterator[tuple[str, Taken]]:
    """What each engine takes for all cells, weeks and months; loading is not counted."""
    yield "plain SQL in SQLite", _in_sqlite(folder, control)
    with duckdb.connect(str(folder / "full.duckdb")) as database:
        make_days(database, size)
        for table in _FACTS:
            database.execute(f"CREATE TABLE {table} AS {counted(table, size)}")
        database.execute(_CALENDAR)
        yield "DuckDB, loaded", _in_duckdb(database, control)
        for table in (*_FACTS, "calendar"):
            database.execute(f"COPY {table} TO '{folder / table}.parquet'")
    yield "polars, loaded", _in_polars(folder, control)


def _in_sqlite(folder: Path, control: Control) -> Taken:
    database = sqlite3.connect(folder / "merilo.db")
    for statement in ("PRAGMA temp_store = FILE", _CALENDAR.replace(" TABLE", " TEMP TABLE")):
        database.execute(statement)
    watch = Watch()
    database.execute(f"CREATE TEMP TABLE cells AS {_CELLS}")
    for kind, query in _PERIODS.items():
        database.execute(f"CREATE TEMP TABLE by_{kind} AS {query}")
    taken = watch.taken()
    _check("SQLite", control, database.execute(_CONTROL).fetchone())
    database.close()
    return taken


def _in_duckdb(database: duckdb.DuckDBPyConnection, control: Control) -> Taken:
    watch = Watch()
    database.execute(f"CREATE TABLE cells AS {_CELLS}")
    for kind, query in _PERIODS.items():
        database.execute(f"CREATE TABLE by_{kind} AS {query}")
    taken = watch.taken()
    _check("DuckDB", control, database.execute(_CONTROL).fetchone())
    return taken


def _in_polars(folder: Path, control: Control) -> Taken:
    frames: dict[str, Any] = {
        table: polars.read_parquet(folder / f"{table}.parquet") for table in (*_FACTS, "calendar")
    }
    context = polars.SQLContext(frames=frames, eager=True)
    watch = Watch()
    context.register("cells", context.execute(_CELLS))
    for query in _PERIODS.values():
        context.execute(query)
    taken = watch.taken()
    _check("polars", control, context.execute(_CONTROL).row(0))
    return taken


def _check(engine: str, control: Control, found: Any) -> None:
    wanted = tuple(control[name] for name in ("calls_120s", "revenue"))
    assert tuple(map(int, found)) == wanted, (engine, found, wanted)


def _count(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def _talked(seconds: int) -> str:
    return _count(f"talk_s >= {seconds}")


_CALLS = {
    "calls_in": _count("direction = 1"),
    "calls_out": _count("direction = 2"),
    "calls_answered": _count("direction = 1 AND talk_s > 0"),
    "calls_missed": _count("direction = 1 AND talk_s = 0"),
    "calls_reached": _count("direction = 2 AND talk_s > 0"),
    "talk_time": "talk_s",
    "talks": _count("talk_s > 0"),
    **{f"calls_{n}s": _talked(n) for n in (30, 60, 120, 300)},
}
_EMAILS = {
    "emails_sent": _count("direction = 2"),
    "emails_received": _count("direction = 1"),
}
_CREATED = {
    "deals_created": "1",
    "deals_small": _count("base_amount < 10000000"),
    "amount_created": "COALESCE(base_amount, 0)",
    "amount_created_gap": _count("base_amount IS NULL"),
}
_CLOSED = {
    "deals_won": _count("state = 1"),
    "deals_lost": _count("state = 2"),
    "revenue": "CASE WHEN state = 1 THEN base_amount ELSE 0 END",
    "revenue_gap": _count("state = 1 AND base_amount IS NULL"),
    "days_to_win": "CASE WHEN state = 1 THEN cycle_s ELSE 0 END",
    "days_gap": _count("state = 1 AND cycle_s IS NULL"),
    "amount_lost": "CASE WHEN state = 2 THEN base_amount ELSE 0 END",
    "amount_lost_gap": _count("state = 2 AND base_amount IS NULL"),
    "deals_repeat": _count("state = 1 AND is_repeat = 1"),
    "deals_large": _count("state = 1 AND base_amount >= 50000000"),
}
_FACTS = ("call", "email", "deal")
_NAMES = [*_CALLS, *_EMAILS, *_CREATED, *_CLOSED]


def _part(table: str, day: str, who: str, sums: Mapping[str, str]) -> str:
    wanted = ", ".join(
        f"SUM({sums[name]}) AS {name}" if name in sums else f"0 AS {name}" for name in _NAMES
    )
    keys = f"{day} AS day, {who} AS manager_id"
    group = day if who == "0" else f"{day}, {who}"
    return f"SELECT {keys}, {wanted} FROM {table} WHERE {day} IS NOT NULL GROUP BY {group}"


_PARTS = [
    _part("call", "day", "manager_id", _CALLS),
    *(_part("email", "day", who, _EMAILS) for who in ("credited_to", "0")),
    *(_part("deal", "created_day", who, _CREATED) for who in ("created_by", "0")),
    *(_part("deal", "closed_day", who, _CLOSED) for who in ("closed_by", "0")),
]
_ADDED = ", ".join(f"SUM({name}) AS {name}" for name in _NAMES)
_CELLS = (
    f"SELECT day, manager_id, {_ADDED} FROM ({' UNION ALL '.join(_PARTS)}) parts "
    "GROUP BY day, manager_id"
)
_PERIODS = {
    kind: f"SELECT {kind}, manager_id, {_ADDED} FROM cells "
    f"JOIN calendar ON calendar.date = cells.day GROUP BY {kind}, manager_id"
    for kind in ("week", "month")
}
_CONTROL = "SELECT SUM(calls_120s), SUM(revenue) FROM cells"


def _calendar() -> str:
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS + 60)]
    rows = ", ".join(
        f"({day_number(day)}, {day_number(week_start(day))}, {day_number(month_start(day))})"
        for day in days
    )
    return f"CREATE TABLE calendar AS WITH v(date, week, month) AS (VALUES {rows}) SELECT * FROM v"


_CALENDAR = _calendar()
