"""A store to count in, and the catalogue of core metrics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from kpi.catalog import Catalog, load_catalog
from store.store import Store, open_store
from tests.kpi.books import Books
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The core metrics."""
    return load_catalog()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new SQLite store; no test pulls the plug, so nothing waits for the disk."""
    opened = open_store("sqlite", tmp_path)
    event.listen(opened.engine, "connect", _hurry)
    opened.engine.dispose()
    yield opened
    opened.close()


def _hurry(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def books(store: Store) -> Books:
    """Facts are written into the new store through these."""
    return Books(store)
