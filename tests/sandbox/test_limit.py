"""Limits on the tests' own clock."""

from collections.abc import Iterator

import pytest

from sandbox.server import Box, start_sandbox
from tests.clock import Clock
from tests.sandbox.conftest import Client


@pytest.fixture
def busy(clock: Clock) -> Iterator[Client]:
    with start_sandbox("bitrix24", scale="empty", limits=True, clock=clock) as box:
        client = Client(box)
        with client.http:
            yield client


def statuses(client: Client, number: int) -> list[int]:
    return [client.answer("server.time").status_code for _ in range(number)]


def test_fifty_requests_pass_and_then_two_a_second(busy: Client, clock: Clock) -> None:
    assert statuses(busy, 51) == [200] * 50 + [503]
    clock.forward(seconds=1)
    assert statuses(busy, 3) == [200, 200, 503]
    clock.forward(seconds=60)
    assert statuses(busy, 51) == [200] * 50 + [503]


def test_the_refusal_has_the_documented_words(busy: Client) -> None:
    statuses(busy, 50)
    assert busy.body("server.time") == {
        "error": "QUERY_LIMIT_EXCEEDED",
        "error_description": "Too many requests",
    }


def test_a_batch_is_one_request(busy: Client) -> None:
    body = busy.result("batch", cmd={f"c{n}": "server.time" for n in range(50)})
    assert len(body["result"]) == 50
    assert statuses(busy, 50) == [200] * 49 + [503]


def test_the_largest_plan_allows_more(busy: Client) -> None:
    busy.box.limits.enterprise()
    assert statuses(busy, 60) == [200] * 60


def test_a_method_that_worked_too_long_rests_alone(busy: Client, clock: Clock) -> None:
    busy.box.limits.costs["crm.item.list"] = 250.0
    first = busy.body("crm.item.list", entityTypeId=2)["time"]
    clock.forward(seconds=90)
    second = busy.body("crm.item.list", entityTypeId=2)["time"]
    assert (first["operating"], second["operating"]) == (250.0, 500.0)
    blocked = busy.answer("crm.item.list", entityTypeId=2)
    assert (blocked.status_code, blocked.json()["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert busy.answer("server.time").status_code == 200
    clock.now = clock.now.fromtimestamp(second["operating_reset_at"], clock.now.tzinfo)
    freed = busy.body("crm.item.list", entityTypeId=2)
    assert freed["time"]["operating"] == 500.0


def test_commands_of_a_batch_are_charged_one_by_one(busy: Client) -> None:
    busy.box.limits.costs["crm.item.list"] = 200.0
    cmd = {f"c{n}": "crm.item.list?entityTypeId=2" for n in range(5)}
    body = busy.result("batch", cmd=cmd)
    times = [body["result_time"][f"c{n}"]["operating"] for n in range(3)]
    assert times == [200.0, 400.0, 600.0]
    assert {row["error"] for row in body["result_error"].values()} == {"OPERATION_TIME_LIMIT"}
    assert set(body["result_error"]) == {"c3", "c4"}


def test_without_limits_nothing_is_counted(client: Client, box: Box) -> None:
    box.limits.costs["*"] = 1000.0
    assert statuses(client, 60) == [200] * 60
    assert client.body("server.time")["time"]["operating"] == 0
