"""Opening a store: new, again, private, too new, broken."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text
from sqlmodel import SQLModel

from store.error import StoreError
from store.migration import alembic_config, revisions
from store.store import Store, open_store
from store.table import SourceRow, table_of


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A connection to an empty database."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/a.db" if sqlite else request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_migrations_go_up_and_down_and_make_the_tables_of_the_models(
    connection: Connection,
) -> None:
    config = alembic_config(connection)
    command.upgrade(config, "head")
    # Raises when the models have what the tables have not, or the other way round.
    command.check(config)
    made = set(inspect(connection).get_table_names())
    assert {table.name for table in SQLModel.metadata.sorted_tables} <= made
    command.downgrade(config, "base")
    assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    for revision in revisions():
        command.upgrade(config, revision)
    assert set(inspect(connection).get_table_names()) == made


def test_there_is_one_newest_revision(connection: Connection) -> None:
    script = ScriptDirectory.from_config(alembic_config(connection))
    assert script.get_heads() == [revisions()[-1]]
    assert {each.revision for each in script.walk_revisions()} == set(revisions())


def test_a_store_opened_again_is_as_it_was_left(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        tx.execute(table_of(SourceRow).insert().values(name="main"))
    url = "sqlite" if store.is_sqlite else store.engine.url.render_as_string(hide_password=False)
    again = open_store(url, tmp_path / "data")
    with again.read() as tx:
        assert tx.execute(table_of(SourceRow).select()).one().name == "main"
    again.close()


def test_a_store_of_a_newer_program_is_refused_and_left_alone(store: Store, tmp_path: Path) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    url = "sqlite" if store.is_sqlite else store.engine.url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r"newer Merilo.*9999") as refused:
        open_store(url, tmp_path / "data")
    assert "newer version" in refused.value.todo
    with store.read() as tx:
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_only_we_may_read_the_store(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store("sqlite", tmp_path / "data")
        with store.write() as tx:
            tx.execute(table_of(SourceRow).insert().values(name="main"))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in _files(tmp_path)}
    finally:
        os.umask(before)
    store.close()
    assert modes == {"merilo.db": 0o600, "merilo.db-wal": 0o600, "merilo.db-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_password_of_the_database_is_never_shown(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, tmp_path)
    assert ":@" not in store.place
    store.close()
    with pytest.raises(StoreError) as refused:
        open_store("postgresql+psycopg://ann:geheim@127.0.0.1:1/x", tmp_path)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
def test_a_damaged_file_is_named_with_what_to_do(
    sqlite_store: Store, tmp_path: Path, damage: str
) -> None:
    with sqlite_store.write() as tx:
        names = [{"name": f"source {number:050}"} for number in range(2_000)]
        tx.execute(table_of(SourceRow).insert(), names)
    sqlite_store.close()
    path = tmp_path / "data" / "merilo.db"
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:16] = b"not a database.."
    elif damage == "middle":
        data[8192:] = os.urandom(len(data) - 8192)
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"merilo\.db refused") as broken:
        _read_everything(tmp_path / "data")
    assert "backup" in broken.value.todo
    assert len(path.read_bytes()) >= len(data)


def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    for place in (tmp_path / "data", tmp_path / "data" / "deeper"):
        with pytest.raises(StoreError, match="cannot be opened") as refused:
            open_store("sqlite", place)
        assert "data_dir" in refused.value.todo


def test_a_mistake_of_ours_is_no_trouble_of_the_database(sqlite_store: Store) -> None:
    with pytest.raises(Exception, match="UNIQUE") as bug, sqlite_store.write() as tx:
        tx.execute(table_of(SourceRow).insert(), [{"name": "main"}, {"name": "main"}])
    assert not isinstance(bug.value, StoreError)


def test_a_reader_sees_one_moment_however_long_it_reads(store: Store) -> None:
    def count(tx: Connection) -> int:
        return len(tx.execute(table_of(SourceRow).select()).all())

    with store.read() as reading:
        assert count(reading) == 0
        with store.write() as tx:
            tx.execute(table_of(SourceRow).insert().values(name="main"))
        assert count(reading) == 0
    with store.read() as reading:
        assert count(reading) == 1


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "data").iterdir())


def _read_everything(data_dir: Path) -> None:
    store = open_store("sqlite", data_dir)
    try:
        with store.read() as tx:
            assert len(tx.execute(table_of(SourceRow).select()).all()) == 2_000
    finally:
        store.close()


def test_a_store_at_rest_disturbs_no_reader_and_works_on(store: Store) -> None:
    row = table_of(SourceRow)
    with store.read() as reader:
        assert reader.execute(row.select()).all() == []
        store.rest()
        with store.write() as tx:
            tx.execute(row.insert().values(name="main"))
        store.rest()
        assert reader.execute(row.select()).all() == []
    with store.read() as tx:
        assert [each.name for each in tx.execute(row.select())] == ["main"]
