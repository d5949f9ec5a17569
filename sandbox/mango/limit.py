"""How fast one may ask: ten requests a second, one order of a report in two seconds."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

RATE = 10
ORDER_S = 2.0


class TooFastError(Exception):
    """One request too many: HTTP 429."""


@dataclass(slots=True)
class Limits:
    """`latency_s` are seconds that every request really takes, whether there are limits or not."""

    now: Callable[[], float]
    enabled: bool = True
    latency_s: float = 0.0
    rejected: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _ordered: float = float("-inf")

    def hit(self, *, order: bool) -> None:
        """Count a request, or refuse it."""
        if not self.enabled:
            return
        now = self.now()
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= RATE or (order and now - self._ordered < ORDER_S):
            self.rejected += 1
            raise TooFastError
        self._recent.append(now)
        if order:
            self._ordered = now
