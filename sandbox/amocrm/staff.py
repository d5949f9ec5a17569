"""The managers of the simulated company: who they are, and who works when."""

import random

from sandbox.amocrm.user import ADMIN_ID, FIRST_MANAGER_ID, GHOST_ID, GROUPS, User
from sandbox.hours import DAY_S, Hours
from sandbox.person import email, people
from sandbox.staff import Staff, employ

Managers = Staff[User]


def hire(
    users: dict[int, User], rng: random.Random, managers: int, dismissed: int, hours: Hours
) -> Managers:
    """The administrator, who sells nothing, and the managers; some came late, some left.

    Once in a while the staff's pick is somebody removed from the account.
    """
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
    employ(hired, rng, dismissed, hours)
    users.update({user.id: user for user in hired})
    return Staff(hired, GHOST_ID)
