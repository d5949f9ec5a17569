"""Faults and gates: what a client sees, and whether the request was applied."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.server import Box
from tests.sandbox.conftest import Client, documented


def create(client: Client) -> httpx.Response:
    return client.answer("crm.item.add", entityTypeId=2, fields={"title": "Сделка"})


def applied(box: Box) -> int:
    return len(box.portal.writes)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("503", 503, "QUERY_LIMIT_EXCEEDED"),
        ("429", 429, "OPERATION_TIME_LIMIT"),
        ("500", 500, "INTERNAL_SERVER_ERROR"),
        ("expired", 401, "expired_token"),
    ],
)
def test_a_refusal_is_the_portals_own_error(
    desk: Client, empty: Box, kind: str, status: int, code: str
) -> None:
    empty.faults.add(kind)
    answer = create(desk)
    assert answer.status_code == status
    assert answer.json() == documented(f"system_error__{code}")
    assert applied(empty) == 0
    assert create(desk).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("html200", 200), ("html403", 403), ("html500", 500)])
def test_a_page_comes_instead_of_json(desk: Client, empty: Box, kind: str, status: int) -> None:
    empty.faults.add(kind)
    answer = create(desk)
    assert answer.status_code == status
    assert answer.text.startswith("<!DOCTYPE html>")
    assert applied(empty) == 0


def test_an_empty_answer_is_a_success_without_a_body(desk: Client, empty: Box) -> None:
    empty.faults.add("empty200")
    answer = create(desk)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_renamed_portal_redirects(desk: Client, empty: Box) -> None:
    empty.faults.add("redirect", location="https://new.example")
    answer = create(desk)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"https://new.example/rest/{empty.webhook}/crm.item.add"
    assert applied(empty) == 0


def test_a_reset_comes_before_the_request_is_applied(desk: Client, empty: Box) -> None:
    empty.faults.add("reset")
    with pytest.raises(httpx.TransportError):
        create(desk)
    assert applied(empty) == 0
    assert empty.log[-1].status == 0


def test_a_lost_answer_belongs_to_an_applied_request(desk: Client, empty: Box) -> None:
    empty.faults.add("lost")
    with pytest.raises(httpx.TransportError):
        create(desk)
    assert applied(empty) == 1


def test_a_truncated_answer_is_well_framed_and_no_json(desk: Client, empty: Box) -> None:
    empty.faults.add("truncate")
    answer = create(desk)
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert applied(empty) == 1


def test_a_short_answer_breaks_off(desk: Client, empty: Box) -> None:
    empty.faults.add("short")
    with pytest.raises(httpx.RemoteProtocolError):
        create(desk)
    assert applied(empty) == 1


def test_a_slow_answer_drips_but_is_whole(desk: Client, empty: Box) -> None:
    empty.faults.add("slow", seconds=0.2)
    pieces = 0
    address = desk.address("server.time")
    with desk.http.stream("POST", address, json={}) as answer:
        for _ in answer.iter_raw():
            pieces += 1
    assert pieces > 3


def test_a_hanging_request_is_never_answered(desk: Client, empty: Box) -> None:
    empty.faults.add("hang")
    with pytest.raises(httpx.ReadTimeout):
        desk.http.post(desk.address("server.time"), json={}, timeout=0.2)
    assert desk.answer("server.time").status_code == 200


def test_a_fault_waits_for_its_turn_and_its_method(desk: Client, empty: Box) -> None:
    empty.faults.add("500", method="crm.item.add", after=1, count=2)
    assert desk.answer("server.time").status_code == 200
    assert [create(desk).status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_fault_for_a_method_meets_it_inside_a_batch(desk: Client, empty: Box) -> None:
    empty.faults.add("503", method="crm.item.list")
    cmd = {"a": "server.time", "b": "crm.item.list?entityTypeId=2"}
    assert desk.answer("batch", cmd={"a": "server.time"}).status_code == 200
    assert desk.answer("batch", cmd=cmd).status_code == 503


def test_one_command_of_a_batch_may_fail_alone(desk: Client, empty: Box) -> None:
    empty.faults.add("429", command="crm.item.list")
    cmd = {"a": "server.time", "b": "crm.item.list?entityTypeId=2"}
    body = desk.result("batch", cmd=cmd)
    assert body["result_error"]["b"]["error"] == "OPERATION_TIME_LIMIT"
    assert set(body["result"]) == {"a"}
    assert desk.result("batch", cmd=cmd)["result_error"] == []


def test_faults_are_armed_and_disarmed_over_http(desk: Client, empty: Box) -> None:
    switches = f"{empty.url}/_sandbox/faults"
    armed = desk.http.post(switches, json={"kind": "500", "count": -1})
    assert armed.json() == {"kind": "500", "method": "*"}
    assert [create(desk).status_code for _ in range(3)] == [500, 500, 500]
    desk.http.delete(switches)
    assert create(desk).status_code == 200
    assert desk.http.post(switches, json={"kind": "no"}).status_code == 400


def test_a_fault_is_written_in_one_word(empty: Box) -> None:
    fault = empty.faults.add_text("503:crm.item.list:2:5")
    assert (fault.kind, fault.method, fault.after, fault.count) == ("503", "crm.item.list", 2, 5)
    short = empty.faults.add_text("reset")
    assert (short.method, short.after, short.count) == ("*", 0, 1)


@pytest.fixture
def outcome(desk: Client) -> Iterator[dict[str, Any]]:
    """Sends three creations from another thread; keeps what became of them."""
    seen: dict[str, Any] = {"statuses": [], "error": None}

    def send() -> None:
        try:
            for _ in range(3):
                seen["statuses"].append(create(desk).status_code)
        except httpx.TransportError as error:
            seen["error"] = error

    thread = threading.Thread(target=send)
    seen["start"] = thread.start
    seen["join"] = lambda: thread.join(timeout=10)
    yield seen
    thread.join(timeout=10)


@pytest.mark.parametrize(("when", "done"), [("before", 1), ("after", 2)])
def test_a_gate_holds_the_nth_request(
    empty: Box, outcome: dict[str, Any], when: str, done: int
) -> None:
    empty.faults.gate(2, when)
    outcome["start"]()
    assert empty.faults.wait_gate(5.0)
    assert applied(empty) == done
    empty.faults.release()
    outcome["join"]()
    assert outcome["statuses"] == [200]
    assert outcome["error"] is not None
    assert applied(empty) == done


def test_a_gate_that_nobody_reaches_says_so(empty: Box) -> None:
    assert not empty.faults.wait_gate(0.01)
    empty.faults.gate(5)
    assert not empty.faults.wait_gate(0.01)
    empty.faults.release()


def test_closing_lets_a_held_request_go(empty: Box, outcome: dict[str, Any]) -> None:
    empty.faults.gate(1)
    outcome["start"]()
    assert empty.faults.wait_gate(5.0)
    empty.close()
    outcome["join"]()
    assert outcome["error"] is not None
