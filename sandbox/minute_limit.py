"""So many requests a minute: the limit of telephone vendors that tell it in headers, or not."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MINUTE_S = 60.0


class Count(NamedTuple):
    """How a limit stands after a request; `reset_at` is when its oldest request is forgotten."""

    limit: int
    remaining: int
    reset_at: float
    refused: bool = False


@dataclass(slots=True)
class MinuteLimits:
    """`rates` are requests within any minute, by kind. Those refused are not counted against it.

    `latency_s` are seconds that every request really takes, whether there are limits or not.
    """

    now: Callable[[], float]
    rates: Mapping[str, int]
    enabled: bool = True
    latency_s: float = 0.0
    rejected: int = 0
    _recent: dict[str, deque[float]] = field(default_factory=dict)

    def hit(self, kind: str) -> Count:
        """Count a request of a kind, or refuse it."""
        rate, now = self.rates[kind], self.now()
        if not self.enabled:
            return Count(rate, rate, now)
        recent = self._recent.setdefault(kind, deque())
        while recent and recent[0] <= now - MINUTE_S:
            recent.popleft()
        if len(recent) >= rate:
            self.rejected += 1
            return Count(rate, 0, recent[0] + MINUTE_S, refused=True)
        recent.append(now)
        return Count(rate, rate - len(recent), recent[0] + MINUTE_S)
