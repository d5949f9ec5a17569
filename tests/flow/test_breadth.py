"""The KPIs beside the core: what stages, custom fields and clients tell is the sandbox's truth."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kpi.explain import explain
from kpi.metric import Unfed
from kpi.need import setting_of
from kpi.period import month_of
from kpi.value import Query, Value, values
from merilo.cycle import run_cycle
from merilo.lack import lack_of
from merilo.wiring import App
from sandbox.bitrix24.truth_stage import entered_truth, step_truth
from sandbox.server import start_sandbox
from store.moment import day_number
from store.table import DEAL
from tests.flow.agent import agent, write_settings

ZONE = "Europe/Moscow"
DAYS = 200
FUNNELS = """
[funnels.main]
qualified = ["PREPARATION", "C1:UC_SURVEY"]
proposal = ["EXECUTING", "C1:UC_OFFER"]
project = ["1"]
returned = ["LOSE", "APOLOGY", "C1:LOSE"]

[fields.main.deal]
margin = "UF_CRM_3_MARGIN10"
partner = "UF_CRM_PARTNER"
loss_reason = "UF_CRM_REASON"
upsell = "UF_CRM_GONE"
"""
REASONS = ("Дорого", "Долго")


def plant_fields(portal: Any) -> None:
    """Custom fields of deals, filled in for some of them."""
    for name, kind in (("3_MARGIN10", "double"), ("PARTNER", "string"), ("REASON", "enumeration")):
        more = {"enum": [{"value": each} for each in REASONS]} if kind == "enumeration" else {}
        one = {"entityId": "CRM_DEAL", "fieldName": f"UF_CRM_{name}", "userTypeId": kind}
        portal.userfields.add({**one, **more})
    options = [int(each["id"]) for each in portal.userfields.of("CRM_DEAL")[-1].options]
    for deal in portal.deals.every.values():
        filled = {
            "UF_CRM_3_MARGIN10": round(deal.id * 1.37, 2) if _has_margin(deal) else None,
            "UF_CRM_PARTNER": f"Партнёр {deal.id % 4}" if deal.id % 5 == 0 else "",
            "UF_CRM_REASON": options[deal.id % 2] if deal.id % 7 else None,
        }
        deal.extra = {**(deal.extra or {}), **filled}


def _has_margin(deal: Any) -> bool:
    return bool(deal.id % 3) and deal.currency == "RUB"


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any, datetime]]:
    """A small company with custom fields, read in one pass."""
    folder = tmp_path_factory.mktemp("breadth")
    with start_sandbox("bitrix24", scale="small", seed=11, limits=False) as box:
        plant_fields(box.portal)
        with agent(write_settings(folder, box, extra=FUNNELS)) as app:
            assert not run_cycle(app, "main").errors
            yield app, box, app.clock()


def ask(app: App, *metrics: str) -> list[Value]:
    until = app.clock().date()
    query = Query(since=until - timedelta(days=DAYS), until=until, metrics=metrics)
    return values(app.store, app.catalog, query, app.vantage)


def user_of(value: Value) -> int | None:
    return None if value.manager_id is None else int(value.aliases["main"])


def days(read: datetime) -> tuple[date, date]:
    return read.date() - timedelta(days=DAYS), read.date()


def won(box: Any, app: App, read: datetime) -> dict[int, Any]:
    """Deals won in these days, by id, as stored: the win itself is proved elsewhere."""
    first, last = days(read)
    with app.store.read() as tx:
        query = select(DEAL.c.ref, DEAL.c.base_amount).where(
            DEAL.c.state == 1,
            DEAL.c.removed_at.is_(None),
            DEAL.c.closed_day.between(day_number(first), day_number(last)),
        )
        return {int(ref): amount for ref, amount in tx.execute(query)}


def test_stage_conversion_is_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    since, until = days(read)
    expected = step_truth(box.portal, since=since, until=until, read=read, tz=ZONE)
    found = {}
    for each in ask(app, "stage_conversion"):
        of = each.of or {}
        key = (user_of(each), of["funnel"], of["from"], of["to"])
        found[key] = (each.numerator, each.denominator)
        assert each.value == round(float(Fraction(str(each.numerator)) / each.n), 4)  # type: ignore[operator]
    assert found == expected
    assert {(None, "0", "NEW", "PREPARATION"), (None, "1", "UC_CONTRACT", "WON")} <= set(found)


def test_first_arrivals_in_a_stage_are_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    since, until = days(read)
    stages = ("EXECUTING", "C1:UC_OFFER")
    expected = entered_truth(box.portal, stages, since=since, until=until, read=read, tz=ZONE)
    found = {user_of(each): each.value for each in ask(app, "proposals_sent") if each.n}
    assert found == expected


def test_custom_fields_are_summed_told_apart_and_counted(
    read_once: tuple[App, Any, datetime],
) -> None:
    app, box, read = read_once
    deals = won(box, app, read)
    filled = {ref: box.portal.deals.every[ref].extra for ref in deals}
    team = {each.metric: each for each in ask(app, *FIELDS) if each.manager_id is None}
    margins = [each["UF_CRM_3_MARGIN10"] for each in filled.values()]
    assert Fraction(str(team["margin"].value)) == sum(Fraction(str(each or 0)) for each in margins)
    assert None in margins
    assert team["margin"].state == "partial"  # some deals tell no margin
    of_partners = {ref for ref in deals if filled[ref]["UF_CRM_PARTNER"]}
    names = {filled[ref]["UF_CRM_PARTNER"] for ref in of_partners}
    assert team["active_partners"].value == len(names) > 1
    assert team["partner_deals"].value == len(of_partners)
    revenue = sum(deals[ref] for ref in of_partners)
    assert Fraction(str(team["partner_revenue"].value)) * 100 == revenue


FIELDS = ("margin", "active_partners", "partner_deals", "partner_revenue")


def test_a_configured_field_tells_the_reason_of_a_loss(
    read_once: tuple[App, Any, datetime],
) -> None:
    app, _, _ = read_once
    found = [each for each in ask(app, "loss_reasons") if each.manager_id is None]
    assert [(each.of or {})["reason"] for each in found] == ["Долго", "Дорого", None]
    (lost,) = [each for each in ask(app, "deals_lost") if each.manager_id is None]
    assert sum(int(str(each.value)) for each in found) == lost.value
    shares = [each for each in ask(app, "loss_reason_shares") if each.manager_id is None]
    assert sum(Fraction(int(str(each.numerator)), each.n or 1) for each in shares) == 1


def test_a_field_that_the_portal_does_not_have_feeds_nothing(
    read_once: tuple[App, Any, datetime],
) -> None:
    app, _, _ = read_once
    (first, *_) = ask(app, "expansion_revenue")
    assert (first.value, first.state) == (None, "unknown")


def test_new_and_repeat_revenue_are_all_revenue(read_once: tuple[App, Any, datetime]) -> None:
    app, _, _ = read_once
    found = {(user_of(each), each.metric): each.value for each in ask(app, *MONEY)}
    for user in {key[0] for key in found}:
        parts = [Fraction(str(found[user, name])) for name in MONEY]
        assert parts[0] + parts[1] == parts[2]


MONEY = ("revenue_new", "revenue_repeat", "revenue")


def test_retention_and_churn_are_the_whole(read_once: tuple[App, Any, datetime]) -> None:
    app, _, read = read_once
    last = month_of(read.date())
    query = Query(since=last.first, until=last.last, metrics=("retention", "churn"))
    found = values(app.store, app.catalog, query, app.vantage)
    stays = [each for each in found if each.metric == "retention" and each.n]
    goes = [each for each in found if each.metric == "churn" and each.n]
    assert stays
    for one, other in zip(stays, goes, strict=True):
        assert int(str(one.numerator)) + int(str(other.numerator)) == one.n == other.n


def test_every_metric_answers_and_is_explained_by_its_records(
    read_once: tuple[App, Any, datetime],
) -> None:
    app, _, read = read_once
    last = month_of(read.date().replace(day=1) - timedelta(days=1))
    query = Query(since=last.first, until=last.last, metrics=tuple(app.catalog.metrics))
    found = values(app.store, app.catalog, query, app.vantage)
    busy = max(
        (each for each in found if each.metric == "deals_won" and each.manager_id),
        key=lambda each: each.n or 0,
    )
    for name in app.catalog.metrics:
        for who in (0, busy.manager_id or 0):
            told = explain(
                app.store, app.catalog, manager_id=who, metric=name, span=last, vantage=app.vantage
            )
            assert told.agrees, (name, who)
            for part in told.parts:
                assert len(part.records) == len({*part.records}) or name in MANY, (name, who)


MANY = ("products_sold", "discounts", "sku_bought", "sku_bought_before", "sku_growth")
"""Of which several lines of one deal are records of the same name."""


def test_what_nothing_feeds_says_what_would(read_once: tuple[App, Any, datetime]) -> None:
    app, _, _ = read_once
    unknown = {each.metric for each in ask(app, *app.catalog.metrics) if each.state == "unknown"}
    for name in unknown:
        metric = app.catalog.metrics[name]
        if isinstance(metric.kind, Unfed):
            assert metric.kind.awaits["ru"]
            assert metric.kind.awaits["en"]
        else:
            settings = [setting_of(need, "main") for need in metric.needs]
            told = [*settings, lack_of(metric, app.vantage, "ru")]
            what = ("[fields.main", "[funnels.main", "нужен источник с потоком ")
            assert any(text.startswith(what) for text in told), name


def test_a_field_named_later_is_unknown_until_all_deals_were_read_with_it(tmp_path: Path) -> None:
    def named(*fields: str) -> Path:
        lines = "\n".join(["[fields.main.deal]", *fields])
        return write_settings(tmp_path, box, extra=f"{lines}\n")

    def states(app: App) -> list[str]:
        asked = ask(app, "margin", "partner_deals")
        return [each.state for each in asked if each.manager_id is None]

    one, other = 'margin = "UF_CRM_MARGIN"', 'partner = "UF_CRM_PARTNER"'
    with start_sandbox("bitrix24", scale="empty", seed=1, limits=False) as box:
        for each in ("MARGIN", "PARTNER"):
            field = {"entityId": "CRM_DEAL", "fieldName": f"UF_CRM_{each}"}
            box.portal.userfields.add({**field, "userTypeId": "double"})
        deal = box.portal.create_deal(7, 100)
        box.portal.move_deal(deal, "WON")
        box.portal.deals.every[deal].extra = {"UF_CRM_MARGIN": 12.5, "UF_CRM_PARTNER": 3}
        with agent(named(one)) as app:
            assert not run_cycle(app, "main").errors
            assert states(app) == ["value", "unknown"]
        with agent(named(one, other)) as app:
            assert states(app) == ["value", "unknown"]
            run_cycle(app, "main", should_stop=lambda: True)
            assert states(app) == ["value", "unknown"]
            assert not run_cycle(app, "main").errors
            assert states(app) == ["value", "value"]
        with agent(named(one.replace("MARGIN", "PARTNER"), other)) as app:
            assert states(app) == ["unknown", "value"]


def test_a_field_that_changes_or_appears_changes_the_number(tmp_path: Path) -> None:
    fields = '[fields.main.deal]\nmargin = "UF_CRM_MARGIN"\n'
    with (
        start_sandbox("bitrix24", scale="empty", seed=1, limits=False) as box,
        agent(write_settings(tmp_path, box, extra=fields)) as app,
    ):
        deal = box.portal.create_deal(7, 100)
        box.portal.move_deal(deal, "WON")

        def margin(value: str | None = None) -> tuple[Any, str]:
            if value is not None:
                change = {"entityTypeId": 2, "id": deal, "fields": {"ufCrmMargin": value}}
                app.client("main").call("crm.item.update", change, write=True)
            assert not run_cycle(app, "main").errors
            (found,) = [each for each in ask(app, "margin") if each.manager_id is None]
            return found.value, found.state

        assert margin() == (None, "unknown")
        one = {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_MARGIN", "userTypeId": "double"}
        box.portal.userfields.add(one)
        app.client("main").kept.clear()  # an hour passes
        assert margin("12.5") == ("12.50", "value")
        assert margin("30") == ("30.00", "value")
        assert margin("") == ("0.00", "partial")
