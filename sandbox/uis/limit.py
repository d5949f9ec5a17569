"""Points: every request that succeeds costs one of the minute and one of the day."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.uis.problem import Problem

_SPANS = {"minute": 60, "day": 86_400}


@dataclass(slots=True)
class Limits:
    """`now` tells seconds since 1970. `latency_s` are seconds that every request really takes."""

    now: Callable[[], float]
    enabled: bool = True
    minute_limit: int = 100
    day_limit: int = 5_000
    latency_s: float = 0.0
    rejected: int = 0
    _counted: dict[str, tuple[int, int]] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse when the points of the minute or of the day are used up."""
        for kind in _SPANS if self.enabled else ():
            spent, most = self._spent(kind), self._most(kind)
            if spent >= most:
                self.rejected += 1
                params = {"limit_type": kind, "limit_max_value": str(most)}
                raise Problem("limit_exceeded", params=params)

    def spend(self) -> None:
        """Count a request that succeeded."""
        for kind in _SPANS:
            self._counted[kind] = (self._number(kind), self._spent(kind) + 1)

    def told(self) -> dict[str, int]:
        """What every answer tells; nothing where points are not counted."""
        shown: dict[str, int] = {}
        for kind, span in _SPANS.items() if self.enabled else ():
            most = self._most(kind)
            shown[f"{kind}_limit"] = most
            shown[f"{kind}_remaining"] = max(0, most - self._spent(kind))
            shown[f"{kind}_reset"] = span - int(self.now()) % span
        return shown

    def _number(self, kind: str) -> int:
        return int(self.now()) // _SPANS[kind]

    def _spent(self, kind: str) -> int:
        number, spent = self._counted.get(kind, (0, 0))
        return spent if number == self._number(kind) else 0

    def _most(self, kind: str) -> int:
        return self.minute_limit if kind == "minute" else self.day_limit
