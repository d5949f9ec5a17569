"""Reads tables of a switchboard's database: by time, in short transactions that write nothing."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.cdr.classify import database_errors
from connectors.cdr.moment import local_seconds, spelt_like

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

_MOST_ROWS = 20_000
"""Of one transaction: so many rows at most are held at once."""
_FEW_ROWS = 2_000
_SHORTEST_S = 1.0
_LONGEST_S = 7 * 86_400.0
_FIRST_S = 6 * 3_600.0
_SLICE = 500


class Database:
    """A database opened for reading; `place` is its address without the password."""

    def __init__(self, engine: "Engine", place: str) -> None:
        self.engine, self.place = engine, place
        self._columns: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    @classmethod
    def at(cls, url: str) -> "Database":
        """A database by its address; RejectedError when that names no driver that is here."""
        from sqlalchemy import create_engine, make_url

        with database_errors("The database"):
            address = make_url(url)
            engine = create_engine(address, pool_size=1, pool_pre_ping=True)
        return cls(engine, address.render_as_string(hide_password=True))

    @classmethod
    def of_file(cls, path: Path) -> "Database":
        """An SQLite file, which is never written to."""
        from sqlalchemy import create_engine
        from sqlalchemy.pool import QueuePool

        def connect() -> sqlite3.Connection:
            address = f"file:{quote(str(path.absolute()))}?mode=ro"
            return sqlite3.connect(address, uri=True, check_same_thread=False)

        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1)
        return cls(engine, str(path))

    def is_first(self, what: str) -> bool:
        """Whether this is asked for the first time: what is told once is told by it."""
        seen = what in self._seen
        self._seen.add(what)
        return not seen

    def close(self) -> None:
        """Lets go of connections."""
        self.engine.dispose()

    def columns(self, table: str) -> list[str]:
        """The columns that a table has; [] when there is no such table."""
        from sqlalchemy import inspect

        if table not in self._columns:
            schema, name = _split(table)
            with database_errors(self.place):
                look = inspect(self.engine)
                there = look.has_table(name, schema)
                found = look.get_columns(name, schema) if there else []
            self._columns[table] = [column["name"] for column in found]
        return self._columns[table]

    def newest(
        self, table: str, names: Sequence[str], by: str, count: int
    ) -> Sequence[Sequence[Any]]:
        """The latest rows by a column, the latest first."""
        from sqlalchemy import column

        query = _select(table, names)
        return self._all(query.order_by(column(by).desc()).limit(count))

    def by_time(
        self, table: str, names: Sequence[str], time: str, begins_s: float
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """Rows from a moment of the server's clock on, in the order of time, in handy parts.

        Each part is a transaction of its own, and ended when it is given.
        """
        from sqlalchemy import column

        at_time: Any = column(time)
        latest = self.newest(table, [time], time, 1)
        if not latest or latest[0][0] is None:
            return
        sample = latest[0][0]
        last_s = local_seconds(sample, time)
        query = _select(table, names).order_by(at_time)
        span_s = _FIRST_S
        earlier = _select(table, [time]).where(at_time >= spelt_like(sample, begins_s))
        first = self._all(earlier.order_by(at_time).limit(1))
        at_s = local_seconds(first[0][0], time) // 1 if first else last_s + 1
        while at_s <= last_s:
            ends_s = at_s + span_s
            begins, ends = spelt_like(sample, at_s), spelt_like(sample, ends_s)
            part = query.where(at_time >= begins, at_time < ends)
            rows = self._all(part.limit(_MOST_ROWS + 1) if span_s > _SHORTEST_S else part)
            if len(rows) > _MOST_ROWS and span_s > _SHORTEST_S:
                span_s = max(_SHORTEST_S, span_s // 4)
                continue
            yield rows
            at_s = ends_s
            if len(rows) < _FEW_ROWS:
                span_s = min(span_s * 2, _LONGEST_S)

    def of_keys(
        self, table: str, names: Sequence[str], key: str, keys: Sequence[str], order: str
    ) -> list[Mapping[str, Any]]:
        """The rows whose key is one of these, in order."""
        from sqlalchemy import column

        query = _select(table, names).order_by(column(order))
        found: list[Mapping[str, Any]] = []
        for begin in range(0, len(keys), _SLICE):
            part = query.where(column(key).in_(keys[begin : begin + _SLICE]))
            found += [dict(zip(names, row, strict=True)) for row in self._all(part)]
        return found

    def _all(self, query: Any) -> Sequence[Sequence[Any]]:
        with database_errors(self.place), self.engine.connect() as connection:
            _forbid_writing(connection)
            return connection.execute(query).fetchall()


def _forbid_writing(connection: "Connection") -> None:
    """An SQLite file is opened read-only already."""
    name = connection.dialect.name
    if name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    elif name in ("mysql", "mariadb"):
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")


def _select(name: str, names: Sequence[str]) -> Any:
    from sqlalchemy import column, select, table

    schema, own = _split(name)
    return select(*map(column, names)).select_from(table(own, schema=schema))


def _split(name: str) -> tuple[str | None, str]:
    schema, _, own = name.rpartition(".")
    return schema or None, own
