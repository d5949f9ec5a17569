"""The opened store: transactions that read, transactions that write, and nothing in between."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, ProgrammingError
from sqlalchemy.pool import QueuePool

from store.error import StoreError
from store.migration import upgrade

_BUSY_MS = 30_000
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -2000",
)


class Store:
    """A migrated database. Every writing transaction holds the write lock from its first moment.

    SQLite would otherwise upgrade a deferred transaction and fail at once with "database is
    locked", ignoring its busy timeout. Errors of the database arrive as `StoreError`.
    """

    def __init__(self, engine: Engine, place: str) -> None:
        self.engine = engine
        self.place = place
        self._writing = threading.RLock()

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the file in the data directory rather than a PostgreSQL server."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; nothing is written."""
        with self._explained(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """All or nothing: commits when the block ends well, else leaves the store as it was."""
        with self._writing, self._explained(), self.engine.connect() as connection:
            writer = connection.execution_options(merilo_write=True)
            with writer.begin():
                yield writer

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()

    def rest(self) -> None:
        """Gives back what an idle SQLite keeps: connections nobody uses, and megabytes of pages.

        They are opened again when they are needed.
        """
        if self.is_sqlite:
            self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, ProgrammingError, DataError):
            # Our own mistake, not the database's trouble.
            raise
        except DatabaseError as error:
            raise _store_error(error, self.place) from error


def open_store(url: str, data_dir: Path) -> Store:
    """Opens and migrates the store named in the settings; "sqlite" is data_dir/merilo.db.

    Raises StoreError when it cannot be opened, is corrupt, or was made by a newer program.
    """
    if url == "sqlite":
        place = str(_private_file(data_dir))
        engine = _sqlite_engine(place)
    else:
        engine = create_engine(url, pool_pre_ping=True, pool_size=8)
        place = engine.url.render_as_string(hide_password=True)
        _take_turns_on_postgresql(engine)
    store = Store(engine, place)
    try:
        with store._explained():
            upgrade(engine, place)
    except BaseException:
        store.close()
        raise
    return store


def _private_file(data_dir: Path) -> Path:
    """The database's file, which only we may read; SQLite gives -wal and -shm the same mode."""
    path = data_dir / "merilo.db"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Only a new file: closing one that is in use would end SQLite's locks on it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not data_dir.is_dir():
            raise _unusable(path, "data_dir is a file") from None
    except OSError as error:
        raise _unusable(path, error.strerror) from error
    return path


def _unusable(path: Path, reason: str | None) -> StoreError:
    return StoreError(
        f"The store {path} cannot be opened: {reason}",
        did="Nothing was changed.",
        todo="Check data_dir in the settings, and that Merilo may write there.",
    )


def _sqlite_engine(path: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=8,
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("merilo_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


_WRITER_LOCK = 0x6D6572696C6F
"""The advisory lock of a writing transaction ("merilo" in ASCII)."""


def _take_turns_on_postgresql(engine: Engine) -> None:
    """One writer at a time, as on SQLite: a journal is never folded while a page is half in."""

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("merilo_write", False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _store_error(error: DatabaseError, place: str) -> StoreError:
    reason = str(error.orig or error).strip().splitlines()[0]
    text = reason.lower()
    if "locked" in text:
        todo = "Another program holds the database; close it, or wait and start again."
    elif "full" in text or "disk i/o" in text or "no space" in text:
        todo = "Free disk space; the next run goes on where this one stopped."
    elif "malformed" in text or "not a database" in text:
        todo = "Restore the data directory from a backup, or move it away and run `merilo sync`."
    else:
        todo = "Check that the database is reachable and that Merilo may write there."
    return StoreError(
        f"The store {place} refused: {reason}",
        did="Nothing of this step was kept; everything committed before it is safe.",
        todo=todo,
    )
