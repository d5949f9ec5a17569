"""Contacts, companies, tasks, product rows and departments as the portal spells them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Record, Since
from connectors.bitrix24 import CONNECTOR, department, product_row, task
from connectors.bitrix24.contact import COMPANIES, CONTACTS
from connectors.error import AbsentError, DataError
from sandbox.bitrix24.product import Good
from sandbox.server import Box
from store.fact import Client, ClientKind, Department, ProductLine, Task, TaskState
from tests.connectors.bitrix24.portal import CONTEXT, STREAMS, read, to

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bitrix24"
AT = "2026-10-05T12:00:00+03:00"
MOMENT = datetime(2026, 10, 5, 9, tzinfo=UTC)
CONTACT: Record = {
    "id": 23, "name": "Анна", "lastName": "Петрова", "companyId": 12, "assignedById": 6,
    "createdTime": AT, "updatedTime": AT,
}  # fmt: skip
COMPANY: Record = {"id": 12, "title": "ООО «Вектор»", "assignedById": 6, "createdTime": AT,
                   "updatedTime": AT}  # fmt: skip
TASK: Record = {
    "id": "8017", "status": "2", "responsibleId": "547", "createdDate": AT, "changedDate": AT,
    "closedDate": None, "deadline": "2026-10-06T19:00:00+03:00", "ufCrmTask": ["D_1723"],
}  # fmt: skip


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))["response"]["result"]


def tasked(**changes: Any) -> Task:
    (fact,) = task.normalize(TASK | changes, CONTEXT)
    assert isinstance(fact, Task)
    return fact


def lines(*rows: Record) -> tuple[ProductLine, ...]:
    (fact,) = product_row.normalize({"id": "13142", "rows": list(rows)}, CONTEXT)
    return fact.lines  # type: ignore[union-attr]


def test_a_contact_names_its_company_and_is_named_as_deals_name_it() -> None:
    (fact,) = CONTACTS.normalize(CONTACT, CONTEXT)
    assert fact == Client(
        ref="contact:23",
        kind=ClientKind.CONTACT,
        name="Анна Петрова",
        company_ref="company:12",
        owner_ref="6",
        created_at=MOMENT,
        updated_at=MOMENT,
    )


def test_a_company_is_called_by_its_title_and_one_without_by_its_id() -> None:
    (fact,) = COMPANIES.normalize(COMPANY, CONTEXT)
    (nameless,) = COMPANIES.normalize(COMPANY | {"title": None, "assignedById": 0}, CONTEXT)
    assert isinstance(fact, Client)
    assert isinstance(nameless, Client)
    assert (fact.ref, fact.name, fact.company_ref) == ("company:12", "ООО «Вектор»", None)
    assert (nameless.name, nameless.owner_ref) == ("company:12", None)


def test_neither_telephones_nor_addresses_of_clients_are_asked_for(box: Box) -> None:
    with to(box) as client:
        pages = [page for name in ("contacts", "companies") for page in read(client, name)]
    asked = {key for page in pages for record in page.records for key in record}
    assert asked == {
        "id", "ref", "name", "lastName", "title", "companyId", "assignedById", "createdTime",
        "updatedTime",
    }  # fmt: skip


def test_the_documented_task_is_somebodys_and_open() -> None:
    (row,) = payload("tasks_task_list__success")["tasks"]
    (fact,) = task.normalize(row | {"changedDate": row["createdDate"]}, CONTEXT)
    assert isinstance(fact, Task)
    assert (fact.ref, fact.owner_ref, fact.state) == ("8017", "547", TaskState.OPEN)
    assert fact.deadline_at == datetime(2025, 10, 24, 17, tzinfo=UTC)
    assert (fact.done_at, fact.is_crm) == (None, False)


@pytest.mark.parametrize(
    ("status", "state"),
    [("2", 0), ("3", 0), ("4", 0), ("5", 1), ("6", 0)],
)
def test_only_a_task_that_is_done_is_done_not_one_to_be_checked(status: str, state: int) -> None:
    fact = tasked(status=status, closedDate=AT)
    assert int(fact.state) == state
    assert fact.done_at == (MOMENT if state else None)
    assert fact.is_crm is True


def test_a_task_of_no_known_status_or_without_a_moment_makes_no_sense() -> None:
    for change in ({"status": "9"}, {"createdDate": ""}, {"deadline": "завтра"}):
        with pytest.raises(DataError):
            tasked(**change)


def test_the_documented_rows_are_lines_in_hundredths_and_thousandths() -> None:
    first, second = lines(*payload("crm_item_productrow_list__success")["productRows"])
    assert first == ProductLine(
        ref="17649",
        product_ref="9621",
        name="iphone 14",
        quantity=3000,
        amount=27_000_000,
        discount=2_727_273,
    )
    assert (second.quantity, second.amount, second.discount) == (1000, 555_000, 0)


def test_a_row_without_a_product_of_the_catalogue_is_known_by_its_name() -> None:
    row = {"id": 1, "productId": 0, "productName": "Доставка ", "price": 0.005, "quantity": 1.5}
    (line,) = lines(row)
    assert (line.product_ref, line.name) == ("name:доставка", "Доставка")
    assert (line.quantity, line.amount) == (1500, 1), "0.0075 roubles, rounded once"
    for change in ({"productName": ""}, {"quantity": "много"}, {"price": "1e99"}):
        with pytest.raises(DataError):
            lines(row | change)


def test_a_department_knows_its_head_and_its_parent() -> None:
    row = {"ID": "5", "NAME": "Отдел", "SORT": 500, "PARENT": "1", "UF_HEAD": "7"}
    (fact,) = department.normalize(row, CONTEXT)
    assert fact == Department(ref="5", name="Отдел", parent_ref="1", head_ref="7", sort=500)


def test_a_deal_with_more_rows_than_a_page_is_read_whole(box: Box) -> None:
    goods = [Good(0, f"Товар {number}", 100) for number in range(120)]
    deal = box.portal.create_deal(7)
    box.portal.sell(deal, *goods)
    with to(box) as client:
        found = {
            row["id"]: row["rows"] for page in read(client, "product_rows") for row in page.records
        }
    assert len(found[str(deal)]) == 120
    assert len({row["id"] for row in found[str(deal)]}) == 120


def test_rows_of_a_thousand_deals_take_a_request_for_each_500(box: Box) -> None:
    for number in range(1000):
        box.portal.sell(box.portal.create_deal(7), Good(number + 1, "Насос", 100))
    with to(box) as client:
        box.log.clear()
        deals = sum(len(page.records) for page in read(client, "product_rows"))
    assert deals >= 1000
    assert len(box.log) <= 8


def test_after_it_was_read_the_past_asks_for_nothing_but_the_time(box: Box) -> None:
    with to(box) as client:
        first = read(client, "past_deals", Since(changed_from=MOMENT))
        box.log.clear()
        again = read(client, "past_deals", Since(changed_from=MOMENT, cursor=first[-1].cursor))
    assert first[-1].cursor == "read"
    assert [len(page.records) for page in again] == [0]
    assert box.log[0].commands == ("server.time",)


@pytest.mark.parametrize(("name", "scope"), [("tasks", "task"), ("departments", "department")])
def test_a_scope_that_was_not_granted_is_silence_and_no_failure(
    box: Box, name: str, scope: str
) -> None:
    box.portal.access.scopes.discard(scope)
    with to(box) as client, pytest.raises(AbsentError) as told:
        read(client, name)
    assert f"`{scope}`" in str(told.value)


def test_links_lead_to_cards_of_clients_and_tasks(box: Box) -> None:
    with to(box) as client:
        links = [
            CONNECTOR.record_url(client.settings, *place)
            for place in (("client", "contact:12"), ("client", "company:5"), ("task", "8"))
        ]
    assert links == [
        f"{box.url}/crm/contact/details/12/",
        f"{box.url}/crm/company/details/5/",
        f"{box.url}/company/personal/user/0/tasks/task/view/8/",
    ]


def test_every_hour_reads_again_what_comes_late() -> None:
    assert {name for name, stream in STREAMS.items() if stream.late} == {"calls", "product_rows"}
