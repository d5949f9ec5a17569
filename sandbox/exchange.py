"""The simulated telephone exchange behind every telephone vendor: its people and its calls."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.conversation import Conversation, Employee
from sandbox.exchange_story import ConversationWriter
from sandbox.hours import DAY_S, Hours
from sandbox.moment import seconds
from sandbox.person import email, people, phones
from sandbox.scale import Scale, find_scale, uncollected
from sandbox.staff import employ

SCALES = {
    "empty": Scale(3, 0, 0, 0, 60),
    "tiny": Scale(3, 1, 0, 60, 60),
    "small": Scale(6, 1, 0, 1_000, 183),
    "medium": Scale(50, 4, 0, 20_000, 365),
    "large": Scale(300, 25, 0, 100_000, 730),
}
_FIRST_EXTENSION = 107
_FIRST_ID = 403_100
_QUEUES = ("Отдел продаж", "Отдел проектов")


class Exchange:
    """Thread-safe. `conversations` in the order of their ids; moments are seconds since 1970.

    `employees` by extension; `queues` are the extensions that ring together, by name.
    """

    def __init__(self, clock: Callable[[], datetime], employees: dict[str, Employee]) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.employees = employees
        self.conversations: list[Conversation] = []
        self.queues: dict[str, tuple[str, ...]] = {}
        self._published: dict[int, float] = {}
        self._clients: list[str] = []

    def now(self) -> float:
        """The present moment."""
        return seconds(self.clock())

    def known_at(self, conversation: Conversation) -> float:
        """From when on the exchange tells of a call: its end, or later."""
        return self._published.get(conversation.id, conversation.ended_at)

    def ended(self, begin: float, end: float) -> list[Conversation]:
        """The calls that began in [begin, end) and of which it tells by now, oldest first."""
        now = self.now()
        with self.lock:
            found = [
                each
                for each in self.conversations
                if begin <= each.started_at < end and self.known_at(each) <= now
            ]
        return sorted(found, key=lambda each: (each.started_at, each.id))

    def add(
        self, conversation: Conversation, *, published_at: float | None = None
    ) -> Conversation:  # fmt: skip
        """Keep a call under the next id; it is told of from `published_at` on, if that is later."""
        with self.lock:
            number = self.conversations[-1].id + 1 if self.conversations else 1
            kept = replace(conversation, id=number)
            self.conversations.append(kept)
            if published_at is not None:
                self._published[number] = max(published_at, kept.ended_at)
            return kept

    def add_employee(self, extension: str, name: str, address: str) -> Employee:
        """Give somebody new a telephone."""
        with self.lock:
            number = max((each.id for each in self.employees.values()), default=_FIRST_ID) + 1
            found = Employee(number, extension, name, address, self.now())
            self.employees[extension] = found
            return found

    def live_step(self, rng: random.Random) -> dict[str, Any]:
        """Let one call end now; tells which."""
        writer = ConversationWriter(rng, self.employees, self._clients, self.queues)
        with self.lock:
            now = int(self.now())
            call = writer.write(now)
            kept = self.add(_shifted(call, now - int(call.ended_at)))
        return {"did": "call", "id": kept.id, "direction": kept.direction, "talk_s": kept.talk_s}

    def bring(self, clients: list[str], conversations: list[Conversation]) -> None:
        """Take the history in; ids follow the start."""
        self._clients = clients
        for call in sorted(conversations, key=lambda each: each.started_at):
            self.add(call)


def build_exchange(scale: str, seed: int, clock: Callable[[], datetime]) -> Exchange:
    """A history that ends now; ValueError for an unknown scale.

    People, their e-mails, extensions and days of work are those of the CRMs of the same seed.
    """
    size = find_scale(SCALES, scale)
    with uncollected(size):
        rng = random.Random(seed)
        rng.getrandbits(64)  # from here on people are those of the CRM vendors' companies
        hours = Hours(seconds(clock()), size.days)
        exchange = Exchange(clock, _hire(rng, size, hours))
        extensions = list(exchange.employees)
        half = (len(extensions) + 1) // 2
        parts = (extensions[:half][:3], extensions[half:][:3])
        exchange.queues = {name: tuple(part) for name, part in zip(_QUEUES, parts, strict=True)}
        clients = [spelled[3] for spelled in phones(rng, max(20, size.calls // 12))]
        writer = ConversationWriter(rng, exchange.employees, clients, exchange.queues)
        exchange.bring(clients, _write(writer, rng, hours, size.calls))
        return exchange


def _write(
    writer: ConversationWriter, rng: random.Random, hours: Hours, number: int
) -> list[Conversation]:
    """At least so many calls, one of each kind first, and the calls back."""
    written: list[Conversation] = []
    while len(written) < number:
        at = hours.moment(rng)
        place = len(written)
        call = writer.kinds[place](at) if place < len(writer.kinds) else writer.write(at)
        if call.ended_at <= hours.now:
            written.append(call)
    returned = [back for call in written if (back := writer.call_back(call)) is not None]
    return written + [call for call in returned if call.ended_at <= hours.now]


def _hire(rng: random.Random, size: Scale, hours: Hours) -> dict[str, Employee]:
    # The administrator of the CRMs sells nothing and has no telephone, but has an address.
    taken: set[str] = set()
    email("Марина", "Орлова", taken)
    hired: list[Employee] = []
    extension = _FIRST_EXTENSION
    for name, last_name, _ in people(rng, size.managers):
        address = email(name, last_name, taken)
        number = _FIRST_ID + 13 * len(hired)
        before = hours.start - 200 * DAY_S
        hired.append(Employee(number, str(extension), f"{name} {last_name}", address, before))
        extension += rng.randrange(1, 4)
    employ(hired, rng, size.dismissed, hours)
    return {each.extension: each for each in hired}


def _shifted(call: Conversation, by: int) -> Conversation:
    legs = [
        replace(
            leg,
            rang_at=leg.rang_at + by,
            answered_at=None if leg.answered_at is None else leg.answered_at + by,
            ended_at=leg.ended_at + by,
        )
        for leg in call.legs
    ]
    started_at, ended_at = call.started_at + by, call.ended_at + by
    return replace(call, legs=tuple(legs), started_at=started_at, ended_at=ended_at)
