"""Who works when: the managers over the simulated period."""

import random

from sandbox.amocrm.user import ADMIN_ID, FIRST_MANAGER_ID, GHOST_ID, GROUPS, User
from sandbox.hours import DAY_S, Hours
from sandbox.person import email, people

_GHOST = 0.004


class Staff:
    """Managers by the time they were employed."""

    def __init__(self, people: list[User]) -> None:
        self._people = people
        self._left = {user.id: user.dismissed_at for user in people}

    def pick(self, rng: random.Random, at: float) -> int:
        """Somebody employed at a moment; once in a while somebody removed from the account."""
        if rng.random() < _GHOST:
            return GHOST_ID
        return self.known(rng, at)

    def known(self, rng: random.Random, at: float) -> int:
        """Somebody employed at a moment."""
        for _ in range(50):
            user = self._people[int(rng.random() * len(self._people))]
            if user.hired_at <= at < user.dismissed_at:
                return user.id
        return self._people[0].id

    def name(self, user_id: int) -> str:
        """A manager's name."""
        return next((one.name for one in self._people if one.id == user_id), "Сотрудник")

    def address(self, user_id: int) -> tuple[str, str]:
        """A manager's name and mailbox."""
        found = next((one for one in self._people if one.id == user_id), None)
        return (found.name, found.email) if found else ("Сотрудник", "old@severny-veter.example")

    def left_at(self, user_id: int) -> float:
        """When somebody was dismissed; infinity while they work."""
        return self._left.get(user_id, float("inf"))


def hire(
    users: dict[int, User], rng: random.Random, managers: int, dismissed: int, hours: Hours
) -> Staff:
    """The administrator, who sells nothing, and the managers; some came late, some left."""
    taken: set[str] = set()
    before = int(hours.start - 200 * DAY_S)
    admin = User(ADMIN_ID, "Марина Орлова", email("Марина", "Орлова", taken), 0, before, admin=True)
    users[ADMIN_ID] = admin
    hired: list[User] = []
    user_id = FIRST_MANAGER_ID
    groups = list(GROUPS)
    for name, last_name, _ in people(rng, managers):
        address = email(name, last_name, taken)
        group = groups[len(hired) % len(groups)]
        hired.append(User(user_id, f"{name} {last_name}", address, group, before))
        user_id += rng.randrange(3, 40)
    span = hours.now - hours.start
    for user in hired[2 : 2 + max(0, (managers - dismissed) // 4)]:
        user.hired_at = int(hours.start + span * rng.uniform(0.2, 0.5))
    for user in hired[len(hired) - dismissed :]:
        user.dismissed_at = int(hours.start + span * rng.uniform(0.55, 0.8))
        user.active = False
    users.update({user.id: user for user in hired})
    return Staff(hired)
