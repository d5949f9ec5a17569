"""A smart process from its type to its items, and custom fields on the way."""

from typing import Any

import pytest

from sandbox.bitrix24.userfield import camel
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client

ENTITY_TYPE_ID = 1036


@pytest.fixture
def type_id(desk: Client) -> int:
    """The id of a smart process with four custom fields."""
    fields = {"title": "KPI", "entityTypeId": ENTITY_TYPE_ID}
    number: int = desk.result("crm.type.add", fields=fields)["type"]["id"]
    for name, kind in (("CALLS", "integer"), ("REVENUE", "double"), ("AS_OF", "datetime")):
        add_field(desk, number, name, kind)
    add_field(desk, number, "FULL", "boolean")
    return number


def add_field(client: Client, type_id: int, name: str, kind: str, **more: Any) -> Any:
    field = {"entityId": f"CRM_{type_id}", "fieldName": f"UF_CRM_{type_id}_{name}"}
    body = client.body(
        "userfieldconfig.add", moduleId="crm", field=field | more | {"userTypeId": kind}
    )
    return body.get("result", body)


def add(client: Client, **fields: Any) -> dict[str, Any]:
    item: dict[str, Any] = client.result(
        "crm.item.add", entityTypeId=ENTITY_TYPE_ID, fields=fields
    )["item"]
    return item


def update(client: Client, item_id: int, **fields: Any) -> dict[str, Any]:
    item: dict[str, Any] = client.result(
        "crm.item.update", entityTypeId=ENTITY_TYPE_ID, id=item_id, fields=fields
    )["item"]
    return item


@pytest.mark.parametrize("entity_type_id", [127, 193, 1029, 1031, "x"])
def test_a_type_outside_the_ranges_is_refused(desk: Client, entity_type_id: Any) -> None:
    body = desk.body("crm.type.add", fields={"title": "KPI", "entityTypeId": entity_type_id})
    assert body["error"] == "INVALID_ARG_VALUE"


def test_the_same_number_is_given_out_once(desk: Client, type_id: int, empty: Box) -> None:
    body = desk.body("crm.type.add", fields={"title": "Again", "entityTypeId": ENTITY_TYPE_ID})
    assert body["error"] == "INVALID_ARG_VALUE"
    types = [write for write in empty.portal.writes if write.method == "crm.type.add"]
    assert len(types) == 1


def test_a_type_without_a_number_gets_the_next_even_one(desk: Client) -> None:
    made = [desk.result("crm.type.add", fields={"title": "A"})["type"] for _ in range(2)]
    assert [one["entityTypeId"] for one in made] == [1030, 1032]


def test_a_type_is_found_by_either_number(desk: Client, type_id: int) -> None:
    by_id = desk.result("crm.type.get", id=type_id)["type"]
    by_type = desk.result("crm.type.getByEntityTypeId", entityTypeId=ENTITY_TYPE_ID)["type"]
    assert by_id == by_type
    assert type_id != ENTITY_TYPE_ID
    found = desk.result("crm.type.list", filter={"title": "KPI"})["types"]
    assert [one["id"] for one in found] == [type_id]
    missing = desk.body("crm.type.getByEntityTypeId", entityTypeId=1998)
    assert missing["error"] == "NOT_FOUND"


def test_an_upper_case_id_is_an_unknown_definition(desk: Client) -> None:
    body = desk.body("crm.type.list", order={"ID": "ASC"})
    assert body["error"] == 100
    assert "I_D" in body["error_description"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("UF_CRM_3_DIGIT", "ufCrm3Digit"),
        ("UF_CRM_3_DIGIT10", "ufCrm_3_DIGIT10"),
        ("UF_CRM_3_DIGIT_10", "ufCrm_3_DIGIT_10"),
        ("UF_CRM_3_1747309727", "ufCrm3_1747309727"),
        ("UF_CRM_1747309879", "ufCrm_1747309879"),
        ("UF_CRM_10_5186744711", "ufCrm10_5186744711"),
        ("UF_CRM_MARGIN", "ufCrmMargin"),
        ("UF_CRM_3_CALLS_IN", "ufCrm3CallsIn"),
    ],
)
def test_names_follow_the_documented_table(name: str, short: str) -> None:
    assert camel(name) == short


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("UF_CRM_{}_CALLS", "integer", "already exists"),
        ("UF_CRM_99_CALLS", "integer", "You cannot create custom fields"),
        ("UF_CRM_{}_small", "integer", "Fail to create"),
        ("UF_CRM_{}_" + "X" * 50, "integer", "Fail to create"),
        ("UF_CRM_{}_Y", "nothing", "Fail to create"),
        ("", "integer", "FIELD_NAME"),
        ("UF_CRM_{}_Y", "", "USER_TYPE_ID"),
    ],
)
def test_a_bad_field_is_refused_with_an_empty_code(
    desk: Client, type_id: int, name: str, kind: str, text: str
) -> None:
    field = {"entityId": f"CRM_{type_id}", "fieldName": name.format(type_id), "userTypeId": kind}
    answer = desk.answer("userfieldconfig.add", moduleId="crm", field=field)
    assert answer.status_code == 400
    assert answer.json()["error"] == ""
    assert text in answer.json()["error_description"]


