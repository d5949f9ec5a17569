"""What an application is told of deletions: gone with the next cycle, if it is really gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from kpi.engine import rebuild
from kpi.value import Query, values
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App, client_options
from sandbox.bitrix24.activity import SENT
from sandbox.bitrix24.event import DELETIONS
from sandbox.bitrix24.merge import merge
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow.agent import agent
from tests.flow.login import agree, write_settings

ANNA = 7


class Desk:
    """An agent that is logged in as an application, and its portal."""

    def __init__(self, app: App, box: Any, clock: Clock) -> None:
        self.app, self.box, self.portal, self.clock = app, box, box.portal, clock

    def read(self) -> list[str]:
        """A cycle ten minutes later; the methods it asked for."""
        self.clock.forward(minutes=10)
        self.box.log.clear()
        assert not run_cycle(self.app, "main").errors
        return [each.method for each in self.box.log]

    def number(self, metric: str) -> Any:
        """The team's number of these weeks."""
        today = self.clock.now.date()
        query = Query(since=today - timedelta(days=40), until=today, metrics=(metric,))
        found = values(self.app.store, self.app.catalog, query, self.app.vantage)
        return next(each.value for each in found if each.manager_id is None)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with opened(tmp_path) as desk:
        yield desk


@contextmanager
def opened(folder: Path, *, admin: bool = True) -> Iterator[Desk]:
    clock = Clock()
    with start_sandbox("bitrix24", scale="empty", seed=5, limits=False, clock=clock) as box:
        box.portal.oauth.client_secret = canary("client-secret")
        box.portal.access.admin = admin
        with agent(write_settings(folder, box), clock) as app:
            log_in(app)
            desk = Desk(app, box, clock)
            desk.read()
            yield desk


def log_in(app: App) -> None:
    """A person agrees in the browser."""
    options = client_options(app.settings, app.secrets, "main", sleep=app.wait, clock=app.clock)
    make = app.connectors["main"].login
    login = make and make(app.settings.sources["main"], options)
    assert login
    answer = urlsplit(agree(login.address("state"))).query
    login.redeem(dict(parse_qsl(answer)))


def test_every_deletion_is_asked_for_once(desk: Desk) -> None:
    assert desk.portal.events.bound == {*DELETIONS}
    assert desk.read() == ["batch"], "a quiet cycle is one request"


def test_what_was_deleted_is_gone_with_the_next_cycle_and_without_a_sweep(desk: Desk) -> None:
    portal = desk.portal
    deal, lead = portal.create_deal(ANNA), portal.leads.create(ANNA)
    contact, company = portal.contacts.create(ANNA), portal.companies.create(ANNA)
    task, letter = portal.tasks.create(ANNA), portal.activities.add(SENT, ANNA, completed=True)
    quote = portal.quotes.create(ANNA)
    metrics = (
        "deals_created", "leads_created", "contacts_created", "companies_created",
        "tasks_created", "emails_sent", "quotes_created",
    )  # fmt: skip
    desk.read()
    assert [desk.number(metric) for metric in metrics] == [1] * 7
    portal.delete_deal(deal)
    for shelf, number in (
        (portal.leads, lead), (portal.contacts, contact), (portal.companies, company),
        (portal.tasks, task), (portal.activities, letter), (portal.quotes, quote),
    ):  # fmt: skip
        shelf.delete(number)
    desk.read()
    assert [desk.number(metric) for metric in metrics] == [0] * 7
    assert portal.events.queue == portal.events.reserved == {}
    assert desk.read() == ["batch"]
    assert not rebuild(desk.app.store, desk.app.catalog)


def test_a_merge_is_followed_at_once(desk: Desk) -> None:
    portal = desk.portal
    first, second = (portal.leads.create(ANNA) for _ in range(2))
    deal = portal.create_deal(ANNA, 100)
    portal.update_deal(deal, leadId=second)
    portal.move_deal(deal, "WON")
    desk.read()
    merge(portal, 1, [first, second])
    desk.read()
    assert (desk.number("leads_created"), desk.number("leads_won")) == (1, 1)


def test_what_came_back_before_it_was_looked_for_stays(desk: Desk) -> None:
    deal = desk.portal.create_deal(ANNA)
    desk.read()
    desk.portal.delete_deal(deal)
    desk.portal.restore_deal(deal)
    desk.read()
    assert desk.number("deals_created") == 1
    assert desk.portal.events.reserved == {}


def test_many_at_once_are_left_to_the_sweep_and_its_guard(desk: Desk) -> None:
    deals = [desk.portal.create_deal(ANNA) for _ in range(30)]
    desk.read()
    for deal in deals[:10]:
        desk.portal.delete_deal(deal)
    desk.read()
    assert desk.number("deals_created") == 30
    run_sweep(desk.app, "main", accept=True)
    assert desk.number("deals_created") == 20


def test_who_may_not_ask_for_events_reads_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path, admin=False) as desk:
        deal = desk.portal.create_deal(ANNA)
        desk.read()
        desk.portal.delete_deal(deal)
        desk.read()
        assert desk.portal.events.bound == set()
        run_sweep(desk.app, "main", accept=True)
        assert desk.number("deals_created") == 0


def test_events_bound_by_nobody_any_more_are_bound_again(desk: Desk) -> None:
    desk.portal.events.bound.clear()
    desk.read()
    assert desk.portal.events.bound == {*DELETIONS}
