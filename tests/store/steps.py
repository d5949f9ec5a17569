"""What work costs in SQLite, told without a clock."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from store.store import Store


def steps_of(store: Store, work: Callable[[Connection], object]) -> int:
    """How many steps of its virtual machine SQLite takes for work in one transaction."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store.write() as tx:
        raw: Any = tx.connection.driver_connection
        raw.set_progress_handler(count, 1)
        work(tx)
        raw.set_progress_handler(None, 0)
    return steps
