"""A new database gets its tables directly; they are those the migrations would have made."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from store.migration import alembic_config, revisions, upgrade


def shape(engine: Engine) -> dict[str, Any]:
    """Everything a table is made of, by its name."""
    found = inspect(engine)
    return {
        table: {
            "columns": [
                (each["name"], str(each["type"]), each["nullable"])
                for each in found.get_columns(table)
            ],
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "indexes": sorted(
                (str(each["name"]), tuple(each["column_names"]))
                for each in found.get_indexes(table)
            ),
            "foreign": sorted(
                (tuple(each["constrained_columns"]), each["referred_table"])
                for each in found.get_foreign_keys(table)
            ),
            "checks": sorted(each["sqltext"] for each in found.get_check_constraints(table)),
            "unique": sorted(
                tuple(each["column_names"]) for each in found.get_unique_constraints(table)
            ),
        }
        for table in found.get_table_names()
        if not table.startswith("kpi_")
    }


def test_new_tables_are_those_of_the_migrations(tmp_path: Path) -> None:
    fresh = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    migrated = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    upgrade(fresh, "fresh")
    with migrated.connect() as connection, connection.begin():
        command.upgrade(alembic_config(connection), "head")
    assert shape(fresh) == shape(migrated)
    for engine in (fresh, migrated):
        engine.dispose()


def test_every_script_is_named_after_its_revision() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert sorted(each.revision for each in script.walk_revisions()) == revisions()
    assert script.get_current_head() == revisions()[-1]
