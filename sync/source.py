"""One configured source, ready to be read: its connector, its client, its settings, its lock."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from config.settings import Settings
from connectors.base import Connector, Context
from store.store import Store

_DEFAULT_REACH = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a pass needs. `clock` gives aware UTC moments; `client` is connected lazily."""

    name: str
    settings: Settings
    connector: Connector
    client: Any
    context: Context
    store: Store
    clock: Callable[[], datetime]

    @property
    def since(self) -> datetime:
        """How far back the first read reaches: the settings' day, else 400 days, at midnight."""
        zone = self.settings.merilo.zone
        today = self.clock().astimezone(zone).date()
        day = self.settings.sources[self.name].since or today - _DEFAULT_REACH
        return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


@contextmanager
def turn(data_dir: Path, source: str) -> Iterator[None]:
    """Commands and the service take turns on a source: waits until nobody else reads it."""
    folder = data_dir / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / f"source-{source}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
