"""The shapes of answers, against documented payloads, and what reports tell of odd calls."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.conversation import ATTENDED, INTERNAL, OUT, ROBOT, VOICEMAIL, Conversation
from sandbox.uis.account import FIRST_SESSION
from sandbox.uis.column import CALLS, EMPLOYEES, LEGS
from sandbox.uis.truth import heard, truth
from tests.sandbox.uis.conftest import Client

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "uis"
WINDOW = {"date_from": "2026-08-01 00:00:00", "date_till": "2026-10-15 23:59:59"}


def documented(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return body


REPORTS = {
    "calls_report": (CALLS, "get.calls_report", WINDOW),
    "call_legs_report": (LEGS, "get.call_legs_report", WINDOW),
    "employees": (EMPLOYEES, "get.employees", {}),
}


@pytest.mark.parametrize("name", REPORTS)
def test_rows_have_the_documented_columns_and_types(client: Client, name: str) -> None:
    columns, method, params = REPORTS[name]
    client.box.limits.enabled = True
    sample = documented(name)
    names = {key for row in sample["result"]["data"] for key in row}
    assert names <= columns.names
    body = client.body(method, **params, fields=sorted(names))
    assert set(body["result"]) == set(sample["result"])
    assert set(body["result"]["metadata"]) == set(sample["result"]["metadata"])
    limits = sample["result"]["metadata"]["limits"]
    assert set(body["result"]["metadata"]["limits"]) == set(limits)
    known: dict[str, set[type]] = {key: {type(None)} for key in names}
    for row in sample["result"]["data"]:
        for key, value in row.items():
            known[key].add(type(value))
    for row in body["result"]["data"]:
        assert set(row) == names
        assert [key for key, value in row.items() if type(value) not in known[key]] == []


def kinds(client: Client) -> dict[str, Conversation]:
    """One call of each odd kind."""
    found: dict[str, Conversation] = {}
    for call in client.box.exchange.conversations:
        names = [call.kind, call.direction if call.direction == INTERNAL else ""]
        names += [leg.transfer for leg in call.legs]
        names.append("rung in vain" if call.direction == OUT and call.result else "")
        found.update({name: call for name in names if name})
    return found


def reported(client: Client, call: Conversation) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the reports tell of a call, and its legs to employees."""
    number = FIRST_SESSION + call.id
    one = {"field": "id", "operator": "=", "value": number}
    asked = {**WINDOW, "limit": 10_000}
    (row,) = client.rows("get.calls_report", **asked, fields=sorted(CALLS.names), filter=one)
    one = {"field": "call_session_id", "operator": "=", "value": number}
    legs = client.rows("get.call_legs_report", **asked, fields=sorted(LEGS.names), filter=one)
    return row, [leg for leg in legs if leg["is_operator"]]


def test_odd_calls_are_told_as_the_vendor_tells_them(client: Client) -> None:
    calls = kinds(client)
    row, legs = reported(client, calls[ATTENDED])
    assert row["is_transfer"]
    assert sum(leg["duration"] for leg in legs) > row["clean_talk_duration"]
    assert row["talk_duration"] > row["clean_talk_duration"]
    assert [leg["is_transfered"] for leg in legs] == [False, True]
    row, legs = reported(client, calls["rung in vain"])
    assert (row["employees"][0]["is_answered"], row["employees"][0]["is_talked"]) == (True, False)
    assert (legs[0]["duration"] > 0, legs[0]["is_talked"]) == (True, False)
    assert (row["is_lost"], row["clean_talk_duration"]) == (True, 0)
    row, legs = reported(client, calls[INTERNAL])
    assert (row["direction"], len(row["contact_phone_number"])) == ("out", 3)
    assert [leg["is_talked"] for leg in legs] == [True, True]
    row, legs = reported(client, calls[ROBOT])
    assert row["source"] in ("ivr_informer", "auto_out_calls")
    assert (row["employees"], legs) == ([], [])
    row, _ = reported(client, calls[VOICEMAIL])
    assert (row["is_lost"], len(row["voice_mail_records"])) == (True, 1)


def test_the_clean_talk_of_every_call_is_what_the_truth_counts(client: Client) -> None:
    rows = client.rows("get.calls_report", **WINDOW, limit=10_000)
    told = {row["id"] - FIRST_SESSION: row["clean_talk_duration"] for row in rows}
    calls = [call for call in heard(client.box.account).conversations if call.id in told]
    assert len(calls) == len(told) > 50
    external = [call for call in calls if call.direction != INTERNAL]
    assert {call.id: call.talk_s for call in external} == {
        call.id: told[call.id] for call in external
    }


def test_the_truth_leaves_out_what_was_loaded_from_another_system(client: Client) -> None:
    from datetime import date

    def counted() -> int:
        rows = truth(
            client.box.account,
            since=date(2026, 8, 1),
            until=date(2026, 10, 15),
            by="total",
            tz="Europe/Moscow",
        )
        found = [row.value for row in rows if row.user is None and row.metric == "calls_in"]
        return int(found[0])

    before = counted()
    answered = next(call for call in client.box.exchange.conversations if call.direction == "in")
    client.box.account.uploaded = {answered.id}
    assert counted() == before - 1
