"""What a period is compared with: as many days just before it."""

from kpi.catalog import Catalog
from store.table import CUSTOM_VALUE
from tests.kpi.books import Books
from tests.kpi.shelf import Shelf


def test_deals_that_became_faster_have_a_cycle_change_below_zero(
    books: Books, catalog: Catalog
) -> None:
    shelf = Shelf(books)
    # Before October of 31 days are 31 August to 30 September.
    for ref, won, days in (("1", "08-31", 20), ("2", "09-30", 40), ("3", "08-30", 90)):
        shelf.deal(ref, "05-01", won=won, cycle_s=days * 86_400)
    shelf.deal("4", "10-01", won="10-16", cycle_s=15 * 86_400)
    assert shelf.one(catalog, "sales_cycle_median_before") == 30
    assert shelf.one(catalog, "cycle_change") == -0.5
    assert shelf.one(catalog, "cycle_change", month="2026-06") is None
    told = shelf.told(catalog, "cycle_change")
    assert {part.metric: [each.ref for each in part.records] for part in told.parts} == {
        "sales_cycle_median": ["4"],
        "sales_cycle_median_before": ["1", "2"],
    }


def test_key_clients_are_those_who_bought_for_most_before_the_period(
    books: Books, catalog: Catalog
) -> None:
    shelf = Shelf(books)
    for number in range(1, 22):
        amount = {"base_amount": number * 1_000_00}
        shelf.deal(f"b{number}", "09-01", won="09-15", client_ref=f"company:{number}", **amount)
        shelf.deal(f"n{number}", "10-01", 2, won="10-15", client_ref=f"company:{number}", **amount)
    shelf.put_old("company:1", 2025, "09-30")
    shelf.deal("new", "10-01", won="10-20", client_ref="company:99", base_amount=10**9)
    # Twenty of the twenty-one; the least of them spent more than a year ago.
    spent = sum(range(2, 22)) * 1_000
    assert shelf.one(catalog, "key_revenue_before", 0) == f"{spent}.00"
    assert shelf.one(catalog, "key_revenue", 2) == f"{spent}.00"
    assert shelf.one(catalog, "key_revenue", 1) == "0.00"
    assert shelf.one(catalog, "key_client_growth", 0) == 0


def test_the_quality_of_leads_is_told_by_the_source_of_their_deals(
    books: Books, catalog: Catalog
) -> None:
    settings = {"funnels.qualified": ("B",), "fields.deal.source": ("SOURCE_ID",)}
    shelf = Shelf(books, settings)
    shelf.funnel("A", "B")
    for ref, stage, source in (("1", "A", "WEB"), ("2", "B", "WEB"), ("3", "B", None)):
        shelf.deal(ref, "10-01", stage_ref=stage)
        if source:
            shelf.put(CUSTOM_VALUE, kind="deal", ref=ref, name="source", text=source)
    found = {(each.of or {})["source"]: each.value for each in shelf.ask(catalog, "lead_quality")}
    assert found == {"WEB": 0.5, None: 1}
