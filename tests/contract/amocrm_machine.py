"""Random work of people in an account of few records, and an agent that is killed and refused."""

import random
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from kpi.engine import rebuild
from sandbox.amocrm.box import AmoBox
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.pipeline import LOST, WON
from sandbox.amocrm.table import Table
from sandbox.amocrm.task import TYPES
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.contract.amocrm_place import AmoPlace, small_pages, store_is_account
from tests.contract.machine import AgentMachine
from tests.contract.trouble import KINDS
from tests.flow.amo import shown_values, true_values

WHO = st.integers(0, 2)
"""Which of the people of the account does something."""

FEW = st.integers(0, 5)
"""Which of the few records something happens to."""

MOST_LEADS = 6
MOST_CONTACTS = 4
SINCE = date(2026, 9, 1)


class AccountWork(AgentMachine):
    """What people do in an account."""

    def open_account(self, clock: FakeClock, *, paid: bool) -> AmoBox:
        """An empty account with seven rows on a page."""
        self.stack.enter_context(small_pages())
        box = self.stack.enter_context(start_sandbox("amocrm", scale="empty", clock=clock))
        self.account = box.account
        self.account.filter_paid = paid
        self.people = [each.id for each in self.account.users.values() if not each.admin]
        return box

    @rule(who=WHO, price=st.integers(1, 9), funnel=st.integers(0, 1), which=FEW)
    def create_lead(self, who: int, price: int, funnel: int, which: int) -> None:
        """A new lead of one of few clients; with many, one comes back from the bin."""
        leads, contacts = self.account.leads, self.account.contacts
        bin_ = [lead.id for lead in leads.trash.values() if not lead.merged_into]
        if len(leads.rows) < MOST_LEADS:
            if len(contacts.rows) < MOST_CONTACTS:
                self.account.add_contact(self._who(who), "Клиент")
            contact = list(contacts.rows)[which % len(contacts.rows)]
            pipeline = list(self.account.pipelines)[funnel]
            self.account.create_lead(self._who(who), price, pipeline=pipeline, contact=contact)
            self.did("create")
        elif bin_:
            self.account.restore_lead(bin_[which % len(bin_)])
            self.did("restore")

    @rule(which=FEW, price=st.integers(0, 9))
    def edit_lead(self, which: int, price: int) -> None:
        """Another price."""
        self._lead(which, "price", lambda lead: self.account.update_lead(lead.id, price=price))

    @rule(which=FEW, who=WHO)
    def assign_lead(self, which: int, who: int) -> None:
        """Another owner."""
        owner = self._who(who)
        self._lead(which, "reassign", lambda lead: self.account.assign_lead(lead.id, owner))

    @rule(which=FEW, stage=st.integers(0, 4), funnel=st.integers(0, 1))
    def move_lead(self, which: int, stage: int, funnel: int) -> None:
        """Won, lost, reopened, or put into the other funnel."""
        pipeline = list(self.account.pipelines.values())[funnel]
        status = [*pipeline.path[:2], WON, LOST, WON][stage]
        self._lead(which, "move", lambda lead: self.account.move_lead(lead.id, status, pipeline.id))

    @rule(which=FEW)
    def delete_lead(self, which: int) -> None:
        """Into the bin."""
        self._lead(which, "delete", lambda lead: self.account.delete_lead(lead.id))

    @rule(which=FEW)
    def restore_lead(self, which: int) -> None:
        """Out of the bin."""
        gone = [lead.id for lead in self.account.leads.trash.values() if not lead.merged_into]
        if gone:
            self.account.restore_lead(gone[which % len(gone)])
            self.did("restore")

    @rule(which=FEW, clients=st.booleans())
    def merge_twins(self, which: int, clients: bool) -> None:
        """Two leads or contacts were one and the same; what named one names the other."""
        table: Table[Any] = self.account.contacts if clients else self.account.leads
        act = self.account.merge_contacts if clients else self.account.merge_leads
        living = list(table.rows)
        if len(living) > 1:
            kept = living[which % len(living)]
            act(kept, next(each for each in living if each != kept))
            self.did("merge")

    @rule(who=WHO, what=st.sampled_from(["receive", "accept", "decline"]))
    def work_on_unsorted(self, who: int, what: str) -> None:
        """Something comes in, is accepted, or thrown away."""
        waiting = [
            one.uid
            for one in self.account.incoming.values()
            if not one.done and one.lead in self.account.leads.rows
        ]
        if what == "receive" or not waiting:
            self.account.receive_unsorted(self._who(who))
        elif what == "accept":
            self.account.accept_unsorted(waiting[0], self._who(who))
        else:
            self.account.decline_unsorted(waiting[0])
        self.did(f"unsorted {what}")

    @rule(who=WHO, talk=st.sampled_from([0, 60, 200]), incoming=st.booleans(), which=FEW)
    def note_call(self, who: int, talk: int, incoming: bool, which: int) -> None:
        """A call, shown by a lead and by its client."""

        def note(lead: Lead) -> None:
            self.account.add_call(
                self._who(who),
                *self._places(lead),
                incoming=incoming,
                duration=talk,
                status=4 if talk else 6,
                uniq=f"call {self.account.fresh_id()}",
            )

        self._lead(which, "call", note)

    @rule(who=WHO, incoming=st.booleans(), which=FEW)
    def note_letter(self, who: int, incoming: bool, which: int) -> None:
        """A letter, shown by a lead and by its client."""
        self._lead(
            which,
            "letter",
            lambda lead: self.account.add_letter(
                self._who(who), *self._places(lead), incoming=incoming
            ),
        )

    @rule(
        which=FEW,
        who=WHO,
        kind=st.sampled_from(list(TYPES)),
        what=st.sampled_from(["new", "done", "again", "give", "kind", "drop"]),
    )
    def work_on_tasks(self, which: int, who: int, kind: int, what: str) -> None:
        """Something is planned, done, opened again, given away, of another kind, or dropped."""
        tasks, owner = list(self.account.tasks.rows), self._who(who)
        if what == "new" or not tasks:
            places = [None, *(("leads", lead) for lead in self.account.leads.rows)]
            self.account.add_task(owner, type_id=kind, place=places[which % len(places)])
        elif what == "drop":
            self.account.delete_task(tasks[which % len(tasks)])
        else:
            changes: dict[str, dict[str, Any]] = {
                "done": {"completed": True},
                "again": {"completed": False},
                "give": {"owner": owner},
                "kind": {"type": kind},
            }
            self.account.update_task(tasks[which % len(tasks)], **changes[what])
        self.did(f"task {what}")

    @rule(paid=st.booleans())
    def pay_for_the_filter(self, paid: bool) -> None:
        """The account gets the filter of lists, or has it no more."""
        self.account.filter_paid = paid

    def day_in_account(self, chance: random.Random) -> None:
        """A day of an account, told by chance alone."""

        def few() -> int:
            return chance.randint(0, 5)

        def who() -> int:
            return chance.randint(0, 2)

        for _ in range(3):
            self.create_lead(who(), chance.randint(1, 9), chance.randint(0, 1), few())
        self.live(chance.randrange(1000), 6)
        self.cycle_killed_while_it_saves(chance.randint(1, 12))
        self.move_lead(few(), chance.randint(0, 4), chance.randint(0, 1))
        self.assign_lead(few(), who())
        self.cycle_while_people_work(chance.randrange(1000))
        self.note_call(who(), 200, True, few())
        self.cycle_killed_at_a_request(chance.randint(1, 6), chance.random() < 0.5)
        self.work_on_tasks(few(), who(), 2, chance.choice(("new", "done", "give", "drop")))
        self.merge_twins(few(), chance.random() < 0.5)
        self.cycle_with_a_fault(chance.choice(KINDS), chance.randint(1, 5))
        self.note_letter(who(), True, few())
        self.delete_lead(few())
        self.wait(86_400)
        self.restore_lead(few())
        self.writing_killed(chance.randint(1, 3), chance.random() < 0.5)
        self.edit_lead(few(), chance.randint(0, 9))
        self.cycle_killed_between_pages(chance.randint(1, 12))

    def _who(self, which: int) -> int:
        return self.people[which % len(self.people)]

    def _places(self, lead: Lead) -> list[tuple[str, int]]:
        known = lead.contact in self.account.contacts.rows
        return [("leads", lead.id), *([("contacts", lead.contact)] if known else [])]

    def _lead(self, which: int, what: str, act: Callable[[Lead], Any]) -> None:
        """Acts on one of the leads that are accepted."""
        unsorted = {one.unsorted for one in self.account.pipelines.values()}
        leads = self.account.leads.rows.values()
        accepted = [lead for lead in leads if lead.status_id not in unsorted]
        if accepted:
            act(accepted[which % len(accepted)])
            self.did(what)


class AccountMachine(AccountWork):
    """One account, and the data directory of one agent."""

    @initialize(paid=st.booleans())
    def begin(self, paid: bool) -> None:
        """An empty account, and an agent that has read it and was allowed to write."""
        self.start(AmoPlace, amo=partial(self.open_account, paid=paid))

    def compare(self) -> None:
        """Store = truth, KPI = truth, of every manager and the team."""
        app, box, now = self.app, self.place.box, self.place.clock()
        store_is_account(app, box)
        days: dict[str, Any] = {"since": SINCE, "until": now.date()}
        expected = true_values(box, **days, by="month", read=now)
        found = shown_values(app, **days, by="month")
        assert {key: value for key, value in found.items() if value[1]} == expected
        assert not rebuild(app.store, app.catalog), "the cells were wrong"
