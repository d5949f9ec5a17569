"""A database that is busy, full or gone: nothing is lost, and work goes on when it can."""

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from store import directory
from store.error import StoreError
from store.mark import read_mark, write_mark
from store.store import Store, open_store
from store.table import DEAL
from store.upsert import Row, put_rows
from tests.store.row import deal_row, stored

COUNT_UP = """
import sys
from pathlib import Path
from typing import Any
from store.mark import read_mark, write_mark
from store.store import open_store
store = open_store(sys.argv[1], Path(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    with store.write() as tx:
        write_mark(tx, "count", str(int(read_mark(tx, "count") or 0) + 1))
store.close()
"""


def test_two_processes_that_read_and_then_write_lose_no_update(
    store: Store, tmp_path: Path
) -> None:
    """A transaction that begins by reading must hold the write lock before it reads."""
    url = "sqlite" if store.is_sqlite else store.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", COUNT_UP, url, str(tmp_path / "data"), "60"]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for writer in writers:
        _, complaint = writer.communicate(timeout=60)
        assert writer.returncode == 0, complaint
    with store.read() as tx:
        assert read_mark(tx, "count") == "120"


def test_threads_of_one_process_take_turns(store: Store) -> None:
    def count_up() -> None:
        for _ in range(20):
            with store.write() as tx:
                write_mark(tx, "count", str(int(read_mark(tx, "count") or 0) + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert read_mark(tx, "count") == "80"


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.write() as tx:
        write_mark(tx, "count", "1")
        with store.read() as reading:
            assert read_mark(reading, "count") is None


def test_a_database_locked_by_another_program_is_a_store_error(sqlite_store: Store) -> None:
    with sqlite_store.engine.connect() as browser:
        browser.exec_driver_sql("PRAGMA busy_timeout = 50")
        browser.rollback()
        with sqlite_store.write(), pytest.raises(StoreError, match="locked") as refused:
            _begin_to_write(sqlite_store, browser)
        assert "close it" in refused.value.todo


@contextmanager
def _pages(store: Store) -> Iterator[None]:
    """No room for more than a few pages beyond those in use."""
    with store.engine.connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    store.engine.dispose()

    def limit(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {used + 8}")

    event.listen(store.engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(store.engine, "connect", limit)
        store.engine.dispose()


@contextmanager
def _file_size(store: Store) -> Iterator[None]:
    """No file may grow any more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(path.stat().st_size for path in Path(store.place).parent.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [_pages, _file_size])
def test_a_full_disk_loses_nothing_and_work_goes_on_when_there_is_room(
    sqlite_store: Store, room: Any
) -> None:
    with sqlite_store.write() as tx:
        source = directory.source_id(tx, "main")
        put_rows(tx, DEAL, [deal_row(source, "kept")], journal=True)
    many = [deal_row(source, f"deal {number:040}") for number in range(5_000)]
    with room(sqlite_store):
        with pytest.raises(StoreError, match=r"full|disk I/O") as refused:
            _put(sqlite_store, many)
        assert "disk space" in refused.value.todo
        assert [row[1] for row in stored(sqlite_store, "deal")] == ["kept"]
    _put(sqlite_store, many)
    with sqlite_store.read() as tx:
        assert tx.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert len(stored(sqlite_store, "deal")) == 5_001


def test_a_server_that_went_away_is_a_store_error_and_its_return_needs_no_restart(
    postgres_url: str, tmp_path: Path
) -> None:
    store = open_store(postgres_url, tmp_path)
    with pytest.raises(StoreError, match=r"terminating|closed") as refused:
        _write_through_a_dead_session(store)
    assert "reachable" in refused.value.todo
    with store.write() as tx:
        assert read_mark(tx, "count") is None
    store.close()


def _write_through_a_dead_session(store: Store) -> None:
    with store.write() as tx:
        number = tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with store.read() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({number})")
        write_mark(tx, "count", "1")


def _begin_to_write(store: Store, connection: Connection) -> None:
    with store._explained():
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _put(store: Store, rows: Sequence[Row]) -> None:
    with store.write() as tx:
        put_rows(tx, DEAL, rows, journal=True)
