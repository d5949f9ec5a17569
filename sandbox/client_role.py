"""Which part the people of a client play, as somebody noted it in the field «Роль» of a contact."""

import random

FIELD = "Роль"
ROLES = ("Директор", "ЛПР", "Технический специалист", "Финансист", "Закупки", "Пользователь")


def choose_role(chance: random.Random) -> int | None:
    """The place of a role among `ROLES`; None of a person of whom nobody noted it."""
    return chance.randrange(len(ROLES)) if chance.random() < 0.7 else None
