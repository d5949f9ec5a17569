"""Requests are refused as the official page of the Data API says, with HTTP 200 and a mnemonic."""

from typing import Any

import pytest

from tests.clock import Clock
from tests.sandbox.uis.conftest import Client

WINDOW = {"date_from": "2026-10-01 00:00:00", "date_till": "2026-10-15 00:00:00"}
CALLS = "get.calls_report"


def test_a_request_that_is_none_is_refused(client: Client) -> None:
    good = {"jsonrpc": "2.0", "id": 1, "method": "get.account", "params": {}}
    found = {}
    for name, sent in {
        "batch": [good],
        "notification": {**good, "id": None},
        "version": {**good, "jsonrpc": "1.0"},
        "method": {**good, "method": "get.nothing"},
        "params": {**good, "params": []},
        "key": good,
    }.items():
        answer = client.post(sent)
        assert answer.status_code == 200
        found[name] = answer.json()["error"]["data"]["mnemonic"]
    assert found == {
        "batch": "batch_opreations_not_supported",
        "notification": "notifications_not_supported",
        "version": "invalid_request",
        "method": "method_not_found",
        "params": "data_type_error",
        "key": "required_parameter_missed",
    }
    body = client.http.post(f"{client.box.url}/v2.0", content=b"{").json()
    assert body["error"]["code"] == -32700


@pytest.mark.parametrize(
    ("params", "mnemonic"),
    [
        ({}, "required_parameter_missed"),
        ({"date_from": "2026-10-01", "date_till": "2026-10-02"}, "invalid_parameter_value"),
        (WINDOW | {"date_from": "2026-07-01 00:00:00"}, "date_interval_limit_reached"),
        (WINDOW | {"limit": 10_001}, "invalid_parameter_value"),
        (WINDOW | {"offset": 100_001}, "invalid_parameter_value"),
        (WINDOW | {"limit": "10"}, "data_type_error"),
        (WINDOW | {"fields": "id"}, "data_type_error"),
        (WINDOW | {"fields": ["no_such"]}, "unexpected_parameters"),
        (WINDOW | {"page": 1}, "unexpected_parameters"),
        (WINDOW | {"sort": [{"field": "id"}]}, "sort_prohibited"),
        (WINDOW | {"sort": [{"field": "no_such"}]}, "unexpected_parameters"),
        (WINDOW | {"filter": {"field": "start_time", "operator": "="}}, "filter_prohibited"),
        (WINDOW | {"filter": {"field": "id", "operator": "~"}}, "invalid_parameter_value"),
    ],
)
def test_a_wrong_parameter_is_refused(client: Client, params: Any, mnemonic: str) -> None:
    assert client.refusal(CALLS, **params) == mnemonic


def test_a_wrong_key_is_refused_and_repeated(client: Client) -> None:
    body = client.body("get.account", access_token="wrong")
    assert body["error"]["code"] == -32001
    assert body["error"]["data"]["mnemonic"] == "access_token_invalid"
    assert body["error"]["data"]["value"] == "wrong"


@pytest.mark.parametrize(
    "refusal", ["ip_not_whitelisted", "access_token_expired", "account_inactive"]
)
def test_an_account_may_refuse_everything(client: Client, refusal: str) -> None:
    client.box.account.refusal = refusal
    body = client.body("get.account")
    assert body["error"]["data"]["mnemonic"] == refusal
    assert ("127.0.0.1" in body["error"]["message"]) is (refusal == "ip_not_whitelisted")


def test_what_is_not_asked_for_is_not_told(client: Client) -> None:
    unasked = set(client.rows(CALLS, **WINDOW)[0])
    assert "clean_talk_duration" in unasked
    assert not {"employees", "is_transfer", "lost_call_processing_duration"} & unasked
    assert set(client.rows(CALLS, **WINDOW, fields=["id", "employees"])[0]) == {"id", "employees"}


def test_pages_sorting_and_filters(client: Client) -> None:
    asked = {**WINDOW, "fields": ["id", "start_time", "direction"]}
    order = [{"field": "start_time", "order": "asc"}]
    whole = client.body(CALLS, **asked, sort=order)["result"]
    begins = [row["start_time"] for row in whole["data"]]
    assert begins == sorted(begins)
    assert whole["metadata"]["total_items"] == len(begins) > 5
    part = client.body(CALLS, **asked, sort=order, offset=2, limit=3)["result"]
    assert part["data"] == whole["data"][2:5]
    assert part["metadata"]["total_items"] == len(begins)
    falling = client.rows(CALLS, **asked, sort=[{"field": "start_time", "order": "desc"}])
    assert [row["start_time"] for row in falling] == begins[::-1]
    one = {"field": "direction", "operator": "=", "value": "in"}
    other = {"field": "id", "operator": "in", "value": [row["id"] for row in whole["data"][:4]]}
    wanted = [row for row in whole["data"][:4] if row["direction"] == "in"]
    tree = {"filters": [one, other], "condition": "and"}
    assert client.rows(CALLS, **asked, sort=order, filter=tree) == wanted


def test_times_are_the_account_s_own(client: Client) -> None:
    from zoneinfo import ZoneInfo

    before = client.rows(CALLS, **WINDOW)[0]
    client.box.account.zone = ZoneInfo("Asia/Almaty")
    assert client.rows("get.account")[0]["timezone"] == "Asia/Almaty"
    shown = {row["id"]: row for row in client.rows(CALLS, **WINDOW)}
    hours = int(shown[before["id"]]["start_time"][11:13]) - int(before["start_time"][11:13])
    assert hours % 24 == 2


def test_points_are_told_spent_by_successes_alone_and_come_back(
    client: Client, clock: Clock
) -> None:
    limits = client.box.limits
    assert "limits" not in client.body("get.account")["result"]["metadata"]
    limits.enabled, limits.minute_limit = True, 3
    told = [client.body("get.account")["result"]["metadata"]["limits"] for _ in range(2)]
    assert [each["minute_remaining"] for each in told] == [1, 0]
    assert client.refusal(CALLS) == "limit_exceeded"
    refused = client.body("get.account")["error"]["data"]
    assert refused["params"]["limit_type"] == "minute"
    assert refused["metadata"]["limits"]["minute_reset"] == 60
    clock.forward(seconds=60)
    assert client.refusal(CALLS) == "required_parameter_missed"
    assert client.body("get.account")["result"]["metadata"]["limits"]["minute_remaining"] == 2


def test_the_controls_work_over_http(client: Client) -> None:
    url = client.box.url
    assert client.http.post(f"{url}/_sandbox/faults", json={"kind": "500"}).status_code == 200
    assert client.refusal("get.account") == "internal_error"
    done = client.http.post(f"{url}/_sandbox/live", json={"steps": 3, "seed": 4}).json()["done"]
    assert len(done) == 3
    rows = client.http.get(f"{url}/_sandbox/truth?from=2026-10-01&to=2026-10-31").json()["rows"]
    assert {"calls_in", "talk_time"} <= {row["metric"] for row in rows}
    log = client.http.get(f"{url}/_sandbox/log").json()["log"]
    assert [record["method"] for record in log] == ["get.account"]
