"""The account is locked for a while after a wrong request: every process leaves it alone then."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from connectors.error import RetryableError
from connectors.limit_state import FileCell, MemoryCell
from connectors.limiter import Limiter

LOCKED_S = 120.0
"""One wrong request is allowed in two minutes; until then everything is answered 401."""

_MARGIN_S = 2.0


class Lock:
    """Remembers until when nothing may be sent; with `file` for all processes of the machine."""

    def __init__(self, clock: Callable[[], datetime], file: Path | None) -> None:
        self._clock = clock
        self._cell = FileCell(file) if file else MemoryCell()

    def close(self) -> None:
        """A request was refused as wrong: from now on the account is left alone."""
        until = self._clock().timestamp() + LOCKED_S + _MARGIN_S
        with self._cell.changing() as state:
            state.paused_until = max(state.paused_until, until)

    def left_s(self) -> float:
        """Seconds until something may be sent, 0 for now."""
        now = self._clock().timestamp()
        with self._cell.changing() as state:
            left_s = state.paused_until - now
        # A clock that was set back must not lock us out for long.
        return min(max(left_s, 0.0), LOCKED_S + _MARGIN_S)


class Gate(Limiter):
    """The pace of requests, none of which passes while the account is locked."""

    def __init__(
        self,
        lock: Lock,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        rate: float,
        file: Path | None,
    ) -> None:
        super().__init__(clock=clock, sleep=sleep, file=file, capacity=1.0, rate=rate)
        self._lock = lock

    def take(self, methods: object = (), *, write: bool = False) -> None:
        """Waits for its turn; RetryableError while the account is locked."""
        left_s = self._lock.left_s()
        if left_s > 0:
            raise RetryableError(
                "Mango Office locks an account for two minutes after a wrong request.",
                did=f"Nothing is sent for {round(left_s)} s more, so that the lock ends.",
                retry_after=left_s,
            )
        super().take(write=write)
