"""The shapes of answers, against payloads taken from the official documentation."""

from typing import Any

import pytest

from sandbox.bitrix24.call import Leg
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client, documented


def keys(row: dict[str, Any], *, but: str = "") -> set[str]:
    """Keys of a row, without those of one portal's own fields."""
    own = ("ufCrm", "parentId", "PARENT_ID", "UF_CRM")
    return {key for key in row if not key.startswith(own) and key not in but.split()}


def test_a_call_row_has_the_documented_keys_and_types(client: Client) -> None:
    shown = client.result("voximplant.statistic.get")[0]
    sample = documented("voximplant_statistic_get__success")["result"][0]
    assert keys(shown) == keys(sample)
    assert {type(shown[name]) for name in ("ID", "CALL_DURATION", "CALL_TYPE", "COST")} == {str}
    assert shown["CALL_START_DATE"].endswith("+03:00")


def test_a_deal_of_the_new_family_has_the_documented_keys(client: Client) -> None:
    deal_id = client.result("crm.item.list", entityTypeId=2)["items"][0]["id"]
    shown = client.result("crm.item.get", entityTypeId=2, id=deal_id)["item"]
    sample = documented("crm_item_update__success")["result"]["item"]
    assert keys(shown) == keys(sample)
    assert isinstance(shown["opportunity"], (int, float))
    assert shown["isWon"] is None


def test_a_deal_of_the_old_family_is_all_strings(client: Client) -> None:
    shown = client.result("crm.deal.list", order={"ID": "ASC"})[0]
    sample = documented("crm_deal_list__success")["result"][0]
    assert keys(sample) <= keys(shown)
    assert all(value is None or isinstance(value, str) for value in shown.values())
    assert shown["OPPORTUNITY"].rpartition(".")[2].isdigit()


def test_lists_carry_total_and_the_whole_time_object(client: Client) -> None:
    body = client.body("crm.item.list", entityTypeId=2, select=["id"])
    sample = documented("crm_item_list__success")
    assert keys(body) == keys(sample)
    time = documented("voximplant_statistic_get__success")["time"]
    assert set(body["time"]) == set(time)
    assert isinstance(body["time"]["operating_reset_at"], int)


def test_stage_history_has_the_documented_keys(client: Client) -> None:
    shown = client.result("crm.stagehistory.list", entityTypeId=2)["items"][0]
    sample = documented("crm_stagehistory_list__success")["result"]["items"][0]
    assert keys(shown) == keys(sample)
    assert isinstance(shown["ID"], int)


def test_the_default_funnel_alone_lacks_origin_keys(client: Client) -> None:
    shown = client.result("crm.category.list", entityTypeId=2)["categories"]
    sample = documented("crm_category_list__success")["result"]["categories"]
    for row, example in ((shown[0], sample[-1]), (shown[1], sample[0])):
        assert keys(row) == keys(example)
    assert [row["isDefault"] for row in shown] == ["Y", "N"]


def test_currencies_have_the_documented_keys(client: Client) -> None:
    shown = client.body("crm.currency.list")
    sample = documented("crm_currency_list__success")
    assert keys(shown["result"][0]) == keys(sample["result"][0])
    assert shown["total"] == sample["total"] == 0


def test_a_smart_process_and_its_field_have_the_documented_keys(desk: Client) -> None:
    made = desk.result("crm.type.add", fields={"title": "KPI", "entityTypeId": 1036})["type"]
    sample = documented("crm_type_get__success")["result"]["type"]
    assert keys(made) == keys(sample)
    listed = desk.result("crm.type.list")["types"][0]
    assert keys(listed) == keys(documented("crm_type_list__success")["result"]["types"][0])
    field = desk.result(
        "userfieldconfig.add",
        moduleId="crm",
        field={
            "entityId": f"CRM_{made['id']}",
            "fieldName": f"UF_CRM_{made['id']}_KIND",
            "userTypeId": "enumeration",
            "enum": [{"value": "Первый"}],
        },
    )["field"]
    example = documented("userfieldconfig_get__success")["result"]["field"]
    assert keys(field) == keys(example)
    assert keys(field["enum"][0]) == keys(example["enum"][0])
    assert isinstance(field["id"], str)


