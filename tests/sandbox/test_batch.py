"""batch: fifty commands, references, halting, and errors beside results."""

from typing import Any
from urllib.parse import quote

import pytest

from sandbox.server import Box
from tests.sandbox.conftest import Client, documented

PAGE = "crm.item.list?entityTypeId=2&start=-1&order[id]=ASC&select[]=id&filter[%3Eid]="


@pytest.fixture
def deals(empty: Box) -> list[int]:
    return [empty.portal.create_deal(7, n) for n in range(70)]


def test_a_reference_takes_up_where_the_page_before_ended(desk: Client, deals: list[int]) -> None:
    cmd = {"a": f"{PAGE}0", "b": f"{PAGE}$result[a][items][49][id]"}
    result = desk.result("batch", halt=1, cmd=cmd)["result"]
    assert [row["id"] for row in result["a"]["items"] + result["b"]["items"]] == deals


def test_an_unresolved_reference_is_empty_and_begins_again(desk: Client, deals: list[int]) -> None:
    cmd = {
        "a": f"{PAGE}60",
        "b": f"{PAGE}$result[a][items][49][id]",
    }
    result = desk.result("batch", cmd=cmd)["result"]
    assert len(result["a"]["items"]) == 10
    assert [row["id"] for row in result["b"]["items"]] == deals[:50]


def test_a_bare_sign_in_a_key_loses_the_filter(desk: Client, deals: list[int]) -> None:
    command = "crm.item.list?entityTypeId=2&filter[>=id]=69&order[id]=ASC&start=-1"
    result = desk.result("batch", cmd={"a": command})["result"]
    assert len(result["a"]["items"]) == 50


def test_values_are_decoded_before_they_are_used(desk: Client) -> None:
    title = "A&B = 100% + #1"
    command = f"crm.item.add?entityTypeId=2&fields[title]={quote(title)}"
    body = desk.result("batch", cmd={"a": command})
    assert body["result"]["a"]["item"]["title"] == title


def test_errors_stand_beside_results(desk: Client, deals: list[int]) -> None:
    answer = desk.answer("batch", cmd={"bad": "crm.item.list", "good": f"{PAGE}0"})
    body = answer.json()["result"]
    assert answer.status_code == 200
    assert body["result_error"]["bad"]["error"] == 100
    assert set(body["result"]) == {"good"}
    assert set(body["result_time"]) == {"good"}


def test_halting_leaves_the_rest_without_a_key(desk: Client) -> None:
    cmd = {"one": "server.time", "bad": "nothing.here", "never": "server.time"}
    body = desk.result("batch", halt=1, cmd=cmd)
    assert set(body["result"]) == {"one"}
    assert set(body["result_error"]) == {"bad"}
    assert "never" not in str(body)


def test_commands_beyond_fifty_fail_by_themselves(desk: Client) -> None:
    cmd = {f"c{n}": "server.time" for n in range(52)}
    body = desk.result("batch", cmd=cmd)
    assert len(body["result"]) == 50
    errors: dict[str, Any] = body["result_error"]
    refusal = documented("system_error__ERROR_BATCH_LENGTH_EXCEEDED")
    assert errors == {"c50": refusal, "c51": refusal}


def test_a_batch_holds_no_batch(desk: Client) -> None:
    body = desk.result("batch", cmd=["batch?cmd[a]=server.time"])
    assert body["result_error"]["0"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert body["result"] == []