def test_fields_are_listed_by_entity_and_deleted(desk: Client, type_id: int) -> None:
    listed = desk.body(
        "userfieldconfig.list", moduleId="crm", filter={"entityId": f"CRM_{type_id}"}
    )
    assert listed["total"] == 4
    first = listed["result"]["fields"][0]
    desk.body("userfieldconfig.delete", moduleId="crm", id=first["id"])
    columns = desk.result("crm.item.fields", entityTypeId=ENTITY_TYPE_ID)["fields"]
    assert first["fieldName"] not in {one["upperName"] for one in columns.values()}


def test_values_take_the_types_of_their_fields(desk: Client, type_id: int) -> None:
    prefix = f"ufCrm{type_id}"
    fields: dict[str, Any] = {f"{prefix}Calls": "41", f"{prefix}Revenue": "10.005"}
    fields |= {f"{prefix}AsOf": "2026-10-15T09:00:00+00:00", f"{prefix}Full": "1"}
    item = add(desk, title="Анна Петрова", **fields)
    assert item[f"{prefix}Calls"] == 41
    assert item[f"{prefix}Revenue"] == 10.01
    assert item[f"{prefix}AsOf"] == "2026-10-15T12:00:00+03:00"
    assert item[f"{prefix}Full"] == "Y"
    assert item["entityTypeId"] == ENTITY_TYPE_ID
    refused = desk.body(
        "crm.item.add", entityTypeId=ENTITY_TYPE_ID, fields={f"{prefix}Calls": "many"}
    )
    assert refused["error"] == "CRM_FIELD_ERROR_VALUE_NOT_VALID"


def test_an_item_keeps_its_key_and_is_found_by_it(desk: Client, type_id: int) -> None:
    item = add(desk, xmlId="merilo:3:2026-10", assignedById=7, title="А")
    add(desk, xmlId="other")
    found = desk.result(
        "crm.item.list", entityTypeId=ENTITY_TYPE_ID, filter={"=xmlId": "merilo:3:2026-10"}
    )["items"]
    assert [row["id"] for row in found] == [item["id"]]
    assert (found[0]["assignedById"], found[0]["createdBy"]) == (7, 1)


def test_flags_are_filtered_by_one_and_nought_only(desk: Client, type_id: int) -> None:
    name = f"ufCrm{type_id}Full"
    add(desk, **{name: "Y"})
    for wanted, number in (("1", 1), ("Y", 0)):
        page = desk.body("crm.item.list", entityTypeId=ENTITY_TYPE_ID, filter={name: wanted})
        assert page["total"] == number


def test_unknown_fields_are_ignored_silently(desk: Client, type_id: int, empty: Box) -> None:
    item = add(desk, title="А", ufCrm99Nothing=5)
    assert "ufCrm99Nothing" not in item
    runs = empty.portal.robot_runs
    assert update(desk, item["id"], ufCrm99Nothing=6) == item
    assert empty.portal.robot_runs == runs


def test_a_change_to_the_same_saves_nothing(
    desk: Client, type_id: int, empty: Box, clock: Clock
) -> None:
    name = f"ufCrm{type_id}Revenue"
    item = add(desk, title="А", **{name: 10.5})
    written = len(empty.portal.writes)
    clock.forward(minutes=1)
    assert update(desk, item["id"], title="А", **{name: "10.50"}) == item
    assert len(empty.portal.writes) == written
    after = update(desk, item["id"], **{name: 11})
    assert after["updatedTime"] > item["updatedTime"]
    assert empty.portal.writes[-1].changed == {name: 11.0}
    assert empty.portal.robot_runs == 2


