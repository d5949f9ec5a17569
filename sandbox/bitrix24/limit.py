"""The portal's limits: requests a second by address, and seconds of work by method."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.bitrix24.envelope import ApiError

_BUCKET_S = 60
_BUCKETS = 10


@dataclass(slots=True)
class Limits:
    """`rate` a second drains a counter that blocks above `capacity`; `budget_s` in 10 minutes.

    `costs` are simulated seconds of work by method (`*` = any other). Source: limits.md.
    `latency_s` are seconds that every command really takes, whether there are limits or not.
    """

    now: Callable[[], float]
    enabled: bool = True
    rate: float = 2.0
    capacity: int = 50
    budget_s: float = 480.0
    costs: dict[str, float] = field(default_factory=dict)
    latency_s: float = 0.0
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)
    _work: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)

    def enterprise(self) -> None:
        """Take the limits of the largest plan."""
        self.rate, self.capacity = 5.0, 250

    def hit(self, address: str) -> None:
        """Count one request of an address; a blocked one is not counted."""
        if not self.enabled:
            return
        now = self.now()
        level, then = self._levels.get(address, (0.0, now))
        level = max(0.0, level - (now - then) * self.rate)
        blocked = level + 1 > self.capacity
        self._levels[address] = (level if blocked else level + 1, now)
        if blocked:
            raise ApiError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")

    def begin(self, method: str) -> None:
        """Refuse a method whose budget is used up; looked at before the work, not after."""
        if self.enabled and self.operating(method) > self.budget_s:
            text = "Method is blocked due to operation time limit"
            raise ApiError(429, "OPERATION_TIME_LIMIT", text)

    def spend(self, method: str) -> None:
        """Charge a method that has run."""
        if not self.enabled:
            return
        cost = self.costs.get(method, self.costs.get("*", self.latency_s))
        buckets = self._work.setdefault(method, deque())
        minute = self._minute()
        if buckets and buckets[-1][0] == minute:
            cost += buckets.pop()[1]
        buckets.append((minute, cost))

    def operating(self, method: str) -> float:
        """Seconds charged to a method in the last ten buckets."""
        buckets = self._work.get(method)
        if not buckets:
            return 0.0
        while buckets and buckets[0][0] <= self._minute() - _BUCKETS:
            buckets.popleft()
        return sum(cost for _, cost in buckets)

    def reset_at(self, method: str) -> int:
        """When the oldest bucket of a method falls out, in seconds since 1970."""
        buckets = self._work.get(method)
        oldest = buckets[0][0] if buckets else self._minute()
        return (oldest + _BUCKETS) * _BUCKET_S

    def _minute(self) -> int:
        return int(self.now() // _BUCKET_S)
