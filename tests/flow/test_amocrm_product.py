"""What leads sell, from an account over sockets to the numbers of who won them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.value import Query, Value, values
from merilo.wiring import App
from tests.flow.agent import rows_of
from tests.flow.test_amocrm_change import Office, agree, office

SOLD = ("products_sold", "sold_by_lines", "discounts", "discount_depth", "unapproved_discount")


def told(app: App) -> dict[str, Value]:
    """What the team sold up to now."""
    today = app.clock().date()
    since = today - timedelta(days=200)
    query = Query(since=since, until=today, by="total", manager_ids=(0,), metrics=SOLD)
    return {each.metric: each for each in values(app.store, app.catalog, query, app.vantage)}


def team(app: App) -> dict[str, Any]:
    """The numbers that amoCRM feeds."""
    found = told(app)
    return {name: found[name].value for name in SOLD[:2]}


def stored(app: App) -> set[tuple[Any, ...]]:
    return rows_of(app, "amo", "product_line", "deal_ref, product_ref, name, quantity, amount")


def test_discounts_do_not_exist_here_and_are_unknown(tmp_path: Path) -> None:
    with office(tmp_path / "one") as one, one.opened() as app:
        one.read(app)
        states = {metric: each.state for metric, each in told(app).items()}
    assert states == dict.fromkeys(SOLD[:2], "value") | dict.fromkeys(SOLD[2:], "unknown")


def sell(one: Office) -> tuple[int, int, int]:
    """A deal that is won today with two pumps of a new list: (lead, list, element)."""
    account = one.account
    owner = next(each.id for each in account.users.values() if not each.admin)
    catalog = account.add_list()
    element = account.add_product(catalog, "Насос", "10.50")
    lead = account.create_lead(owner, 100)
    account.put_product(lead, catalog, element, 2000)
    account.win_lead(lead)
    return lead, catalog, element


@pytest.mark.parametrize("paid", [True, False])
def test_what_is_put_on_a_deal_and_taken_off_is_followed(tmp_path: Path, *, paid: bool) -> None:
    with office(tmp_path / "deal", "empty", paid=paid) as one, one.opened() as app:
        lead, catalog, element = sell(one)
        one.read(app)
        assert stored(app) == {(str(lead), str(element), "Насос", 2000, 2100)}
        other = one.account.add_product(catalog, "Фильтр", "3")
        one.account.put_product(lead, catalog, other, 500)
        one.read(app)
        assert team(app) == {"products_sold": 2, "sold_by_lines": "22.50"}
        one.account.take_off_product(lead, element)
        one.read(app)
        assert stored(app) == {(str(lead), str(other), "Фильтр", 500, 150)}
        agree(app, one)
        assert not any(stream.changed for stream in one.read(app).streams)


def test_without_the_right_to_lists_what_is_sold_is_unknown_until_it_is_given(
    tmp_path: Path,
) -> None:
    with office(tmp_path / "rights", "empty") as one, one.opened() as app:
        lead, catalog, _ = sell(one)
        one.account.access.catalogs = False
        result = {each.stream: each for each in one.read(app).streams}
        assert result["product_rows"].absent
        assert {each.state for each in told(app).values()} == {"unknown"}
        one.account.access.catalogs = True
        one.account.update_lead(lead, price=7)
        one.read(app)
        assert team(app) == {"products_sold": 1, "sold_by_lines": "21.00"}
        one.account.access.catalogs = False
        one.account.update_lead(lead, price=8)
        one.read(app)
        assert {each.state for each in told(app).values()} == {"unknown"}
        one.account.access.catalogs = True
        late = one.account.add_product(catalog, "Фильтр", "1")
        one.account.put_product(lead, catalog, late)
        one.read(app)
        assert team(app) == {"products_sold": 2, "sold_by_lines": "22.00"}


def test_leads_that_were_read_before_there_were_lists_are_read_once_more(tmp_path: Path) -> None:
    with office(tmp_path / "late", "empty") as one:
        sell(one)
        one.account.access.catalogs = False
        with one.opened() as app:
            one.read(app)
        one.account.access.catalogs = True
        with one.opened() as app:
            one.clock.forward(minutes=30)
            one.read(app)
            assert team(app) == {"products_sold": 1, "sold_by_lines": "21.00"}


def test_a_deal_without_products_in_an_account_that_sells_some_has_none(tmp_path: Path) -> None:
    with office(tmp_path / "none", "empty") as one, one.opened() as app:
        one.account.add_list()
        one.account.win_lead(one.account.create_lead(one.account.access.user, 5))
        one.read(app)
        assert team(app) == {"products_sold": 0, "sold_by_lines": "0.00"}