def test_a_person_edits_an_item_without_leaving_a_write(
    desk: Client, type_id: int, empty: Box, clock: Clock
) -> None:
    item = add(desk, title="А")
    written = len(empty.portal.writes)
    clock.forward(minutes=1)
    edited: dict[str, Any] = {"title": "Б", f"ufCrm{type_id}Calls": 9}
    assert empty.portal.edit_item(ENTITY_TYPE_ID, item["id"], **edited)
    shown = empty.portal.items(ENTITY_TYPE_ID)[0]
    assert (shown["title"], shown["updatedBy"], shown[f"ufCrm{type_id}Calls"]) == ("Б", 7, 9)
    assert len(empty.portal.writes) == written


def test_a_type_with_items_cannot_be_deleted(desk: Client, type_id: int) -> None:
    item = add(desk, title="А")
    assert desk.body("crm.type.delete", id=type_id)["error"] == "BX_ERROR"
    desk.result("crm.item.delete", entityTypeId=ENTITY_TYPE_ID, id=item["id"])
    assert desk.result("crm.type.delete", id=type_id) == []
    body = desk.body("crm.item.list", entityTypeId=ENTITY_TYPE_ID)
    assert body["error"] == "NOT_FOUND"


def test_original_names_are_used_on_request(desk: Client, type_id: int) -> None:
    upper = f"UF_CRM_{type_id}_CALLS"
    item = desk.result(
        "crm.item.add", entityTypeId=ENTITY_TYPE_ID, useOriginalUfNames="Y", fields={upper: 3}
    )["item"]
    assert item[upper] == 3


def test_original_names_lose_all_but_custom_fields_from_a_selection(
    desk: Client, empty: Box
) -> None:
    field = {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_MARGIN", "userTypeId": "double"}
    desk.result("userfieldconfig.add", moduleId="crm", field=field)
    empty.portal.create_deal(7, 100)
    asked = {"entityTypeId": 2, "useOriginalUfNames": "Y"}
    some = desk.result("crm.item.list", select=["id", "UF_CRM_MARGIN"], **asked)["items"]
    assert some == [{"UF_CRM_MARGIN": None}]
    assert desk.result("crm.item.list", select=["id", "title"], **asked)["items"] == [[]]
    assert desk.result("crm.item.list", **asked)["items"][0]["id"]


def test_a_deals_custom_field_is_written_and_read(desk: Client, empty: Box) -> None:
    field = {"entityId": "CRM_DEAL", "fieldName": "UF_CRM_MARGIN", "userTypeId": "double"}
    desk.result("userfieldconfig.add", moduleId="crm", field=field)
    deal = empty.portal.create_deal(7, 100)
    item = desk.result(
        "crm.item.update", entityTypeId=2, id=deal, fields={"ufCrmMargin": "12.345"}
    )["item"]
    assert item["ufCrmMargin"] == 12.35
    assert desk.result("crm.deal.get", id=deal)["UF_CRM_MARGIN"] == "12.35"
    assert item["updatedBy"] == 1


def test_other_kinds_of_records_are_refused(desk: Client) -> None:
    assert desk.body("crm.item.list", entityTypeId=5)["error"] == "ENTITY_TYPE_NOT_SUPPORTED"
    assert desk.body("crm.item.list", entityTypeId=1998)["error"] == "NOT_FOUND"


def test_a_stage_of_another_funnel_is_refused(desk: Client, empty: Box) -> None:
    deal = empty.portal.create_deal(7, 1)
    refused = desk.body("crm.item.update", entityTypeId=2, id=deal, fields={"stageId": "C1:WON"})
    assert refused["error"] == "CRM_FIELD_ERROR_VALUE_NOT_VALID"
    moved = desk.result(
        "crm.item.update", entityTypeId=2, id=deal, fields={"stageId": "C1:WON", "categoryId": 1}
    )["item"]
    assert (moved["stageId"], moved["stageSemanticId"], moved["movedBy"]) == ("C1:WON", "S", 1)
    assert desk.body("crm.deal.update", id=deal, fields={"STAGE_ID": "WON9"})["error"] == ""
