"""A CRM that shows the calls of a telephone exchange: as rows of Bitrix24, as notes of amoCRM."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from sandbox.amocrm.user import ADMIN_ID
from sandbox.bitrix24.call import Leg as Row
from sandbox.conversation import IN
from tests.canary import canary
from tests.flow.agent import keep_secret


class Told(NamedTuple):
    """What the exchange told a CRM of a call, or of a stretch of it; `user` is the CRM's own.

    `name` is the exchange's id of it, "" where it told none; `client` are digits, "" hidden.
    """

    user: int
    direction: str
    at: datetime
    talk_s: int
    client: str
    name: str = ""


@dataclass
class Bitrix24:
    """A portal: a row of the call statistics for whatever it is told of."""

    box: Any
    connector: ClassVar[str] = "bitrix24"
    shows_hidden: ClassVar[bool] = True
    """Whether it takes a call of a number that nobody knows."""

    def users(self) -> dict[str, int]:
        """Its users by e-mail."""
        return {each.email: each.id for each in self.box.portal.users.values()}

    def keys(self, folder: Path) -> str:
        """How the agent enters it."""
        self.box.portal.access.code = canary("webhook")
        return f'webhook = "file:{keep_secret(folder, "webhook", self.box.webhook)}"'

    def people(self, extensions: dict[str, int]) -> str:
        """Who is who in the settings: nobody, for its users have extensions."""
        return ""

    def show(self, told: Told) -> None:
        """A row of its own, as one that a telephone module registered."""
        row = Row(
            told.user,
            type=2 if told.direction == IN else 1,
            duration=told.talk_s,
            code="200" if told.talk_s else "304",
            start=told.at,
            phone=f"+{told.client}",
            session=None,
            external=told.name or None,
        )
        self.box.portal.add_call(row)


@dataclass
class Amocrm:
    """An account: a note beside the client, now and then beside a deal of theirs as well."""

    box: Any
    connector: ClassVar[str] = "amocrm"
    shows_hidden: ClassVar[bool] = False
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _contacts: dict[str, int] = field(default_factory=dict)

    def users(self) -> dict[str, int]:
        """Its users by e-mail."""
        return {each.email: each.id for each in self.box.account.users.values()}

    def keys(self, folder: Path) -> str:
        """How the agent enters it."""
        return f'token = "file:{keep_secret(folder, "crm-token", self.box.token)}"'

    def people(self, extensions: dict[str, int]) -> str:
        """Who is who in the settings, for exchanges that know extensions only."""
        return "\n".join(
            f'[[managers]]\nname = "{own}"\naliases = {{ pbx = "{own}", main = "{user}" }}'
            for own, user in extensions.items()
        )

    def show(self, told: Told) -> None:
        """Its notes, as loosely typed as switchboards write them."""
        account, chance = self.box.account, self._chance
        if told.client not in self._contacts:
            contact = account.add_contact(told.user, "Клиент", phone=f"+{told.client}")
            self._contacts[told.client] = contact
        contact = self._contacts[told.client]
        places = [("contacts", contact)]
        if chance.random() < 0.3:
            places.append(("leads", account.create_lead(told.user, contact=contact)))
        account.add_call(
            told.user,
            *places,
            incoming=told.direction == IN,
            duration=chance.choice((told.talk_s, str(told.talk_s))),
            status=chance.choice((4, "4", None)) if told.talk_s else chance.choice((6, "6", 7)),
            phone=f"+{told.client}",
            uniq=told.name,
            source="АТС",
            responsible=chance.choice((-1, str(told.user), None, "Сотрудник")),
            by=chance.choice((None, ADMIN_ID)),
            at=told.at,
        )
