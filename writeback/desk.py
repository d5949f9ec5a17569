"""What every act of writing back works with, and the pause that keeps it from writing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from config.settings import DestinationSettings
from connectors.destination import Target
from store import ledger
from store.ledger import Place
from store.store import Store

_log = structlog.get_logger("writeback")


class Pause(StrEnum):
    """Why writing waits. STRUCTURE and GUARD end when their cause does, the others by `apply`."""

    STRUCTURE = "structure"
    GUARD = "guard"
    ACCESS = "access"
    REFUSED = "refused"
    UNDONE = "undone"

    @property
    def stands(self) -> bool:
        """Whether only `apply` ends it."""
        return self not in (Pause.STRUCTURE, Pause.GUARD)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One destination, the remote system it is in, our store, and the clock (aware UTC)."""

    store: Store
    settings: DestinationSettings
    target: Target
    clock: Callable[[], datetime]

    @property
    def name(self) -> str:
        """`source/kind`, as plans and events call it."""
        return self.settings.name

    def place(self) -> Place:
        """What the store knows of the destination."""
        with self.store.read() as tx:
            return ledger.load_place(tx, self.name)

    def pause(self, code: Pause, why: str) -> str:
        """Stops writing; tells it once. Returns the reason."""
        if (self.place().pause_code, self.place().pause) != (code, why):
            with self.store.write() as tx:
                ledger.save_place(tx, self.name, pause_code=code.value, pause=why)
            _log.warning("writeback.paused", destination=self.name, cause=code.value, reason=why)
        return why

    def resume(self) -> None:
        """Lets writing go on, if it was paused."""
        if self.place().pause_code is not None:
            with self.store.write() as tx:
                ledger.save_place(tx, self.name, pause_code=None, pause=None)
            _log.info("writeback.resumed", destination=self.name)
