"""Metrics of clients on small hand-made stories: the expected numbers stand beside them."""

import pytest

from kpi.catalog import Catalog
from store.moment import to_day
from store.surrounding import CLIENT, PRODUCT_LINE
from tests.kpi.books import MOSCOW, Books
from tests.kpi.shelf import Shelf, at

ACME, BETA, IVAN = "company:1", "company:2", "contact:9"


@pytest.fixture
def shelf(books: Books) -> Shelf:
    """Ivan works for Acme; both companies are held by manager 1."""
    found = Shelf(books)
    for ref, kind, company in ((ACME, 2, None), (BETA, 2, None), (IVAN, 1, ACME)):
        found.put(
            CLIENT, ref=ref, kind=kind, name=ref, company_ref=company, owner_ref="1",
            created_at=at("01-01"), updated_at=at("01-01"),
        )  # fmt: skip
    return found


def test_a_second_call_to_the_same_company_is_no_new_contact(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.call(IVAN, "10-05", way=1)
    shelf.call(ACME, "10-06", by=2)
    shelf.letter(BETA, "10-07", by=2, way=2)
    shelf.letter(BETA, "11-01", by=1)
    shelf.call("contact:50", "09-30")
    shelf.call("contact:50", "10-10")
    assert [shelf.one(catalog, "new_contacts", who) for who in (1, 2, 0)] == [1, 1, 2]
    assert shelf.one(catalog, "new_contacts_in", 0) == 1
    assert shelf.one(catalog, "new_contacts_out", 0) == 1
    told = shelf.told(catalog, "new_contacts", 0)
    assert [(each.fact, each.contribution) for each in told.parts[0].records] == [
        ("call", 1),
        ("email", 1),
    ]


def test_a_lead_and_the_deal_made_of_it_are_one_client(shelf: Shelf, catalog: Catalog) -> None:
    shelf.lead("5", "09-20")
    shelf.deal("d", "10-02", client_ref=BETA, lead_ref="5")
    shelf.call(BETA, "10-03")
    assert shelf.one(catalog, "new_contacts") == 0
    assert shelf.one(catalog, "new_contacts", month="2026-09") == 1


def test_a_call_nobody_answered_is_no_contact(shelf: Shelf, catalog: Catalog) -> None:
    shelf.call(BETA, "10-05", talk=0)
    shelf.call(BETA, "11-05")
    assert shelf.one(catalog, "new_contacts") == 0
    assert shelf.one(catalog, "new_contacts", month="2026-11") == 1


def test_ten_calls_to_one_client_cover_one_client(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("a", "05-01", won="06-01", client_ref=ACME)
    shelf.deal("b", "05-01", won="06-01", client_ref=BETA)
    for day in range(1, 11):
        shelf.call(IVAN, f"10-{day:02}", by=2)
    (found,) = shelf.ask(catalog, "client_coverage")
    assert (found.value, found.numerator, found.denominator, found.n) == (0.5, 1, 2, 2)
    sides = {part.sides: [each.ref for each in part.records] for part in shelf.told(
        catalog, "client_coverage"
    ).parts}  # fmt: skip
    assert sides == {("numerator",): [ACME], ("denominator",): [ACME, BETA]}


def test_a_company_is_entered_by_its_first_meeting_or_long_talk(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.call(ACME, "09-05", talk=299)
    shelf.call(ACME, "10-05", talk=300)
    shelf.meeting(BETA, "09-06")
    shelf.meeting(BETA, "10-06")
    shelf.meeting("contact:70", "10-06")
    assert shelf.one(catalog, "companies_entered") == 1
    assert shelf.one(catalog, "companies_entered", month="2026-09") == 1


def test_prospects_are_those_without_a_deal_before(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("a", "10-04", client_ref=ACME)
    shelf.call(IVAN, "10-03", talk=120)
    shelf.call(IVAN, "10-05", talk=500)
    shelf.call(BETA, "10-06", talk=119)
    assert shelf.one(catalog, "calls_without_deal") == 1
    assert shelf.one(catalog, "calls_without_deal", 0) == 1
    # Acme and Beta are new contacts of October.
    assert shelf.one(catalog, "prospecting") == 3


def test_twenty_calls_and_one_deal_are_five_percent(shelf: Shelf, catalog: Catalog) -> None:
    for minute in range(20):
        shelf.call(IVAN, f"10-05 10:{minute:02}")
    shelf.deal("a", "10-05", won="10-20", client_ref=ACME)
    shelf.deal("b", "10-05", won="10-20", client_ref=BETA)
    assert shelf.one(catalog, "deals_won_called") == 1
    assert shelf.one(catalog, "call_conversion") == 0.05


def test_the_cycle_begins_with_the_first_contact(shelf: Shelf, catalog: Catalog) -> None:
    shelf.call(IVAN, "09-10")
    shelf.deal("a", "09-20", won="10-10", client_ref=ACME)  # 30 days from the call
    shelf.deal("b", "10-12", won="10-22", client_ref=ACME)  # bought before: 10 days
    shelf.deal("c", "10-01", won="10-15", client_ref=BETA)  # no contact is known: 14 days
    assert shelf.one(catalog, "contact_cycle_median") == 14
    told = shelf.told(catalog, "contact_cycle_median")
    assert sorted(each.contribution for each in told.parts[0].records if each.contribution) == [
        10,
        14,
        30,
    ]


def test_retention_and_churn_make_a_whole(shelf: Shelf, catalog: Catalog) -> None:
    shelf.put_old(ACME, 2025, "10-10")
    shelf.put_old(BETA, 2025, "10-20")
    shelf.deal("again", "10-01", won="10-15", client_ref=ACME)
    assert shelf.one(catalog, "retention") == 0.5
    assert shelf.one(catalog, "churn") == 0.5
    assert shelf.one(catalog, "base_growth") == -0.5
    shelf.deal("new", "10-01", won="10-16", client_ref="contact:80")
    assert shelf.one(catalog, "base_growth") == 0


def test_what_a_client_brings_is_of_who_won_them_first(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("a", "10-01", won="10-10", client_ref=ACME, base_amount=100_00)
    shelf.deal("b", "11-01", 2, won="11-10", client_ref=IVAN, base_amount=50_00)
    shelf.deal("c", "10-01", won="10-11", client_ref=BETA, base_amount=10_00)
    assert shelf.one(catalog, "client_lifetime_value") == "80.00"
    assert shelf.one(catalog, "client_lifetime_value", 2) is None
    assert shelf.one(catalog, "client_lifetime_value", 2, "2026-11") is None


def test_early_churn_is_judged_after_sixty_days(shelf: Shelf, catalog: Catalog) -> None:
    shelf.deal("a", "08-01", won="08-10", client_ref=ACME)
    shelf.deal("a2", "08-01", won="09-20", client_ref=ACME)
    shelf.deal("b", "08-01", won="08-11", client_ref=BETA)
    shelf.deal("b2", "08-01", won="08-30", client_ref=BETA)
    shelf.deal("late", "10-01", won="10-20", client_ref="contact:80")
    (found,) = shelf.ask(catalog, "early_churn", month="2026-08")
    assert (found.value, found.n) == (0.5, 2)
    (found,) = shelf.ask(catalog, "early_churn", month="2026-10")
    assert (found.value, found.n) == (None, 0)


def test_the_same_product_twice_is_one(shelf: Shelf, catalog: Catalog) -> None:
    def line(ref: str, product: str, client: str, when: str) -> None:
        closed = at(when)
        shelf.put(
            PRODUCT_LINE, ref=ref, deal_ref=ref, product_ref=product, name=product, state=1,
            client_ref=client, closed_at=closed, closed_day=to_day(closed, MOSCOW), closed_by=1,
        )  # fmt: skip

    line("1", "p", ACME, "09-20")
    line("2", "p", ACME, "10-01")
    line("3", "p", IVAN, "10-02")
    line("4", "q", ACME, "10-03")
    line("5", "p", BETA, "10-04")
    assert shelf.one(catalog, "sku_bought") == 3
    assert shelf.one(catalog, "sku_growth") == 2.0
    told = shelf.told(catalog, "sku_bought")
    assert [each.contribution for each in told.parts[0].records] == [1, 0, 1, 1]


def test_new_clients_and_new_contacts_are_the_growth_of_the_base(
    shelf: Shelf, catalog: Catalog
) -> None:
    shelf.call(ACME, "10-01")
    shelf.call(BETA, "10-01")
    shelf.deal("a", "10-02", won="10-10", client_ref=ACME)
    shelf.deal("b", "10-02", won="10-12", client_ref=ACME, is_repeat=1)
    assert shelf.one(catalog, "new_clients") == 1
    assert shelf.one(catalog, "new_base_conversion") == 0.5
    (found,) = shelf.ask(catalog, "average_client")
    assert (found.value, found.numerator, found.denominator) == ("200.00", "200.00", 1)
