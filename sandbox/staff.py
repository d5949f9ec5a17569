"""Who works when: the sales people over the simulated period."""

import random
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from sandbox.hours import Hours

_RARELY = 0.004


class Employee(Protocol):
    """Somebody with an account; `hired_at` and `dismissed_at` in seconds."""

    id: int
    active: bool
    hired_at: float
    dismissed_at: float


E = TypeVar("E", bound=Employee)


class Staff(Generic[E]):
    """Sales people by the time they were employed; `stranger` is who is none of them."""

    def __init__(self, people: Sequence[E], stranger: int) -> None:
        self._people = people
        self._by_id = {one.id: one for one in people}
        self._stranger = stranger

    def pick(self, rng: random.Random, at: float) -> int:
        """Somebody employed at a moment; once in a while the stranger."""
        return self._stranger if rng.random() < _RARELY else self.known(rng, at)

    def known(self, rng: random.Random, at: float) -> int:
        """Somebody employed at a moment."""
        for _ in range(50):
            user = self._people[int(rng.random() * len(self._people))]
            if user.hired_at <= at < user.dismissed_at:
                return user.id
        return self._people[0].id

    def find(self, user_id: int) -> E | None:
        """The person behind an id; None for who is no sales person."""
        return self._by_id.get(user_id)

    def left_at(self, user_id: int) -> float:
        """When somebody was dismissed; infinity while they work."""
        found = self.find(user_id)
        return found.dismissed_at if found else float("inf")


def employ(hired: Sequence[Employee], rng: random.Random, dismissed: int, hours: Hours) -> None:
    """Some came during the period, some left, the last `dismissed`; nobody of the first two."""
    span = hours.now - hours.start
    staying = len(hired) - dismissed
    for user in hired[2 : 2 + max(0, staying // 4)]:
        user.hired_at = int(hours.start + span * rng.uniform(0.2, 0.5))
    for user in hired[staying:]:
        user.dismissed_at = int(hours.start + span * rng.uniform(0.55, 0.8))
        user.active = False
