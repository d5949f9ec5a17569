"""What an account holds, and the noting of whatever changes it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import RLock
from typing import Any

from sandbox.amocrm.access import Access
from sandbox.amocrm.catalog import Catalog, Elements
from sandbox.amocrm.contact import Clients
from sandbox.amocrm.customer import Customers, Transactions
from sandbox.amocrm.event import Event, Events
from sandbox.amocrm.field import Fields
from sandbox.amocrm.hook import Hooks
from sandbox.amocrm.lead import Leads
from sandbox.amocrm.note import ENTITIES, Notes
from sandbox.amocrm.pipeline import LossReason, Pipeline, first_pipelines, first_reasons
from sandbox.amocrm.task import Tasks
from sandbox.amocrm.unsorted import Incoming
from sandbox.amocrm.user import ADMIN_ID, User
from sandbox.moment import seconds

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Write:
    """What a request really created, changed or deleted."""

    request: str
    entity: str
    id: int
    changed: dict[str, Any] = field(default_factory=dict)


class Book:
    """The records of one account. `clock` gives aware moments; `lock` guards everything."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock = clock
        self.lock = RLock()
        self.id = 28805383
        self.subdomain = "severnyveter"
        self.name = "ООО «Северный ветер»"
        self.filter_paid = True
        self.customers_mode = "segments"
        self.timezone = "Europe/Moscow"
        self.access = Access(ADMIN_ID, self.id, rng)
        self.users: dict[int, User] = {}
        self.pipelines: dict[int, Pipeline] = first_pipelines()
        self.reasons: dict[int, LossReason] = first_reasons(0)
        self.leads = Leads()
        self.contacts = Clients()
        self.companies = Clients()
        self.customers = Customers()
        self.transactions = Transactions()
        self.tasks = Tasks()
        self.notes: dict[str, Notes] = {entity: Notes() for entity in ENTITIES}
        self.events = Events()
        self.incoming: dict[str, Incoming] = {}
        self.fields = Fields()
        self.catalogs: dict[int, Catalog] = {}
        self.elements: dict[int, Elements] = {}
        self.hooks = Hooks(self.now)
        self.writes: list[Write] = []
        self._ids = count(40_000_001, 2)
        self._note_ids = count(76_000_001, 2)

    def now(self) -> int:
        """The account's clock in whole seconds."""
        return int(self.clock().timestamp())

    def moment(self, at: datetime | None) -> int:
        """Seconds of an aware moment; the present by default."""
        return self.now() if at is None else int(seconds(at))

    def fresh_id(self) -> int:
        """An id greater than every one before."""
        return next(self._ids)

    def fresh_note_id(self) -> int:
        """The id of the next note."""
        return next(self._note_ids)

    def note_event(self, *events: Event) -> None:
        """Put events into the ledger."""
        self.events.note(*events)

    def tell(self, setting: str, tree: Callable[[], dict[str, Any]]) -> None:
        """Tell those who subscribed to a setting."""
        if self.hooks.every:
            self.hooks.fire(setting, lambda: tree() | {"account": self._sender()})

    def settle(self) -> None:
        """Do what is due by now."""
        self.hooks.settle()

    def _sender(self) -> dict[str, Any]:
        return {"subdomain": self.subdomain, "id": self.id}
