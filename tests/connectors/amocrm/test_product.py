"""What leads sell: lines of elements of lists of products, with prices, and what asking costs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amocrm import lead, product
from connectors.amocrm.client import AmocrmClient, Body
from connectors.amocrm.product_list import SOLD, with_lines
from connectors.base import Record, Since
from connectors.error import AbsentError, AuthError, DataError
from sandbox.amocrm.product import WHOLESALE_ID
from sandbox.server import start_sandbox
from store.fact import ProductLine, ProductLines
from tests.connectors.amocrm.account import CONTEXT, payload
from tests.connectors.clock import FakeClock

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
WHOLE = Since(changed_from=NOW - timedelta(days=400))


@dataclass
class Documented:
    """Answers with what the documentation shows."""

    notes: dict[str, Any] = field(default_factory=dict)
    has_products: bool | None = None

    def get(self, path: str, _query: Any = ()) -> Body:
        name = "catalog_elements_list" if path.endswith("/elements") else "catalogs_list"
        return Body(payload(name), NOW)


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("amocrm", scale="empty", seed=5, limits=False, clock=FakeClock()) as box:
        yield box


def begin_pass(client: AmocrmClient) -> None:
    client.notes.clear()


def made(box: Any) -> int:
    """Another lead."""
    owner = next(each.id for each in box.account.users.values() if not each.admin)
    return int(box.account.create_lead(owner, 100))


def read_leads(client: AmocrmClient, since: Since = WHOLE) -> list[Record]:
    return [row for page in lead.pages(client, since) for row in page.records]


def read_lines(client: AmocrmClient, since: Since = WHOLE) -> list[Record]:
    return [row for page in product.pages(client, since) for row in page.records]


def lines(record: Record) -> tuple[ProductLine, ...]:
    (told,) = (each for each in lead.normalize(record, CONTEXT) if isinstance(each, ProductLines))
    return told.lines


def asked(box: Any, before: int, what: str) -> int:
    """How many requests of this kind were sent since."""
    return sum(what in each.method for each in box.log[before:])


def sold(**told: Any) -> Record:
    link = {"catalog": "1", "element": 7, "quantity": 1, "by": None, "name": "Насос"}
    return {"id": 5, SOLD: [{**link, "prices": {"PRICE": "10", "271215": "8"}, **told}]}


def line_of(**told: Any) -> ProductLine:
    (found,) = product.normalize(sold(**told), CONTEXT)
    assert isinstance(found, ProductLines)
    return found.lines[0]


def test_the_documented_lead_sells_the_documented_element() -> None:
    client = cast(AmocrmClient, Documented())
    (row,) = with_lines(client, [payload("lead_by_id_with_all")])
    assert lines(row) == (
        ProductLine(
            ref="3912171:4521:525439",
            product_ref="525439",
            name="Элемент",
            quantity=1000,
            amount=1200,
            discount=None,
        ),
    )


def test_an_amount_is_price_times_quantity_rounded_half_up() -> None:
    assert (line_of(quantity=1.5).quantity, line_of(quantity=1.5).amount) == (1500, 15_00)
    assert line_of(quantity=None).quantity == 1000
    assert line_of(quantity="0.333").amount == 3_33
    assert line_of(quantity=0.1, prices={"PRICE": "0.05"}).amount == 1
    assert line_of(quantity=0.1, prices={"PRICE": "0.04"}).amount == 0


@given(price=st.integers(0, 10**9), quantity=st.integers(0, 10**6))
def test_no_kopeck_is_lost_however_prices_are_spelt(price: int, quantity: int) -> None:
    spelt = f"{price // 100}.{price % 100:02d}"
    line = line_of(quantity=quantity / 1000, prices={"PRICE": spelt})
    assert (line.quantity, line.amount) == (quantity, (2 * price * quantity + 1000) // 2000)


def test_the_lead_may_name_the_field_of_the_price() -> None:
    assert line_of(by=271215).amount == 8_00
    assert line_of(by=0).amount == 10_00


def test_without_a_price_the_line_is_there_and_its_sum_unknown() -> None:
    for prices in ({}, {"PRICE": None}, {"PRICE": ""}):
        assert (line_of(prices=prices).quantity, line_of(prices=prices).amount) == (1000, None)
    assert line_of(by=99).amount is None
    assert line_of(prices={"PRICE": "0"}).amount == 0


def test_an_element_named_twice_is_one_line() -> None:
    record = sold(quantity=2)
    (found,) = product.normalize({**record, SOLD: record[SOLD] * 2}, CONTEXT)
    assert isinstance(found, ProductLines)
    assert [(each.quantity, each.amount) for each in found.lines] == [(4000, 40_00)]


@pytest.mark.parametrize(
    "nonsense",
    [{"quantity": "many"}, {"quantity": True}, {"element": None}, {"prices": {"PRICE": "dear"}},
     {"quantity": "1e300"}, {"quantity": 1e15, "prices": {"PRICE": 1e15}}],
)  # fmt: skip
def test_a_senseless_line_is_refused(nonsense: Record) -> None:
    with pytest.raises(DataError):
        list(product.normalize(sold(**nonsense), CONTEXT))


def test_only_elements_of_lists_of_products_are_lines(box: Any, client: AmocrmClient) -> None:
    account, one = box.account, made(box)
    for kind, price in (("products", "10.50"), ("regular", "1"), ("invoices", "2")):
        catalog = account.add_list(kind, kind)
        element = account.add_product(catalog, kind, price, wholesale="9")
        account.put_product(one, catalog, element, 2500)
    (row,) = read_leads(client)
    assert [(each.name, each.quantity, each.amount) for each in lines(row)] == [
        ("products", 2500, 26_25)
    ]
    (first, *_) = account.goods_of(one)
    account.put_product(one, first.catalog, first.element, 2000, price_id=WHOLESALE_ID)
    begin_pass(client)
    assert [each.amount for each in lines(read_leads(client)[0])] == [18_00]


def test_what_was_taken_off_is_told_by_no_lines(box: Any, client: AmocrmClient) -> None:
    account, one = box.account, made(box)
    catalog = account.add_list()
    element = account.put_product(one, catalog, account.add_product(catalog, "Насос", "5"))
    assert len(lines(read_leads(client)[0])) == 1
    account.take_off_product(one, element)
    assert lines(read_leads(client)[0]) == ()


def test_a_deleted_element_keeps_its_line_without_name_and_price(
    box: Any, client: AmocrmClient
) -> None:
    account, one = box.account, made(box)
    catalog = account.add_list()
    element = account.put_product(one, catalog, account.add_product(catalog, "Насос", "5"), 3000)
    account.drop_product(catalog, element)
    (line,) = lines(read_leads(client)[0])
    assert (line.product_ref, line.name, line.quantity) == (str(element), "", 3000)
    assert line.amount is None


def test_each_element_is_asked_for_once_a_pass_and_none_where_no_lead_has_one(
    box: Any, client: AmocrmClient
) -> None:
    account, leads = box.account, [made(box) for _ in range(4)]
    catalog = account.add_list()
    before = len(box.log)
    read_leads(client)
    assert asked(box, before, "elements") == 0
    for one in leads:
        account.put_product(one, catalog, account.add_product(catalog, f"Насос {one}", "5"))
    begin_pass(client)
    before = len(box.log)
    read_leads(client)
    read_leads(client)
    assert asked(box, before, "elements") == 1
    assert asked(box, before, "GET catalogs") == asked(box, before, "elements") + 1


def test_what_the_pass_over_the_leads_has_read_is_not_read_again(
    box: Any, client: AmocrmClient
) -> None:
    box.account.add_list()
    made(box)
    read_leads(client)
    before = len(box.log)
    (page,) = product.pages(client, WHOLE)
    assert (page.records, page.cursor) == ([], "1")
    assert len(box.log) == before
    begin_pass(client)
    (row,) = read_lines(client)
    assert row[SOLD] == []


def test_a_part_that_an_earlier_pass_read_is_read_again(box: Any, client: AmocrmClient) -> None:
    box.account.add_list()
    made(box)
    read_leads(client, Since(changed_from=NOW, checkpoint="id:0:0:0"))
    assert len(read_lines(client)) == 1
    now = client.now()
    begin_pass(client)
    read_leads(client, Since(changed_from=now, cursor="1"))
    later, sooner = (Since(changed_from=now + timedelta(minutes=by), cursor="1") for by in (1, -60))
    assert read_lines(client, later) == []
    assert len(read_lines(client, sooner)) == 1


def test_without_the_right_to_lists_lines_are_unknown_and_leads_are_read(
    box: Any, client: AmocrmClient
) -> None:
    account, one = box.account, made(box)
    catalog = account.add_list()
    account.put_product(one, catalog, account.add_product(catalog, "Насос", "5"))
    account.access.catalogs = False
    (row,) = read_leads(client)
    assert SOLD not in row
    assert [type(each).__name__ for each in lead.normalize(row, CONTEXT)] == ["Deal", "Lead"]
    with pytest.raises(AbsentError, match="no list of products"):
        read_lines(client)
    begin_pass(client)
    before = len(box.log)
    with pytest.raises(AbsentError):
        read_lines(client)
    assert len(box.log) == before, "it is asked only when a lead changed"


def test_elements_that_are_refused_make_lines_unknown(box: Any, client: AmocrmClient) -> None:
    account, one = box.account, made(box)
    catalog = account.add_list()
    account.put_product(one, catalog, account.add_product(catalog, "Насос", "5"))
    del account.elements[catalog]  # the account answers 404
    (row,) = read_leads(client)
    assert SOLD not in row
    with pytest.raises(AbsentError):
        read_lines(client)


def test_an_account_without_a_list_of_products_has_no_lines(box: Any, client: AmocrmClient) -> None:
    made(box)
    box.account.add_list("Договоры", "regular")
    assert SOLD not in read_leads(client)[0]
    with pytest.raises(AbsentError):
        read_lines(client)


def test_a_login_that_ended_is_no_missing_right(box: Any, client: AmocrmClient) -> None:
    box.account.access.revoke_token()
    with pytest.raises(AuthError, match="does not accept the token"):
        read_lines(client)
