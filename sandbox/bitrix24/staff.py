"""Who works when: the sales people over the simulated period."""

import random
from dataclasses import dataclass

from sandbox.bitrix24.user import ROBOT_ID, User


@dataclass(slots=True)
class Staff:
    """Sales people by the time they were employed."""

    people: list[User]

    def pick(self, rng: random.Random, at: float) -> int:
        """Somebody employed at a moment; once in a while a robot."""
        if rng.random() < 0.004:
            return ROBOT_ID
        for _ in range(50):
            user = self.people[int(rng.random() * len(self.people))]
            if user.hired_at <= at < user.dismissed_at:
                return user.id
        return self.people[0].id

    def left_at(self, user_id: int) -> float:
        """When somebody was dismissed; infinity while they work."""
        found = next((user for user in self.people if user.id == user_id), None)
        return found.dismissed_at if found else float("inf")
