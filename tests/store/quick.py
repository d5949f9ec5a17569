"""A store that does not wait for the disk: what is killed in these tests are functions."""

import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import event

from store.store import Store, open_store


def open_quick_store() -> Store:
    """A new SQLite store in a directory of its own."""
    store = open_store("sqlite", Path(tempfile.mkdtemp(prefix="merilo-machine-")))

    @event.listens_for(store.engine, "connect")
    def hurry(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    store.engine.dispose()
    return store
