"""Only one service runs over one store: a lock on the data directory, and one in PostgreSQL."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.error import StoreError
from store.store import Store

_INSTANCE_LOCK = 0x6D6572696C6F + 1


class InstanceRunning(StoreError):
    """Another service holds this store."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"Another Merilo service already runs over {place}",
            did="This one stops and has touched nothing.",
            todo="Stop the other one first, or use commands beside it: they take turns.",
        )


@contextmanager
def instance_lock(store: Store, data_dir: Path) -> Iterator[None]:
    """Holds the store for one service as long as the block runs; the kernel frees it on death.

    Raises InstanceRunning when another service holds it.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data_dir / "merilo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstanceRunning(str(data_dir)) from None
        with _server_lock(store):
            yield
    finally:
        os.close(handle)


@contextmanager
def _server_lock(store: Store) -> Iterator[None]:
    """Machines that share a PostgreSQL store share no directory, so the server keeps the lock."""
    if store.is_sqlite:
        yield
        return
    with store.engine.connect() as connection:
        # Not from the pool: closing it must really end the session that holds the lock.
        connection.detach()
        query = f"SELECT pg_try_advisory_lock({_INSTANCE_LOCK})"
        if not connection.exec_driver_sql(query).scalar():
            raise InstanceRunning(store.place)
        connection.commit()
        yield
