"""Metrics made of their own rows are the same on both stores, and told by the same records."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi.catalog import Catalog
from kpi.metric import Distinct, Own, Share
from store.store import Store, open_store
from store.surrounding import CLIENT
from store.table import CUSTOM_VALUE
from tests.kpi.books import Books
from tests.kpi.shelf import Shelf, at
from tests.kpi.test_passage import SETTINGS

FIELDS = ("margin", "partner", "upsell", "nps", "loss_reason", "discount_approved", "imported")


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(postgres_url, tmp_path)
    yield opened
    opened.close()


def story(books: Books) -> Shelf:
    """A little of everything, in September and October."""
    fields = {f"fields.deal.{name}": ("UF",) for name in FIELDS} | {"fields.contact.role": ("UF",)}
    shelf = Shelf(books, SETTINGS | fields)
    shelf.funnel("A", "B", "C")
    for number in (1, 2):
        shelf.put(
            CLIENT, ref=f"company:{number}", kind=2, name="", owner_ref="1",
            created_at=at("01-01"), updated_at=at("01-01"), created_day=20260101,
        )  # fmt: skip
        shelf.call(f"company:{number}", f"10-0{number}", talk=400)
        shelf.call("contact:7", f"10-1{number}", by=number, way=1)
    shelf.put(
        CLIENT, ref="contact:7", kind=1, name="", company_ref="company:2", owner_ref="1",
        created_at=at("01-01"), updated_at=at("01-01"), created_day=20260101,
    )  # fmt: skip
    shelf.put(CUSTOM_VALUE, kind="contact", ref="contact:7", name="role", text="ЛПР\nCFO")
    shelf.meeting("contact:7", "10-14")
    shelf.put_old("company:1", 2025, "10-20")
    shelf.lead("5", "10-01", stage="B")
    shelf.deal("1", "09-20", won="10-05", client_ref="company:1", lead_ref="5")
    shelf.deal("2", "10-02", 2, won="10-25", client_ref="company:2", base_amount=2_000_000_00)
    shelf.deal("3", "10-03", state=2, stage_ref="LOSE", pipeline_ref="0")
    for ref, stage, day in (("1", "B", "10-01"), ("1", "C", "10-03"), ("2", "C", "10-04")):
        shelf.move(ref, stage, day)
    shelf.letter("deal:2", "10-04")
    shelf.meeting("deal:1", "10-02")
    values = (("margin", "5", 500), ("partner", "Север", None), ("nps", "9", 900))
    for name, text, amount in values:
        shelf.put(
            CUSTOM_VALUE, kind="deal", ref="1", name=name, text=text, number=amount,
            base_number=amount,
        )  # fmt: skip
    return shelf


@pytest.mark.timeout(400)
def test_postgresql_gives_the_numbers_and_records_of_sqlite(
    books: Books, postgres: Store, catalog: Catalog
) -> None:
    kinds = {name: each.kind for name, each in catalog.metrics.items()}
    names = [name for name, kind in kinds.items() if isinstance(kind, Own | Distinct | Share)]
    names += ["margin", "partner_revenue", "nps_promoters", "deals_created_here"]
    shelves = [story(books), story(Books(postgres))]
    found = [{name: shelf.told(catalog, name, 0) for name in names} for shelf in shelves]
    assert found[0] == found[1]
    told = [name for name, each in found[0].items() if any(part.records for part in each.parts)]
    assert len(told) > 25
