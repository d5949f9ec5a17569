"""Requests in every form the portal takes, and the login."""

import pytest

from sandbox.php import parse_query
from sandbox.server import Box
from tests.sandbox.conftest import Client, documented


def test_json_form_and_address_mean_the_same(client: Client) -> None:
    asked = "entityTypeId=2&filter[%3Eid]=3&order[id]=ASC&select[]=id&select[]=title&start=-1"
    address = client.address("crm.item.list")
    by_json = client.result(
        "crm.item.list",
        entityTypeId=2,
        filter={">id": 3},
        order={"id": "ASC"},
        select=["id", "title"],
        start=-1,
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    by_form = client.http.post(address, content=asked, headers=form).json()["result"]
    by_address = client.http.get(f"{address}?{asked}").json()["result"]
    assert by_json == by_form == by_address
    assert by_json["items"][0]["id"] > 3


@pytest.mark.parametrize("spelling", ["crm.item.list.json", "CRM.ITEM.LIST", "Crm.Item.list.JSON"])
def test_a_method_is_found_in_any_letter_case(client: Client, spelling: str) -> None:
    assert client.result(spelling, entityTypeId=2)["items"]


def test_the_new_family_takes_parameters_in_their_own_case_only(client: Client) -> None:
    body = client.body("crm.item.list", ENTITYTYPEID=2)
    assert body["error"] == 100
    first = client.result("crm.deal.list", FILTER={"ID": 1})
    assert [row["ID"] for row in first] == ["1"]


def test_php_reads_brackets_and_splits_at_the_first_sign() -> None:
    assert parse_query("a[b][0]=x&a[b][1]=y&c[]=1&c[]=2") == {
        "a": {"b": ["x", "y"]},
        "c": ["1", "2"],
    }
    assert parse_query("filter[%3E%3Did]=3&q=a+b%26c") == {"filter": {">=id": "3"}, "q": "a b&c"}
    assert parse_query("filter[>=id]=3") == {"filter_>": "id]=3"}
    assert parse_query("filter[0][logic]=OR&filter[0][0][id]=1") == {
        "filter": [{"logic": "OR", "0": {"id": "1"}}]
    }


@pytest.mark.parametrize(
    ("break_it", "status", "name"),
    [
        ("code", 401, "system_error__INVALID_CREDENTIALS"),
        ("expired", 401, "system_error__expired_token"),
        ("scope", 403, "system_error__insufficient_scope"),
    ],
)
def test_a_bad_login_is_refused_in_the_documented_words(
    client: Client, box: Box, break_it: str, status: int, name: str
) -> None:
    address = client.address("crm.item.list")
    if break_it == "code":
        address = address.replace(box.portal.access.code, "wrong")
    elif break_it == "expired":
        box.portal.access.expired = True
    else:
        box.portal.access.scopes.discard("crm")
    answer = client.http.post(address, json={"entityTypeId": 2})
    assert answer.status_code == status
    assert answer.json() == documented(name)


def test_a_wrong_user_id_is_a_wrong_login(client: Client, box: Box) -> None:
    address = f"{box.url}/rest/7/{box.portal.access.code}/profile"
    answer = client.http.post(address, json={})
    assert answer.json()["error"] == "INVALID_CREDENTIALS"


def test_basic_methods_need_no_scope(client: Client, box: Box) -> None:
    box.portal.access.scopes.clear()
    assert client.result("profile")["ID"] == "1"
    assert client.result("user.admin") is True
    assert client.result("scope") == []
    assert "crm" in client.result("scope", full=True)
    assert "crm.item.list" not in client.result("methods")


def test_contacts_are_hidden_from_the_brief_scope(client: Client, box: Box) -> None:
    assert "EMAIL" in client.result("user.get")[0]
    box.portal.access.scopes -= {"user", "user_basic"}
    assert "EMAIL" not in client.result("user.get")[0]


def test_applications_methods_refuse_a_webhook(client: Client) -> None:
    answer = client.answer("event.offline.get")
    assert (answer.status_code, answer.json()["error"]) == (403, "WRONG_AUTH_TYPE")


def test_an_unknown_method_is_not_found(client: Client) -> None:
    answer = client.answer("crm.nothing.list")
    assert (answer.status_code, answer.json()["error"]) == (404, "ERROR_METHOD_NOT_FOUND")


def test_only_an_administrator_makes_types(desk: Client, empty: Box) -> None:
    empty.portal.access.admin = False
    answer = desk.answer("crm.type.add", fields={"title": "KPI", "entityTypeId": 1036})
    assert (answer.status_code, answer.json()["error"]) == (403, "ACCESS_DENIED")
    assert empty.portal.writes == []


def test_every_request_is_logged_without_the_secret(client: Client, box: Box) -> None:
    client.body("batch", cmd={"a": "User.Current", "b": "crm.item.list?entityTypeId=2"})
    client.answer("crm.nothing.list")
    first, second = list(box.log)
    assert (first.method, first.commands) == ("batch", ("user.current", "crm.item.list"))
    assert (second.status, second.error) == (404, "ERROR_METHOD_NOT_FOUND")
    shown = client.http.get(f"{box.url}/_sandbox/log")
    assert box.portal.access.code not in shown.text
    assert [record["seq"] for record in shown.json()["log"]] == [1, 2]
    client.http.delete(f"{box.url}/_sandbox/log")
    assert len(box.log) == 0
