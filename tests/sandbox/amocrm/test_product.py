"""Products: elements of lists on leads, as they are shown, noted and counted."""

from datetime import date
from typing import Any

import pytest

from sandbox.amocrm.box import AmoBox
from sandbox.amocrm.company import build_account
from sandbox.amocrm.product import WHOLESALE_ID
from sandbox.amocrm.truth import truth
from sandbox.amocrm.truth_product import sold_truth
from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, Client, documented

YEAR: dict[str, Any] = {"since": date(2026, 1, 1), "until": date(2026, 12, 31), "tz": "UTC"}


def stocked(box: AmoBox, price: str = "10.50") -> tuple[int, int, int]:
    """A lead, a list of products and its only element."""
    account = box.account
    catalog = account.add_list()
    return (
        account.create_lead(ANNA),
        catalog,
        account.add_product(catalog, "Насос", price, wholesale="8"),
    )


def shown(client: Client, lead: int) -> list[dict[str, Any]]:
    row = client.get(f"leads/{lead}?with=catalog_elements")
    found: list[dict[str, Any]] = row["_embedded"]["catalog_elements"]
    return found


def test_a_lead_shows_its_elements_as_documented_and_only_when_asked(desk: Client) -> None:
    lead, catalog, element = stocked(desk.box)
    assert shown(desk, lead) == []
    desk.box.account.put_product(lead, catalog, element)
    (row,) = shown(desk, lead)
    (sample,) = documented("lead_by_id_with_all")["_embedded"]["catalog_elements"]
    assert (set(row), set(row["metadata"])) == (set(sample), set(sample["metadata"]))
    assert row["metadata"] == {"quantity": 1, "catalog_id": catalog}
    assert "catalog_elements" not in desk.get(f"leads/{lead}")["_embedded"]
    desk.box.account.put_product(lead, catalog, element, 2500, price_id=WHOLESALE_ID)
    (row,) = shown(desk, lead)
    assert row["metadata"] == {
        "quantity": 2.5, "catalog_id": catalog, "price_id": WHOLESALE_ID,
    }  # fmt: skip


def test_who_may_not_see_lists_sees_no_elements(desk: Client) -> None:
    lead, catalog, element = stocked(desk.box)
    desk.box.account.put_product(lead, catalog, element)
    desk.box.account.access.catalogs = False
    assert shown(desk, lead) == []
    assert desk.ask("GET", f"catalogs/{catalog}/elements").status_code == 403


def test_elements_are_found_by_their_ids_with_their_prices(desk: Client) -> None:
    _, catalog, element = stocked(desk.box)
    other = desk.box.account.add_product(catalog, "Без цены")
    rows = desk.rows(f"catalogs/{catalog}/elements?filter[id][]={element}&filter[id][]=1")
    assert [row["id"] for row in rows] == [element]
    prices = {one["field_code"]: one["values"] for one in rows[0]["custom_fields_values"]}
    assert prices == {"PRICE": [{"value": "10.50"}], None: [{"value": "8"}]}
    desk.box.account.drop_product(catalog, other)
    assert [row["id"] for row in desk.rows(f"catalogs/{catalog}/elements")] == [element]


def test_what_is_put_on_a_lead_and_taken_off_changes_it_and_is_noted(
    desk: Client, clock: Clock
) -> None:
    lead, catalog, element = stocked(desk.box)
    told = {"quantity": 1, "catalog_id": catalog}
    sent = {"to_entity_id": element, "to_entity_type": "catalog_elements"}
    for verb, left in (("link", [element]), ("unlink", [])):
        clock.forward(minutes=1)
        assert desk.ask("POST", f"leads/{lead}/{verb}", [sent | {"metadata": told}]).is_success
        assert desk.get(f"leads/{lead}")["updated_at"] == desk.box.account.now()
        event, value = desk.rows("events")[0], "value_after" if left else "value_before"
        assert event["type"] == f"entity_{verb}ed"
        assert event[value] == [{"link": {"entity": {"type": "catalog_element", "id": element}}}]
        links = desk.get(f"leads/{lead}/links")["_embedded"]["links"]
        assert [row["to_entity_id"] for row in links] == left


def test_the_lines_of_a_deal_that_is_won_are_sold_by_who_won_it(
    empty: AmoBox, clock: Clock
) -> None:
    account = empty.account
    lead, catalog, element = stocked(empty)
    bills = account.add_list("Счета", "invoices")
    account.put_product(lead, bills, account.add_product(bills, "Счёт", "99"))
    account.put_product(lead, catalog, element, 333)
    assert sold_truth(account, **YEAR, read=clock()) == {}
    account.win_lead(lead)
    read = clock()
    assert sold_truth(account, **YEAR, read=read) == {ANNA: (1, 350), None: (1, 350)}
    clock.forward(minutes=1)
    account.take_off_product(lead, element)
    rows = truth(account, by="total", **YEAR, view="observed", reads=[read])
    assert [row.value for row in rows if row.metric == "products_sold"] == [1, 1]
    assert sold_truth(account, **YEAR, read=clock()) == {}


@pytest.mark.parametrize("scale", ["empty", "tiny"])
def test_a_company_with_leads_has_products_on_some_of_them(scale: str, clock: Clock) -> None:
    account = build_account(scale, 1, clock)
    busy = [one for one in account.leads.rows.values() if one.goods]
    assert bool(busy) == bool(account.catalogs) == (scale != "empty")
    assert len(busy) < max(1, len(account.leads.rows))
    assert all(one.updated_at == one.now.at for one in busy), "a history changes nothing else"
