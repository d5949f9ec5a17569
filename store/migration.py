"""Brings a database to this program's tables, and refuses one that is newer than the program.

Alembic is imported only when there is something to migrate: it is a tenth of an idle service.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect
from sqlmodel import SQLModel

from store.error import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's settings without an ini file; the scripts lie inside the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config


def revisions() -> list[str]:
    """Every revision this program knows, oldest first: each script is named after its own."""
    return sorted(path.name[:4] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def upgrade(engine: Engine, place: str) -> None:
    """Migrates in one transaction; does nothing when the tables are current.

    Raises StoreError when the database was written by a newer program.
    """
    with engine.connect() as connection:
        with connection.begin():
            current = _current(connection)
        known = revisions()
        if current == known[-1]:
            return
        if current is not None and current not in known:
            raise StoreError(
                f"The store {place} was written by a newer Merilo (revision {current})",
                did="Nothing was changed.",
                todo="Install that newer version, or point data_dir at another directory.",
            )
        writer = connection.execution_options(merilo_write=True)
        with writer.begin():
            if current is None and not inspect(writer).get_table_names():
                _create(writer, known[-1])
            else:
                _migrate(writer)


def _create(writer: Connection, revision: str) -> None:
    """An empty database gets today's tables at once; tests prove them equal to the migrations'."""
    import store.bookkeeping
    import store.table  # noqa: F401

    SQLModel.metadata.create_all(writer)
    writer.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    writer.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{revision}')")  # noqa: S608


def _migrate(writer: Connection) -> None:
    from alembic import command

    command.upgrade(alembic_config(writer), "head")


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)
