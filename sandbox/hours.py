"""Working hours of a simulated period, in the simulated company's own time zone."""

import random

from sandbox.moment import midnight, weekday

DAY_S = 86400
_OPEN_S = 9 * 3600
_DAY_LENGTH_S = int(9.2 * 3600)


class Hours:
    """Working moments of a period that ends at `now`, in the server's time zone."""

    def __init__(self, now: float, days: int) -> None:
        self.now = int(now)
        self.start = midnight(now - days * DAY_S)
        self._days: list[int] = []
        for index in range(days + 1):
            day = self.start + index * DAY_S
            self._days += [day] * (1 if _weekend(day) else 25)

    def moment(self, rng: random.Random) -> int:
        """A moment of work, mostly within office hours, not after now."""
        while True:
            day = self._days[int(rng.random() * len(self._days))]
            at = day + self._second(rng)
            if at <= self.now:
                return at

    def later(self, rng: random.Random, at: float, mean_days: float) -> int:
        """The next working moment some days on; may lie after now."""
        reached = at + rng.expovariate(1 / (mean_days * DAY_S))
        day = midnight(reached)
        while _weekend(day) and rng.random() < 0.95:
            day += DAY_S
        moment = day + self._second(rng)
        return moment if moment > at + 60 else int(at) + rng.randrange(90, 5400)

    def _second(self, rng: random.Random) -> int:
        if rng.random() < 0.03:
            return 18 * 3600 + int(rng.random() * 5.9 * 3600)
        return _OPEN_S + int(rng.random() * _DAY_LENGTH_S)


def _weekend(day: float) -> bool:
    return weekday(day) >= 5