def test_item_fields_describe_upper_names(desk: Client) -> None:
    desk.result("crm.type.add", fields={"title": "KPI", "entityTypeId": 1036})
    shown = desk.result("crm.item.fields", entityTypeId=1036)["fields"]
    sample = documented("crm_item_fields__success")["result"]["fields"]
    for name in ("id", "title", "xmlId", "createdTime", "assignedById", "opened"):
        assert keys(shown[name]) == keys(sample[name])
        assert shown[name]["upperName"] == sample[name]["upperName"]
        assert shown[name]["type"] == sample[name]["type"]


def test_an_empty_map_of_a_batch_is_a_list(client: Client) -> None:
    body = client.body("batch", halt=0, cmd={"who": "user.current", "where": "department.get"})
    sample = documented("batch__success")
    assert keys(body["result"]) == keys(sample["result"])
    assert body["result"]["result_error"] == body["result"]["result_next"] == []
    assert body["result"]["result_total"] == {"where": 3}
    shown = body["result"]["result"]["who"]
    assert keys(sample["result"]["result"]["get_user"]) <= keys(shown)
    assert shown["ACTIVE"] is True


def test_the_clock_is_the_servers(client: Client, clock: Clock) -> None:
    shown = client.result("server.time")
    assert shown == "2026-10-15T12:00:00+03:00"
    assert len(shown) == len(documented("server_time__success")["result"])


@pytest.mark.parametrize(
    ("name", "method", "params"),
    [
        ("crm_deal_add__error", "crm.deal.add", {}),
        ("app_info__error", "app.info", {}),
        ("crm_type_add__error", "crm.type.add", {"fields": {"title": "SPA", "entityTypeId": 200}}),
        (
            "crm_item_list__error",
            "crm.item.list",
            {"entityTypeId": 2, "filter": {"FIELD": 1}},
        ),
    ],
)
def test_errors_say_what_the_documentation_says(
    client: Client, name: str, method: str, params: dict[str, Any]
) -> None:
    answer = client.answer(method, **params)
    assert answer.status_code == 400
    assert answer.json() == documented(name)


def test_call_statistics_need_their_right(client: Client, box: Box) -> None:
    box.portal.access.call_statistics = False
    answer = client.answer("voximplant.statistic.get")
    assert answer.status_code == 403
    assert answer.json() == documented("voximplant_statistic_get__error")


def test_nulls_of_a_call_stay_nulls(desk: Client, empty: Box) -> None:
    empty.portal.add_call(Leg(7, 1, 0, "486", session=None))
    row = desk.result("voximplant.statistic.get")[0]
    assert row["SESSION_ID"] is None
    assert row["EXTERNAL_CALL_ID"] is None
    assert row["CALL_FAILED_CODE"] == "486"


def test_a_deal_added_the_old_way_gets_a_number(desk: Client) -> None:
    made = desk.result("crm.deal.add", fields={"TITLE": "Сделка", "OPPORTUNITY": "10.505"})
    assert isinstance(made, type(documented("crm_deal_add__success")["result"]))
    assert desk.result("crm.deal.get", id=made)["OPPORTUNITY"] == "10.51"


def test_deleting_answers_with_an_empty_list_or_null(desk: Client) -> None:
    made = desk.result("crm.type.add", fields={"title": "KPI", "entityTypeId": 1036})["type"]
    item = desk.result("crm.item.add", entityTypeId=1036, fields={"title": "A"})["item"]
    field = desk.result(
        "userfieldconfig.add",
        moduleId="crm",
        field={
            "entityId": f"CRM_{made['id']}",
            "fieldName": f"UF_CRM_{made['id']}_X",
            "userTypeId": "string",
        },
    )["field"]
    gone = desk.result("crm.item.delete", entityTypeId=1036, id=item["id"])
    assert gone == documented("crm_item_delete__success")["result"] == []
    gone = desk.body("userfieldconfig.delete", moduleId="crm", id=field["id"])["result"]
    assert gone is documented("userfieldconfig_delete__success")["result"] is None
