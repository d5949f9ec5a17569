"""The portal's rates: only the one of now is shown, and money is counted by the one of its day."""

import pytest

from sandbox.bitrix24.company import build_portal
from sandbox.bitrix24.portal import Portal
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client
from tests.sandbox.test_truth import ANNA, at, numbers, of
from tests.sandbox.test_truth import portal as portal


def test_only_the_rate_of_now_is_shown(desk: Client, empty: Box) -> None:
    assert empty.portal.set_rate("USD", "93.12345") == "93.1235"
    rows = {row["CURRENCY"]: row for row in desk.result("crm.currency.list")}
    assert rows["USD"]["AMOUNT"] == "93.1235"
    assert [code for code, row in rows.items() if row["BASE"] == "Y"] == ["RUB"]
    assert (rows["KZT"]["AMOUNT"], rows["KZT"]["AMOUNT_CNT"]) == ("19.3700", "100")
    assert desk.result("crm.currency.base.get") == "RUB"


def test_the_base_has_no_rate_to_set(empty: Box) -> None:
    with pytest.raises(ValueError, match="RUB"):
        empty.portal.set_rate("RUB", 2)


def test_a_win_counts_by_the_rate_of_its_day(portal: Portal) -> None:
    portal.set_rate("USD", 100, at=at(8))
    for day in (7, 8):
        deal = portal.create_deal(ANNA, 1, currency="USD", at=at(day, 1))
        portal.move_deal(deal, "WON", at=at(day, 2))
    found = numbers(portal, by="day")
    assert found[ANNA, "revenue", "2026-10-07"] == "92.50"
    assert found[ANNA, "revenue", "2026-10-08"] == "100.00"


def test_an_observer_dates_a_rate_by_the_day_it_was_seen(portal: Portal) -> None:
    portal.set_rate("USD", 100, at=at(8))
    deal = portal.create_deal(ANNA, 1, currency="USD", at=at(8, 13))
    portal.move_deal(deal, "WON", at=at(8, 14))
    seen = numbers(portal, view="observed", reads=[at(7), at(9)])
    assert of(ANNA, seen)["revenue"] == "92.50"
    late = numbers(portal, view="observed", reads=[at(9)])
    assert of(ANNA, late)["revenue"] == "100.00"


def test_the_cycle_runs_from_creation_to_the_last_move(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(1))
    portal.move_deal(deal, "WON", at=at(2))
    portal.move_deal(deal, "NEW", at=at(3))
    portal.move_deal(deal, "WON", at=at(4, 18))
    found = of(ANNA, numbers(portal))
    assert (found["days_to_win"], found["sales_cycle"]) == (3.25, 3.25)


def test_a_company_of_some_size_sells_abroad_at_rates_that_move(clock: Clock) -> None:
    small = build_portal("small", 1, clock)
    abroad = {deal.currency for deal in small.deals.every.values()}
    assert abroad == {"RUB", "USD", "EUR", "KZT"}
    assert str(small.currencies.now("USD")) != "92.5000"
    tiny = build_portal("tiny", 1, clock)
    assert {deal.currency for deal in tiny.deals.every.values()} == {"RUB"}
