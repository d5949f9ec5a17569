"""The sales people of the simulated company: who they are, and who works when."""

import random

from sandbox.bitrix24.user import ADMIN_ID, ROBOT_ID, User
from sandbox.hours import DAY_S, Hours
from sandbox.person import email, people
from sandbox.staff import Staff, employ

_FIRST_MANAGER_ID = 7

SalesPeople = Staff[User]


def hire(
    users: dict[int, User], rng: random.Random, managers: int, dismissed: int, hours: Hours
) -> SalesPeople:
    """The owner of the webhook, who sells nothing, and the sales people.

    Once in a while the staff's pick is a robot.
    """
    taken: set[str] = set()
    before = hours.start - 200 * DAY_S
    users[ADMIN_ID] = User(
        ADMIN_ID, "Марина", "Орлова", email("Марина", "Орлова", taken), "F",
        "Системный администратор", 1, "100", before, before,
    )  # fmt: skip
    hired: list[User] = []
    user_id = _FIRST_MANAGER_ID
    for name, last_name, gender in people(rng, managers):
        address = email(name, last_name, taken)
        user = User(
            user_id, name, last_name, address, gender, "Менеджер по продажам",
            2 + len(hired) % 2, str(100 + user_id), before, before,
        )  # fmt: skip
        hired.append(user)
        user_id += rng.randrange(1, 4)
    employ(hired, rng, dismissed, hours)
    for user in hired:
        user.updated_at = user.hired_at if user.active else user.dismissed_at
    users |= {user.id: user for user in hired}
    return Staff(hired, ROBOT_ID)
