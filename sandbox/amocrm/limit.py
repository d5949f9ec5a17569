"""Seven requests a second, the penalty for more, and the ban for not listening."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.amocrm.problem import banned, problem


@dataclass(slots=True)
class Limits:
    """`rate` requests within any second; one more is refused for `retry_after_s` seconds.

    Who asks more than `patience` times while refused is banned until `unban`. Sources:
    the vendor's page of HTTP codes (429 with retry_after in its body, then 403 for everything).
    `latency_s` are seconds that every request really takes, whether there are limits or not.
    """

    now: Callable[[], float]
    enabled: bool = True
    rate: int = 7
    retry_after_s: int = 300
    patience: int = 20
    latency_s: float = 0.0
    banned: bool = False
    rejected: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _until: float = 0.0
    _ignored: int = 0

    def hit(self) -> None:
        """Count a request, or refuse it."""
        if self.banned:
            raise banned()
        if not self.enabled:
            return
        now = self.now()
        if now < self._until:
            self._ignored += 1
            self.banned = self._ignored > self.patience
            raise self._refusal(self._until - now)
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        if len(self._recent) >= self.rate:
            self._until, self._ignored = now + self.retry_after_s, 0
            raise self._refusal(float(self.retry_after_s))
        self._recent.append(now)

    def unban(self) -> None:
        """What support does on request."""
        self.banned = False
        self._until = 0.0
        self._recent.clear()

    def _refusal(self, seconds: float) -> Exception:
        self.rejected += 1
        text = "You have sent too many requests in a given amount of time. Please try again later."
        return problem(429, text, retry_after=max(1, int(seconds)))
