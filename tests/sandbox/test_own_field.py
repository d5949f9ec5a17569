"""Custom fields of employees and of deals, as the old family keeps them."""

import pytest

from sandbox.server import Box
from tests.sandbox.conftest import Client, documented

FAMILIES = ("user.userfield", "crm.deal.userfield")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_field_is_added_listed_and_deleted(desk: Client, family: str) -> None:
    fields = {"FIELD_NAME": "KPI", "USER_TYPE_ID": "double", "SETTINGS": {"PRECISION": 1}}
    number = desk.result(f"{family}.add", fields=fields)
    assert isinstance(number, int)
    [row] = desk.result(f"{family}.list", filter={"ID": number})
    prefix = "UF_USR_" if family.startswith("user") else "UF_CRM_"
    assert (row["FIELD_NAME"], row["USER_TYPE_ID"]) == (f"{prefix}KPI", "double")
    assert row["ID"] == str(number)
    sample = documented("user_userfield_list__success")["result"][1]
    assert set(row) == set(sample)
    assert desk.result(f"{family}.update", id=number, fields={"SORT": 7}) is True
    assert desk.result(f"{family}.list")[0]["SORT"] == "7"
    assert desk.result(f"{family}.delete", id=number) is True
    assert desk.result(f"{family}.list") == []


@pytest.mark.parametrize("family", FAMILIES)
def test_mistakes_have_the_documented_errors(desk: Client, family: str) -> None:
    fields = {"FIELD_NAME": "KPI", "USER_TYPE_ID": "string"}
    desk.result(f"{family}.add", fields=fields)
    again = desk.body(f"{family}.add", fields=fields)
    assert again["error"] == "ERROR_CORE"
    assert "уже существует" in again["error_description"]
    nameless = desk.body(f"{family}.add", fields={"USER_TYPE_ID": "string"})
    assert nameless["error"] == ""
    assert "FIELD_NAME" in nameless["error_description"]
    typeless = desk.body(f"{family}.add", fields={"FIELD_NAME": "OTHER"})
    assert typeless["error_description"] == "The 'USER_TYPE_ID' field is not found."
    assert desk.body(f"{family}.delete", id=1)["error_description"] == "Access denied."


@pytest.mark.parametrize("family", FAMILIES)
def test_only_an_administrator_changes_fields(desk: Client, empty: Box, family: str) -> None:
    empty.portal.access.admin = False
    fields = {"FIELD_NAME": "KPI", "USER_TYPE_ID": "string"}
    assert desk.body(f"{family}.add", fields=fields)["error_description"] == "Access denied."
    body = desk.body("user.update", ID=7, NAME="Анна")
    assert {key: body[key] for key in ("error", "error_description")} == (
        documented("user_update__error")
    )


def test_an_employee_shows_what_was_set_and_loses_it_with_the_field(
    desk: Client, empty: Box
) -> None:
    fields = {"FIELD_NAME": "UF_USR_KPI", "USER_TYPE_ID": "integer"}
    number = desk.result("user.userfield.add", fields=fields)
    before = len(empty.portal.writes)
    for _ in range(2):
        assert desk.result("user.update", ID=7, UF_USR_KPI="12", UF_USR_OTHER="1") is True
    assert [write.method for write in empty.portal.writes[before:]] == ["user.update"]
    [row] = desk.result("user.get", FILTER={"@ID": [7]}, select=["ID", "UF_USR_KPI", "UF_USR_NO"])
    assert row == {"ID": "7", "UF_USR_KPI": "12"}
    assert desk.body("user.update", ID=7, UF_USR_KPI="x")["error"] == "ERROR_CORE"
    desk.result("user.userfield.delete", id=number)
    desk.result("user.userfield.add", fields=fields)
    assert desk.result("user.get", ID=7, select=["UF_*"])[0]["UF_USR_KPI"] is None
