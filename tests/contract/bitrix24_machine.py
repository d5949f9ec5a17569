"""Random work of people in a portal of few records, and an agent that is killed and refused."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.merge import merge
from sandbox.bitrix24.record_live import convert_lead
from sandbox.server import Box, start_sandbox
from sync.page import StreamResult
from tests.connectors.clock import FakeClock
from tests.contract.machine import AgentMachine
from tests.contract.place import Place
from tests.contract.trouble import KINDS, small_pages
from tests.flow.agent import Numbers, shown_values, true_values
from tests.flow.test_sync_bitrix24 import (
    stored_deals,
    stored_legs,
    stored_records,
    true_deals,
    true_legs,
    true_records,
)

PEOPLE = st.sampled_from([7, 9, 11])
FEW = st.integers(0, 5)
"""Which of the few records something happens to."""

MOST_DEALS = 6
MOST_COMPANIES = 4
SINCE = date(2026, 9, 1)

DOUBTFUL = {
    "deal": {"created_by", "closed_by", "base_amount"},
    "lead": {"created_by"},
    "quote": {"created_by"},
    "meeting": {"credited_to"},
    "email": {"credited_to"},
    "task": {"credited_to"},
}
"""What depends on the moments of reading: whose it was then, and what money was worth then."""


class PortalWork(AgentMachine):
    """What people do in a portal."""

    def open_portal(self, clock: FakeClock) -> Box:
        """An empty portal with two rows on a page."""
        self.stack.enter_context(small_pages(2))
        box = self.stack.enter_context(start_sandbox("bitrix24", scale="empty", clock=clock))
        self.portal = box.portal
        self.rates_seen: list[datetime] = []
        return box

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """In here records get other owners."""
        yield

    @rule(owner=PEOPLE, amount=st.integers(1, 9), abroad=st.booleans(), funnel=st.integers(0, 1))
    def create_deal(self, owner: int, amount: int, abroad: bool, funnel: int) -> None:
        """A new deal, unless there are many; then a deleted one comes back.

        It does so unnoticed only if it was seen to be gone: an edit that was followed by a deletion
        nobody saw, and by a restoration without a mark, can be found by nobody.
        """
        gone = [deal.id for deal in self.portal.deals.every.values() if deal.now.deleted]
        if gone and len(self.portal.deals.every) >= MOST_DEALS:
            known = {int(row[0]) for row in stored_deals(self.app)}
            self.portal.restore_deal(gone[0], touch=abroad or gone[0] in known)
        elif len(self.portal.deals.every) < MOST_DEALS:
            currency = "USD" if abroad else "RUB"
            self.portal.create_deal(owner, amount, category=funnel, currency=currency)
        self.did("create")

    @rule(which=FEW, amount=st.integers(1, 9))
    def edit_deal(self, which: int, amount: int) -> None:
        """Another amount."""
        self._deal(which, "edit", lambda deal: self.portal.update_deal(deal.id, amount=amount))

    @rule(which=FEW, owner=PEOPLE)
    def assign_deal(self, which: int, owner: int) -> None:
        """Another owner."""
        with self.handing_over():
            self._deal(which, "reassign", lambda deal: self.portal.assign_deal(deal.id, owner))

    @rule(which=FEW, stage=st.sampled_from(["NEW", "EXECUTING", "WON", "LOSE", "C1:NEW", "C1:WON"]))
    def move_deal(self, which: int, stage: str) -> None:
        """Won, lost, reopened, or put into the other funnel."""
        self._deal(which, "move", lambda deal: self.portal.move_deal(deal.id, stage))

    @rule(which=FEW)
    def delete_deal(self, which: int) -> None:
        """Into the bin."""
        self._deal(which, "delete", lambda deal: self.portal.delete_deal(deal.id))

    @rule(which=FEW, code=st.sampled_from(["RUB", "USD", "EUR"]))
    def change_currency(self, which: int, code: str) -> None:
        """The same number in other money."""

        def change(deal: Deal) -> None:
            deal.currency = code
            self.portal.update_deal(deal.id, comments=f"{code} {self.place.clock().isoformat()}")

        self._deal(which, "currency", change)

    @rule(code=st.sampled_from(["USD", "EUR"]), rate=st.integers(50, 120))
    def set_rate(self, code: str, rate: int) -> None:
        """A foreign currency costs something else from now on."""
        self.place.clock.sleep(0.001)  # after what was read, which was at this very moment
        self.portal.set_rate(code, rate)
        self.did("rate")

    @rule(which=FEW, owner=PEOPLE, what=st.sampled_from(["new", "convert", "junk", "give", "drop"]))
    def work_on_leads(self, which: int, owner: int, what: str) -> None:
        """A lead comes, is converted, found to be junk, given away, or deleted."""
        leads = [lead for lead in self.portal.leads.every.values() if not lead.now.deleted]
        if what == "new" or not leads:
            self.portal.leads.create(owner)
        elif what == "convert":
            convert_lead(self.portal, leads[which % len(leads)].id, amount=5)
        elif what == "junk":
            self.portal.leads.update(leads[which % len(leads)].id, stage="JUNK")
        elif what == "give":
            with self.handing_over():
                self.portal.leads.update(leads[which % len(leads)].id, owner=owner)
        else:
            self.portal.leads.delete(leads[which % len(leads)].id)
        self.did(f"lead {what}")

    @rule(kind=st.sampled_from([1, 2, 4]), first=FEW)
    def merge_records(self, kind: int, first: int) -> None:
        """Two leads, deals or companies were one and the same; what named one names the other."""
        shelf: Any = {1: self.portal.leads, 2: self.portal.deals, 4: self.portal.companies}[kind]
        living = [each.id for each in shelf.every.values() if not each.now.deleted]
        if len(living) > 1:
            at = first % (len(living) - 1)
            merge(self.portal, kind, [living[at], living[-1]])
            self.did("merge")

    @rule(which=FEW, owner=PEOPLE)
    def sell_to_company(self, which: int, owner: int) -> None:
        """A deal gets a client, one of very few."""
        companies = self.portal.companies
        if len(companies.every) < MOST_COMPANIES:
            companies.create(owner)
        living = [each.id for each in companies.every.values() if not each.now.deleted]

        def sell(deal: Deal) -> None:
            deal.company = living[which % len(living)]
            self.portal.update_deal(deal.id, comments=f"{deal.company} {self.place.clock()}")

        if living:
            self._deal(which, "client", sell)

    @rule(owner=PEOPLE, talk=st.sampled_from([0, 60, 200]), kind=st.integers(1, 4))
    def ring(self, owner: int, talk: int, kind: int) -> None:
        """A call that has just ended."""
        self.portal.add_call(Leg(owner, kind, talk, "200" if talk else "304"))
        self.did("call")

    def day_in_portal(self, chance: random.Random) -> None:
        """A day of a portal, told by chance alone: what few examples cannot promise."""
        self.create_deal(chance.choice((7, 9)), chance.randint(1, 9), chance.random() < 0.5, 0)
        self.live(chance.randrange(1000), 6)
        self.cycle_killed_while_it_saves(chance.randint(1, 6))
        self.move_deal(chance.randint(0, 5), chance.choice(("WON", "LOSE", "NEW", "C1:WON")))
        self.assign_deal(chance.randint(0, 5), chance.choice((7, 9, 11)))
        self.cycle_while_people_work(chance.randrange(1000))
        self.ring(7, 200, 2)
        self.cycle_killed_at_a_request(chance.randint(1, 3), chance.random() < 0.5)
        self.set_rate("USD", chance.randint(60, 90))
        self.change_currency(chance.randint(0, 5), "USD")
        self.cycle_with_a_fault(chance.choice(KINDS), chance.randint(1, 3))
        self.merge_records(chance.choice((1, 2)), chance.randint(0, 5))
        self.delete_deal(chance.randint(0, 5))
        self.wait(86_400)
        self.writing_killed(chance.randint(1, 3), chance.random() < 0.5)
        self.cycle_killed_between_pages(chance.randint(1, 9))

    def _deal(self, which: int, what: str, act: Callable[[Deal], Any]) -> None:
        living = [deal for deal in self.portal.deals.every.values() if not deal.now.deleted]
        if living:
            act(living[which % len(living)])
            self.did(what)

    def noticed(self, result: StreamResult) -> None:
        """A page was committed; from the rates' one on, today's are known."""
        if result.stream == "currencies":
            self.rates_seen.append(self.place.clock())

    def compare_portal(self, box: Box) -> None:
        """Store = truth, record by record."""
        assert stored_deals(self.app) == true_deals(box)
        assert stored_records(self.app) == true_records(box)
        assert stored_legs(self.app) == true_legs(box)


class PortalMachine(PortalWork):
    """One portal, and the data directory of one agent."""

    doubtful = DOUBTFUL

    @initialize()
    def begin(self) -> None:
        """An empty portal, and an agent that has read it and was allowed to write."""
        self.start(Place, main=self.open_portal)

    def compare(self) -> None:
        """Store = truth, KPI = truth."""
        box = self.place.box
        self.compare_portal(box)
        days: dict[str, Any] = {"since": SINCE, "until": self.place.clock().date()}
        expected = true_values(box, **days, by="month", reads=self.rates_seen)
        found = shown_values(self.app, **days, by="month")
        assert self._team(found) == self._team(expected)

    def _team(self, numbers: Numbers) -> Numbers:
        """The team's numbers: whose a deal was at a moment depends on when the agent was killed."""
        return {key: value for key, value in numbers.items() if key[0] is None and value[1]}
