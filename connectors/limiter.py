"""Keeps the requests of all threads and processes of a machine within one portal's limits."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path

from connectors.error import RetryableError
from connectors.limit_state import FileCell, LimitState, MemoryCell, MethodBudget

LONGEST_PAUSE_S = 900.0
"""No pause lasts longer; the vendor's own window is ten minutes."""

CLOCK_STEP_S = 5.0


class Limiter:
    """A leaky bucket of `capacity` requests that loses `rate` a second, plus the server's pauses.

    A request is let through when the bucket has room for it, so no window of t seconds ever sees
    more than `capacity + rate * t` requests. `budget_s` is the run time one method may use in the
    vendor's window; at `share` of it the method waits for the vendor's reset. Writes have
    `write_share` of both: the rest is left to reading. A write fills the bucket like `write_cost`
    requests, which does the same for one too small to be shared. With `file` the state is shared
    by every process that names the same file.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        file: Path | None = None,
        capacity: float = 48,
        rate: float = 2.0,
        budget_s: float = 480.0,
        share: float = 0.8,
        write_share: float = 0.5,
        write_cost: float = 1.0,
        patience_s: float = 90.0,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._cell = FileCell(file) if file else MemoryCell()
        self._capacity = capacity
        self._rate = rate
        self._allowed_s = budget_s * share
        self._write_share = write_share
        self._write_cost = write_cost
        self._written_s = budget_s * write_share
        self._patience_s = patience_s

    def take(self, methods: Collection[str] = (), *, write: bool = False) -> None:
        """Waits until one request using these methods may be sent.

        Raises RetryableError when that is longer than the patience: other work can go first.
        """
        while (wait_s := self._try_take(methods, write)) > 0:
            if wait_s > self._patience_s:
                raise RetryableError(
                    f"The portal's time budget is used up for {round(wait_s)} s.",
                    did="The request waits its turn; other streams go on.",
                    retry_after=wait_s,
                )
            self._sleep(wait_s)

    def pause(self, seconds: float) -> None:
        """The server refused for too many requests: our bucket is full, whatever we counted."""
        with self._cell.changing() as state:
            now = self._drained(state)
            state.level = self._capacity
            state.paused_until = max(state.paused_until, now + min(seconds, LONGEST_PAUSE_S))

    def pause_method(self, method: str) -> float:
        """The server refused this method for its run time; returns the seconds it must rest.

        Until the last known `operating_reset_at`, else for a minute, the size of a vendor's bucket.
        """
        with self._cell.changing() as state:
            now = self._drained(state)
            budget = state.methods.setdefault(method, MethodBudget())
            known = now < budget.reset_at <= now + LONGEST_PAUSE_S
            budget.paused_until = budget.reset_at if known else now + 60.0
            return budget.paused_until - now

    def note_operating(self, spent: Mapping[str, tuple[float, float]]) -> None:
        """Keeps the vendor's last word on the run time of methods: (sum so far, seconds to reset).

        It is a sum already and is never added to. Seconds, since the vendor's clock is not ours.
        """
        if spent:
            with self._cell.changing() as state:
                now = self._drained(state)
                for method, (operating_s, resets_in_s) in spent.items():
                    self._note(state, method, operating_s, now + resets_in_s)

    def paused_s(self, method: str) -> float:
        """Seconds until the method may be used again, 0 when it may now."""
        with self._cell.changing() as state:
            now = self._drained(state)
            return max(0.0, _pause_end(state, method, now) - now)

    def _note(self, state: LimitState, method: str, operating_s: float, reset_at: float) -> None:
        budget = state.methods.setdefault(method, MethodBudget())
        budget.operating_s, budget.reset_at = operating_s, reset_at
        if operating_s >= self._allowed_s:
            budget.paused_until = reset_at

    def _try_take(self, methods: Collection[str], write: bool) -> float:
        with self._cell.changing() as state:
            now = self._drained(state)
            ends = [min(state.paused_until, now + LONGEST_PAUSE_S)]
            ends += [_pause_end(state, method, now) for method in methods]
            capacity = self._capacity
            if write:
                capacity = max(1.0, capacity * self._write_share)
                ends += [self._write_end(state, method, now) for method in methods]
            excess_s = (state.level + 1 - capacity) / self._rate
            wait_s = max(excess_s, max(ends) - now)
            if wait_s > 0:
                return wait_s + 0.001
            state.level += self._write_cost if write else 1
            return 0.0

    def _write_end(self, state: LimitState, method: str, now: float) -> float:
        """Until when a method rests that has used up what writing may use of its run time."""
        budget = state.methods.get(method)
        if budget is None or budget.operating_s < self._written_s:
            return 0.0
        return min(budget.reset_at, now + LONGEST_PAUSE_S)

    def _drained(self, state: LimitState) -> float:
        now = self._clock().timestamp()
        if now < state.at - CLOCK_STEP_S:
            state.forget_pauses()  # the clock was set back: they would last too long
        state.level = max(0.0, state.level - max(0.0, now - state.at) * self._rate)
        state.at = now
        return now


def _pause_end(state: LimitState, method: str, now: float) -> float:
    budget = state.methods.get(method)
    return min(budget.paused_until, now + LONGEST_PAUSE_S) if budget else 0.0
