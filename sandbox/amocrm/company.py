"""The simulated company: one seed and one moment make one history that ends now."""

import random
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from sandbox.amocrm.account import Account
from sandbox.amocrm.contact import Client
from sandbox.amocrm.contact_story import clients_needed, write_clients
from sandbox.amocrm.customer import Customer, Transaction
from sandbox.amocrm.event import Event, lead_events, note_event, task_events
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.lead_story import LeadWriter
from sandbox.amocrm.note_story import NoteWriter, Placed
from sandbox.amocrm.product_story import write_products
from sandbox.amocrm.staff import Managers, hire
from sandbox.amocrm.task_story import write_task
from sandbox.amocrm.unsorted import Incoming
from sandbox.hours import Hours
from sandbox.person import titles
from sandbox.scale import Scale, find_scale, uncollected

_MOST_MORE = 50_000

SCALES = {
    "empty": Scale(3, 0, 0, 0, 60),
    "tiny": Scale(3, 1, 20, 60, 60),
    "small": Scale(6, 1, 300, 3_000, 183),
    "medium": Scale(50, 4, 20_000, 100_000, 365),
    "large": Scale(300, 25, 100_000, 400_000, 730),
}


def build_account(scale: str, seed: int, clock: Callable[[], datetime]) -> Account:
    """An account with its history; ValueError for an unknown scale."""
    size = find_scale(SCALES, scale)
    with uncollected(size):
        rng = random.Random(seed)
        rng.getrandbits(64)  # from here on people are those of the other vendors' companies
        account = Account(clock, random.Random(f"keys {seed}"))
        hours = Hours(account.now(), size.days)
        staff = hire(account.users, rng, size.managers, size.dismissed, hours)
        for reason in account.reasons.values():
            reason.at = int(hours.start)
        if size.deals:
            _Author(account, rng, staff, hours).write(size)
            write_products(account, random.Random(f"products {seed}"), int(hours.start))
        return account


