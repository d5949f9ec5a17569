"""An empty store on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.store import Store, open_store
from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    """A new SQLite store in `tmp_path / "data"`."""
    opened = open_store("sqlite", tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store, once of each kind."""
    kind = request.param
    url = "sqlite" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_store(url, tmp_path / "data")
    yield opened
    opened.close()
