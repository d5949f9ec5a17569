"""One account: its records, and every way to change them, by people, robots or a test."""

import random
from datetime import datetime
from typing import Any

from sandbox.amocrm.deed import Deeds
from sandbox.amocrm.live import live_step
from sandbox.amocrm.user import FIRST_MANAGER_ID, User


class Account(Deeds):
    """Every method is thread-safe; moments are aware, `at` defaults to now."""

    def add_user(
        self, name: str, *, email: str = "", group: int = 0, user_id: int | None = None,
        at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Let somebody in; returns the user id."""
        with self.lock:
            user_id = user_id or max(FIRST_MANAGER_ID, *self.users) + 3
            address = email or f"user{user_id}@severny-veter.example"
            self.users[user_id] = User(user_id, name, address, group, self.moment(at))
            return user_id

    def dismiss_user(self, user_id: int, *, at: datetime | None = None) -> int:
        """Take somebody's seat away; their records stay theirs."""
        with self.lock:
            user = self.users[user_id]
            user.active = False
            user.dismissed_at = self.moment(at)
            return user_id

    def rename_user(self, user_id: int, name: str) -> int:
        """Give somebody another name."""
        with self.lock:
            self.users[user_id].name = name
            return user_id

    def live_step(self, rng: random.Random) -> dict[str, Any]:
        """Let one plausible thing happen now; tells what."""
        return live_step(self, rng)
