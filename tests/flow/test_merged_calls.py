"""A telephone exchange and the CRM that shows some of its calls: every conversation counts once."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.explain import explain
from kpi.period import month_of
from kpi.value import Query, values
from merilo.doctor import find_problems
from merilo.status import read_status
from merilo.wiring import App
from sandbox.conversation import IN, OUT, Conversation, Leg
from sandbox.exchange_truth import exchange_truth
from store.table import TEAM
from tests.clock import Clock
from tests.flow import test_cdr, test_itoolabs, test_mango, test_uis, test_zadarma
from tests.flow.crm_beside import Amocrm, Bitrix24, Told
from tests.flow.merged_company import (
    BY_ID,
    BY_LIKENESS,
    LEG_BY_LEG,
    NOWHERE,
    SINCE,
    Company,
    Crm,
    company_of,
    read,
)
from tests.flow.switchboard_suite import Vendor

Pair = tuple[Vendor, type[Crm]]
CRMS: tuple[type[Crm], ...] = (Bitrix24, Amocrm)
VENDORS: tuple[Vendor, ...] = tuple(
    each.VENDOR for each in (test_mango, test_uis, test_itoolabs, test_zadarma, test_cdr)
)
EVERY = [
    pytest.param((vendor, crm), id=f"{vendor.connector}-{crm.connector}")
    for vendor in VENDORS
    for crm in CRMS
]
ORDERS = [("main", "pbx"), ("pbx", "main")]


@pytest.fixture
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    pair: Pair = getattr(request, "param", (test_mango.VENDOR, Bitrix24))
    with company_of(tmp_path, *pair, Clock()) as found:
        yield found


def number(app: App, metric: str) -> tuple[Any, str]:
    """The team's number of all days, and how sure it is."""
    query = Query(since=SINCE, until=app.clock().date(), by="total", metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next((each.value, each.state) for each in found if each.manager_id is None)


def live_and_agree(
    company: Company, order: tuple[str, ...], seed: int, rounds: Sequence[int]
) -> Mapping[str, int]:
    """Calls come, the CRM is told of some; whenever both were read every number is the truth.

    How many calls "both" know at last, and how many the exchange "alone".
    """
    chance = random.Random(seed)
    with company.opened() as app:
        for calls in rounds:
            for _ in range(calls):
                company.live(chance, minutes=chance.choice((9, 60, 700)))
            company.clock.forward(minutes=30)
            read(app, *order)
            company.agree(app)
    return company.kept


@pytest.mark.parametrize("company", EVERY, indirect=True)
def test_what_both_show_counts_once_by_the_word_of_the_exchange(company: Company) -> None:
    order = ORDERS[len(company.vendor.connector + company.crm.connector) % 2]
    rounds = (12, 12)
    kept = live_and_agree(company, order, 1, rounds)
    assert kept["both"] > sum(rounds) / 4
    assert kept["alone"] > sum(rounds) / 20


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("company", EVERY, indirect=True)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("seed", [2, 3])
def test_whatever_both_show_counts_once_whichever_is_read_first(
    company: Company, order: tuple[str, ...], seed: int
) -> None:
    rounds = (25, 25, 25)
    kept = live_and_agree(company, order, seed, rounds)
    assert kept["both"] > sum(rounds) / 4
    assert kept["alone"] > sum(rounds) / 20


@pytest.mark.parametrize(
    "company",
    [
        pytest.param(each.values[0], id=each.id, marks=[pytest.mark.long] if place % 5 else [])
        for place, each in enumerate(EVERY)
    ],
    indirect=True,
)
def test_what_only_one_of_them_shows_is_told_a_day_later(company: Company) -> None:
    chance = random.Random(4)
    with company.opened() as app:
        for turn in range(30):
            hows = (BY_ID, LEG_BY_LEG, BY_LIKENESS) if turn % 3 else (NOWHERE,)
            company.live(chance, minutes=400, hows=hows)
        company.clock.forward(days=2)
        for each in range(7):
            company.type_in(chance, each)
        read(app, "main", "pbx", "main")
        company.agree(app)
        days: dict[str, Any] = {"since": SINCE, "until": company.clock.now.date(), "by": "total"}
        rows = exchange_truth(company.exchange, **days, tz="Europe/Moscow")
        told: dict[str, Any] = {row.metric: row.value for row in rows if row.user is None}
        whole = told["calls_in"] + told["calls_out"]
        assert number(app, "calls_pbx_only") == (whole - company.kept["both"], "value")
        assert number(app, "calls_crm_only") == (7, "value")


@pytest.mark.parametrize(
    "company",
    [pytest.param((test_mango.VENDOR, crm), id=crm.connector) for crm in CRMS],
    indirect=True,
)
def test_both_values_of_a_call_are_shown_with_the_number(company: Company) -> None:
    begin = company.clock.now.timestamp() - 4000
    leg = Leg(next(iter(company.users)), begin, begin + 10, begin + 140)
    call = Conversation(0, IN, "79031112233", "74951230011", begin, begin + 140, (leg,))
    shown = company.note(random.Random(1), call)
    with company.opened() as app:
        read(app, "main", "pbx")
        told = explain(
            app.store,
            app.catalog,
            manager_id=TEAM,
            metric="talk_time",
            span=month_of(company.clock.now.date()),
            vantage=app.vantage,
        )
        (record,) = told.parts[0].records
        assert (record.source, record.contribution) == ("pbx", 130)
        assert record.twin is not None
        assert (record.twin.source, record.twin.talk_s) == ("main", shown.talk_s)


def test_whom_nobody_knows_is_named_with_the_line_to_add(company: Company) -> None:
    at = company.clock.now - timedelta(minutes=5)
    for stranger in (990, 991):
        company.crm.show(Told(stranger, OUT, at, 60, "79031112233"))
    with company.opened() as app:
        read(app, "main", "pbx")
        (advice,) = [each for each in find_problems(app, read_status(app)) if "990" in each.what]
    assert advice.code == "strangers"
    assert "main: " in advice.what
    assert "990, 991" in advice.what
    assert 'aliases = { main = "990" }' in advice.todo
