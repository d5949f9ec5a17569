"""Clients, tasks, product rows, departments and merges of the simulated portal."""

from typing import Any

import pytest

from sandbox.bitrix24.product import Good
from sandbox.server import Box
from tests.sandbox.conftest import Client, documented


def items(client: Client, kind: int, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.result("crm.item.list", entityTypeId=kind, **more)["items"]
    return found


@pytest.mark.parametrize("method", ["crm.contact.list", "crm.company.list"])
def test_a_client_of_the_old_family_is_all_strings(client: Client, method: str) -> None:
    shown = client.result(method)[0]
    assert {"ID", "ASSIGNED_BY_ID", "DATE_CREATE", "DATE_MODIFY", "HAS_PHONE"} <= set(shown)
    assert all(value is None or isinstance(value, str) for value in shown.values())


def test_a_client_is_made_changed_and_deleted(client: Client) -> None:
    fields = {"title": "Вектор", "assignedById": 7}
    made = client.result("crm.item.add", entityTypeId=4, fields=fields)["item"]
    number = made["id"]
    client.result("crm.item.update", entityTypeId=4, id=number, fields={"title": "Гранит"})
    assert client.result("crm.item.get", entityTypeId=4, id=number)["item"]["title"] == "Гранит"
    client.result("crm.item.delete", entityTypeId=4, id=number)
    assert client.body("crm.item.get", entityTypeId=4, id=number)["error"] == "NOT_FOUND"
    assert number not in [row["id"] for row in items(client, 4, order={"id": "DESC"})]


def test_a_merge_keeps_the_first_and_moves_what_named_the_others(box: Box, client: Client) -> None:
    first, second = items(client, 4, select=["id"])[:2]
    deal = box.portal.create_deal(7)
    box.portal.deals.every[deal].company = second["id"]
    changed = items(client, 2, filter={"id": deal})[0]["updatedTime"]
    params = {"entityTypeId": 4, "entityIds": [first["id"], second["id"]]}
    merged = client.result("crm.entity.mergeBatch", params=params)
    assert merged == {"STATUS": "SUCCESS", "ENTITY_IDS": [second["id"]]}
    left = [row["id"] for row in items(client, 4, select=["id"])]
    assert second["id"] not in left
    (moved,) = items(client, 2, filter={"id": deal})
    assert (moved["companyId"], moved["updatedTime"]) == (first["id"], changed)


def test_a_merge_of_one_is_refused_as_documented(client: Client) -> None:
    refused = client.body("crm.entity.mergeBatch", params={"entityTypeId": 3, "entityIds": [1]})
    sample = documented("crm_entity_mergeBatch__error")
    assert refused["error"] == sample["error"]
    assert refused["error_description"] == sample["error_description"]


def test_a_task_has_documented_keys_and_strings(client: Client) -> None:
    shown = client.result("tasks.task.list", select=["ID", "DEADLINE", "REAL_STATUS"])["tasks"][0]
    assert set(shown) == {"id", "deadline", "status", "subStatus"}
    (sample,) = documented("tasks_task_list__success")["result"]["tasks"]
    assert set(shown) <= set(sample)
    assert isinstance(shown["id"], str)


def test_tasks_are_filtered_by_capitals(box: Box, client: Client) -> None:
    new = box.portal.tasks.create(7, links=("D_1",))
    found = client.result("tasks.task.list", filter={">ID": new - 1}, start=-1)["tasks"]
    assert [row["id"] for row in found] == [str(new)]
    assert found[0]["ufCrmTask"] == ["D_1"]


def test_product_rows_are_shown_for_named_deals_only(box: Box, client: Client) -> None:
    deal = box.portal.create_deal(7)
    box.portal.sell(deal, Good(9, "Насос", 10_000, 2000, 500))
    where = {"=ownerType": "D", "=ownerId": [deal]}
    (row,) = client.result("crm.item.productrow.list", filter=where)["productRows"]
    sample = documented("crm_item_productrow_list__success")["result"]["productRows"][0]
    assert set(row) <= set(sample)
    assert (row["price"], row["quantity"], row["discountSum"]) == (100, 2, 5)
    assert "error" in client.body("crm.item.productrow.list", filter={"=ownerType": "D"})
    box.portal.delete_deal(deal)
    assert client.result("crm.item.productrow.list", filter=where)["productRows"] == []


def test_a_row_that_stays_keeps_its_id(box: Box) -> None:
    deal = box.portal.create_deal(7)
    first = box.portal.sell(deal, Good(1, "Насос", 100), Good(2, "Фильтр", 100))
    second = box.portal.sell(deal, Good(2, "Фильтр", 200))
    assert second == first[1:]


def test_departments_come_in_pages_and_tell_their_heads(box: Box, client: Client) -> None:
    for number in range(60):
        box.portal.add_department(f"Отдел {number}", head=7)
    body = client.body("department.get")
    assert (len(body["result"]), body["next"]) == (50, 50)
    rest = client.result("department.get", start=50)
    assert len(rest) == 13
    assert rest[-1]["UF_HEAD"] == "7"
