"""The roles of contacts: read from a field that the settings name, and what is made of them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.explain import explain
from kpi.period import Span
from kpi.value import Query, Value, values
from merilo.cycle import run_cycle
from merilo.lack import lack_of
from merilo.wiring import App
from sandbox.amocrm.contact import ROLE_ID
from sandbox.amocrm.note import PhoneCall
from sandbox.amocrm.pipeline import WON
from sandbox.amocrm.truth_call import talks_of
from sandbox.bitrix24.activity import MEETING_KIND
from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.client_role import NAME, give_roles
from sandbox.client_role import ROLES
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow import amo
from tests.flow.agent import agent, write_settings

NAMES = ("decision_makers", "hot_decision_makers", "multi_role_proposals", "strategic_meetings")
ANNA, CONTACT_TYPE = 7, 3


class Firm:
    """An empty portal to which a company with people comes, and the agent that reads it."""

    def __init__(self, box: Any, clock: Clock, settings: Path) -> None:
        self.portal, self.clock, self.settings = box.portal, clock, settings
        give_roles(self.portal, random.Random(1))

    def person(self, company: int, role: str | None) -> int:
        """A contact of a company, in a role."""
        (field,) = self.portal.userfields.of("CRM_CONTACT")
        ids = {each["value"]: int(each["id"]) for each in field.options}
        extra = {NAME: ids[role]} if role else None
        return int(self.portal.contacts.create(ANNA, company=company, extra=extra))

    def deal(self, company: int) -> int:
        """A deal with a company."""
        number = int(self.portal.create_deal(ANNA, 100))
        self.portal.deals.every[number].company = company
        return number

    def talk(self, contact: int, seconds: int = 60) -> None:
        """A call with a person that has just ended."""
        self.portal.add_call(Leg(ANNA, 1, seconds, contact=contact))

    def meet(self, contact: int) -> None:
        """A meeting with a person that was held."""
        number = self.portal.activities.add(MEETING_KIND, ANNA, completed=True)
        self.portal.activities.change(number, owner=(CONTACT_TYPE, contact))

    def name_role(self, field: str = NAME) -> None:
        """The settings name the field from now on."""
        with self.settings.open("a", encoding="utf-8") as file:
            file.write(f'\n[fields.main.contact]\nrole = "{field}"\n')

    @contextmanager
    def read(self) -> Iterator[App]:
        """The agent, which has just read everything."""
        self.clock.forward(minutes=5)
        with agent(self.settings, self.clock) as app:
            assert not run_cycle(app, "main").errors
            yield app


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    clock = Clock()
    with start_sandbox("bitrix24", scale="empty", seed=5, limits=False, clock=clock) as box:
        yield Firm(box, clock, write_settings(tmp_path, box, since="2026-01-01"))


def span(app: App) -> Span:
    today = app.clock().date()
    return Span(today - timedelta(days=200), today, today - timedelta(days=200))


def ask(app: App, name: str) -> Value:
    """The team's number."""
    days = span(app)
    query = Query(since=days.first, until=days.last, metrics=(name,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next(each for each in found if each.manager_id is None)


def refs(app: App, name: str) -> list[set[str]]:
    """The records that `merilo explain` lists, of a share those of either side."""
    told = explain(
        app.store, app.catalog, manager_id=0, metric=name, span=span(app), vantage=app.vantage
    )
    assert told.agrees
    return [{each.ref for each in part.records} for part in told.parts]


def work(firm: Firm) -> dict[str, int]:
    """Acme's deal is won after a talk with its director, Beta's after one with its buyer."""
    acme, beta = (firm.portal.companies.create(ANNA, name) for name in ("Acme", "Beta"))
    boss, buyer = firm.person(acme, "Директор"), firm.person(acme, "Закупки")
    other, silent = firm.person(beta, "Закупки"), firm.person(beta, "ЛПР")
    first, second = firm.deal(acme), firm.deal(beta)
    firm.talk(boss)
    firm.talk(other)
    firm.portal.add_call(Leg(ANNA, 1, 0, "304", contact=silent))
    firm.meet(buyer)
    firm.clock.forward(minutes=10)
    for deal in (first, second):
        firm.portal.move_deal(deal, "FINAL_INVOICE")
        firm.clock.forward(minutes=1)
        firm.portal.move_deal(deal, "WON")
    firm.clock.forward(minutes=10)
    firm.talk(silent)
    quotes = [firm.portal.quotes.create(ANNA, deal=deal) for deal in (first, second)]
    return {"first": first, "second": second, "quote": quotes[0], "late": quotes[1]}


def test_roles_of_a_portal_become_numbers_and_are_explained(firm: Firm) -> None:
    firm.name_role()
    made = {name: str(number) for name, number in work(firm).items()}
    both = {made["first"], made["second"]}
    with firm.read() as app:
        found = {name: ask(app, name) for name in NAMES}
        assert {name: (each.value, each.state) for name, each in found.items()} == {
            "decision_makers": (0.5, "value"),
            "hot_decision_makers": (0.5, "value"),
            "multi_role_proposals": (2, "value"),
            "strategic_meetings": (1, "value"),
        }
        assert refs(app, "decision_makers") == [{made["first"]}, both]
        assert refs(app, "hot_decision_makers") == [{made["first"]}, both]
        assert refs(app, "multi_role_proposals") == [{made["quote"], made["late"]}]


def test_a_field_named_later_is_read_of_contacts_nobody_touched(firm: Firm) -> None:
    work(firm)
    with firm.read() as app:
        for name in NAMES:
            assert (ask(app, name).value, ask(app, name).state) == (None, "unknown")
            lack = lack_of(app.catalog.find(name), app.vantage, "ru")
            assert lack == 'нужна настройка [fields.main.contact] role = "..."'
    firm.clock.forward(days=3)
    firm.name_role()
    with firm.read() as app:
        assert (ask(app, "decision_makers").value, ask(app, "decision_makers").state) == (
            0.5,
            "value",
        )


def test_a_field_that_the_portal_does_not_have_leaves_them_unknown(firm: Firm) -> None:
    work(firm)
    firm.name_role("UF_CRM_ROLL")
    with firm.read() as app:
        assert {(ask(app, name).value, ask(app, name).state) for name in NAMES} == {
            (None, "unknown")
        }


def test_roles_of_an_account_are_the_truth(tmp_path: Path) -> None:
    clock = Clock()
    with start_sandbox("amocrm", scale="tiny", seed=27, limits=False, clock=clock) as box:
        extra = f'[fields.amo.contact]\nrole = "{ROLE_ID}"\n'
        settings = amo.write_settings(tmp_path, box, since="2026-01-01", extra=extra)
        with amo.agent(settings, clock) as app:
            assert not run_cycle(app, "amo").errors
            found = ask(app, "decision_makers")
            sides = refs(app, "decision_makers")
            assert (ask(app, "multi_role_proposals").state) == "unknown"
            won, involved = truth(box.account, span(app))
    assert (found.numerator, found.n) == (len(involved), len(won))
    assert sides == [involved, won]
    assert 0 < len(involved) < len(won)


def truth(account: Any, days: Span) -> tuple[set[str], set[str]]:
    """Leads with a client won in these days, and those with whose decision maker somebody talked or
    met before: by plain loops over the account."""
    contacts = {each.id: each for each in account.contacts.rows.values()}
    first: dict[int, int] = {}
    for note in account.notes["contacts"].rows.values():
        if isinstance(note.body, PhoneCall) and talks_of(note.body):
            first[note.entity] = min(note.created_at, first.get(note.entity, note.created_at))
    deciders = {
        each.id
        for each in contacts.values()
        if each.values.get(ROLE_ID, [{"value": ""}])[0]["value"] in ROLES[:2]
    }
    won, involved = set(), set()
    for lead in account.leads.rows.values():
        if lead.status_id != WON or not (lead.company or lead.contact):
            continue
        won.add(str(lead.id))
        people = [
            each
            for each in deciders
            if (contacts[each].company == lead.company if lead.company else each == lead.contact)
        ]
        if any(first.get(each, lead.now.closed_at) < lead.now.closed_at for each in people):
            involved.add(str(lead.id))
    return won, involved
