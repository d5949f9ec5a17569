"""Leads and quotes from the portal to the number: conversions, missing leads, missing rights."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import parse_period
from kpi.value import Query, Value, values
from merilo.cycle import run_cycle, run_sweep
from merilo.status import read_status
from merilo.wiring import App
from sandbox.bitrix24.record_live import convert_lead
from sandbox.server import start_sandbox
from store.table import TEAM
from tests.clock import Clock
from tests.flow.agent import agent, write_settings

ANNA, OTHER = 7, 9


class Ticking(Clock):
    """A second goes by whenever somebody looks."""

    def __call__(self) -> datetime:
        self.forward(seconds=1)
        return self.now


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[App, Any]]:
    clock = Ticking()
    with (
        start_sandbox("bitrix24", scale="empty", seed=1, limits=False, clock=clock) as box,
        agent(write_settings(tmp_path, box), clock) as app,
    ):
        yield app, box


def team(app: App) -> dict[str, Value]:
    """The team's numbers of October."""
    span = parse_period("2026-10")
    query = Query(since=span.first, until=span.last, by="month", manager_ids=(TEAM,))
    found = values(app.store, app.catalog, query, app.vantage)
    return {value.metric: value for value in found if value.of is None}


def read(app: App) -> dict[str, Value]:
    """A cycle, and what is shown after it; the cells are what a rebuild makes of the facts."""
    assert not run_cycle(app, "main").errors
    shown = team(app)
    assert not rebuild(app.store, app.catalog)
    return shown


def test_a_lead_wins_once_with_its_first_won_deal_and_loses_with_the_last(
    office: tuple[App, Any],
) -> None:
    app, box = office
    portal = box.portal
    lead, _other = portal.leads.create(ANNA), portal.leads.create(OTHER)
    assert read(app)["lead_conversion"].value == 0
    deals = [convert_lead(portal, lead), convert_lead(portal, lead)]
    assert read(app)["leads_won"].value == 0
    for deal in deals:
        portal.move_deal(deal, "WON")
        found = read(app)
        assert (found["leads_created"].value, found["leads_won"].value) == (2, 1)
        assert found["lead_conversion"].value == 0.5
        assert found["lead_conversion"].n == 2
    portal.move_deal(deals[0], "LOSE")
    assert read(app)["leads_won"].value == 1
    portal.delete_deal(deals[1])
    run_sweep(app, "main")
    assert team(app)["leads_won"].value == 0
    assert not rebuild(app.store, app.catalog)


def test_a_quote_wins_with_the_deal_it_names_or_that_was_made_from_it(
    office: tuple[App, Any],
) -> None:
    app, box = office
    portal = box.portal
    deals = [portal.create_deal(ANNA), portal.create_deal(ANNA)]
    portal.quotes.create(ANNA, deal=deals[0])
    second = portal.quotes.create(ANNA)
    portal.quotes.create(OTHER)
    portal.update_deal(deals[1], quoteId=second)
    assert read(app)["quotes_won"].value == 0
    for number, deal in enumerate(deals):
        portal.move_deal(deal, "WON")
        assert read(app)["quotes_won"].value == number + 1
    found = team(app)["quote_conversion"]
    assert (found.value, found.numerator, found.denominator) == (0.6667, 2, 3)
    portal.quotes.update(1, deal=None)
    assert read(app)["quotes_won"].value == 1


def test_in_a_portal_without_leads_they_are_unknown_and_nothing_fails(
    office: tuple[App, Any],
) -> None:
    app, box = office
    box.portal.mode = 2
    found = read(app)
    for metric in ("leads_created", "leads_won", "lead_conversion"):
        assert (found[metric].state, found[metric].value) == ("unknown", None), metric
    assert found["quotes_created"].state == "value"
    result = run_cycle(app, "main")
    assert [each.stream for each in result.streams if each.absent] == ["leads"]
    status = {each.stream: each.state for each in read_status(app).streams}
    assert (status["leads"], status["quotes"]) == ("absent", "ok")
    box.portal.mode = 1
    box.portal.leads.create(ANNA)
    assert read(app)["leads_created"].value == 1
    box.portal.mode = 2
    assert read(app)["leads_created"].state == "unknown"


def test_without_the_right_to_leads_only_they_are_unknown(office: tuple[App, Any]) -> None:
    app, box = office
    box.portal.access.unreadable = {1}
    box.portal.leads.create(ANNA)
    box.portal.quotes.create(ANNA)
    result = run_cycle(app, "main")
    assert [each.stream for each in result.streams if each.error] == ["leads"]
    found = team(app)
    assert (found["leads_created"].state, found["leads_created"].value) == ("unknown", None)
    assert found["lead_conversion"].value is None
    assert found["quotes_created"].value == 1
    box.portal.access.unreadable = set()
    assert read(app)["leads_created"].value == 1


def test_a_conversion_is_explained_by_its_leads_with_links(office: tuple[App, Any]) -> None:
    app, box = office
    lead = box.portal.leads.create(ANNA)
    box.portal.leads.create(ANNA)
    box.portal.move_deal(convert_lead(box.portal, lead), "WON")
    read(app)
    found = explain(
        app.store,
        app.catalog,
        manager_id=TEAM,
        metric="lead_conversion",
        span=parse_period("2026-10"),
        vantage=app.vantage,
        link=app.record_url,
    )
    assert found.agrees
    refs = {part.metric: [record.ref for record in part.records] for part in found.parts}
    assert refs == {"leads_won": ["1"], "leads_created": ["1", "2"]}
    (record,) = found.parts[0].records
    assert record.link == f"{box.url}/crm/lead/details/1/"


def test_a_lead_is_credited_to_whom_it_belonged_when_it_was_first_seen(
    office: tuple[App, Any],
) -> None:
    app, box = office
    lead = box.portal.leads.create(ANNA)
    read(app)
    box.portal.leads.update(lead, owner=OTHER)
    read(app)
    span = parse_period("2026-10")
    query = Query(since=span.first, until=span.last, by="month", metrics=("leads_created",))
    found = values(app.store, app.catalog, query, app.vantage)
    credited = [value.aliases["main"] for value in found if value.manager_id and value.value]
    assert credited == [str(ANNA)]