class _Author:
    """Writes the whole history; the ledger is put in order at the end."""

    def __init__(self, account: Account, rng: random.Random, staff: Managers, hours: Hours) -> None:
        self._account = account
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._events: list[Event] = []

    def write(self, size: Scale) -> None:
        """Clients, leads, notes, tasks, customers, and the events they left."""
        account = self._account
        number = max(20, size.deals // 3)
        ids = sorted((account.fresh_id() for _ in range(clients_needed(number))), reverse=True)
        contacts, companies = write_clients(self._rng, self._staff, self._hours, number, ids)
        account.contacts.bring(contacts)
        account.companies.bring(companies)
        for kind, clients in (("contact", contacts), ("company", companies)):
            self._events += [self._added(kind, one) for one in clients]
        leads = self._leads(size.deals, contacts)
        # Their own chance: what else there is does not depend on them.
        chance = random.Random(self._rng.random())
        self._customers(min(size.deals // 10, 2_000), contacts)
        writer = NoteWriter(chance, self._staff, self._hours, contacts, leads)
        writer.know_customers(account.customers.rows.values())
        placed = writer.calls(size.calls) + writer.letters(min(size.calls // 6, _MOST_MORE))
        self._notes(placed)
        self._tasks(min(size.deals, _MOST_MORE), leads)
        self._events.sort(key=lambda event: event.at)
        account.events.note(*self._events)

    def _added(self, kind: str, one: Client | Lead | Customer, by: int = 0) -> Event:
        note = ("note", self._account.fresh_note_id())
        maker = getattr(one, "created_by", by)
        return Event(f"{kind}_added", kind, one.id, one.created_at, maker, (), (note,))

    def _leads(self, number: int, contacts: list[Client]) -> list[Lead]:
        account, rng = self._account, self._rng
        pipelines = list(account.pipelines.values())
        writer = LeadWriter(
            rng, self._staff, self._hours, pipelines, list(account.reasons), titles()
        )
        stories = sorted((writer.write() for _ in range(number)), key=lambda story: story[0].at)
        leads: list[Lead] = []
        for story in stories:
            client = contacts[int(rng.random() * len(contacts))]
            known = rng.random() < 0.95
            lead = Lead(
                account.fresh_id(), story[0], client.id if known else 0,
                client.company if known else 0,
            )  # fmt: skip
            lead.versions = story
            lead.touched = (story[-1].at, story[-1].by)
            self._fill(lead)
            leads.append(lead)
            self._events.append(self._added("lead", lead))
            for before, after in pairwise(story):
                self._events += lead_events(lead, before, after)
            self._came_in(lead)
        account.leads.bring(leads)
        for lead in leads:
            if lead.now.deleted:
                account.leads.hide(lead.id)
        return leads

    def _fill(self, lead: Lead) -> None:
        rng = self._rng
        if rng.random() < 0.5:
            lead.values[294471] = [{"value": str(int(lead.price * rng.uniform(0.1, 0.4)))}]
        if rng.random() < 0.3:
            lead.values[294475] = [{"value": "Сайт", "enum_id": 511, "enum_code": None}]
        if rng.random() < 0.2:
            lead.tags.append((100667, "опт"))

    def _came_in(self, lead: Lead) -> None:
        """Note what came in through Unsorted, and what became of it."""
        first = lead.versions[0]
        unsorted = self._account.pipelines[first.pipeline].unsorted
        if first.status != unsorted:
            return
        uid = f"{lead.id:040x}"
        category = "sip" if lead.id % 3 else "forms"
        one = Incoming(
            len(self._account.incoming) + 1, uid, category, "АТС" if lead.id % 3 else "Сайт",
            first.pipeline, lead.id, 0, first.at, f"7912{lead.id % 10**7:07d}",
        )  # fmt: skip
        if len(lead.versions) > 1:
            after = lead.versions[1]
            one.done = "decline" if after.deleted else "accept"
            one.done_at = after.at
        self._account.incoming[uid] = one

    def _notes(self, placed: list[Placed]) -> None:
        account = self._account
        placed.sort(key=lambda pair: pair[1].created_at)
        by_entity: dict[str, list[Placed]] = {}
        for entity, note in placed:
            note.id = account.fresh_note_id()
            by_entity.setdefault(entity, []).append((entity, note))
            event = note_event(entity, note)
            if event is not None:
                self._events.append(event)
        for entity, pairs in by_entity.items():
            account.notes[entity].bring(note for _, note in pairs)

    def _tasks(self, number: int, leads: list[Lead]) -> None:
        account = self._account
        tasks = [
            write_task(self._rng, self._staff, self._hours, leads, account.fresh_id())
            for _ in range(number)
        ]
        account.tasks.bring(tasks)
        for task in tasks:
            first = task.versions[0]
            self._events.append(Event("task_added", "task", task.id, first.at, first.by))
            for before, after in pairwise(task.versions):
                self._events += task_events(task, before, after)
            if task.now.deleted:
                account.tasks.hide(task.id)

    def _customers(self, number: int, contacts: list[Client]) -> None:
        account, rng = self._account, self._rng
        for contact in contacts[:number]:
            at = int(self._hours.moment(rng))
            owner = self._staff.known(rng, at)
            customer = Customer(account.fresh_id(), contact.name, owner, contact.id, at)
            account.customers.put(customer)
            self._events.append(self._added("customer", customer, owner))
            for _ in range(rng.randrange(4)):
                moment = int(self._hours.later(rng, at, 20))
                if moment > self._hours.now:
                    break
                price = rng.randrange(1, 90) * 1000
                bought = Transaction(account.fresh_id(), customer.id, price, moment, owner)
                account.transactions.put(bought)
                what = ("transaction", bought.id)
                self._events.append(
                    Event("transaction_added", "customer", customer.id, moment, owner, (), (what,))
                )
                customer.updated_at = at = moment
