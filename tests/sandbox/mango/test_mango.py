"""The simulated Mango Office: signatures, the lock, states of a report, limits, shapes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.conversation import IN, Conversation, Leg
from sandbox.exchange_truth import exchange_truth
from sandbox.mango.box import MangoBox
from sandbox.server import start_sandbox
from tests.clock import Clock

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "mango"
DAY = {"start_date": "14.10.2026 00:00:00", "end_date": "15.10.2026 23:59:59"}
MONTH = {"start_date": "17.09.2026 00:00:00", "end_date": "15.10.2026 23:59:59"}
PAGE = {"limit": 1000, "offset": 0}


class Client:
    """Asks with the exchange's own key, signed by its salt."""

    def __init__(self, box: MangoBox, clock: Clock) -> None:
        self.box, self.clock = box, clock
        self.salt = box.product.salt
        self.http = httpx.Client(trust_env=False, timeout=10.0, base_url=f"{box.url}/vpbx/")

    def ask(self, path: str, sent: Any) -> httpx.Response:
        text = json.dumps(sent)
        sign = hashlib.sha256(f"{self.box.product.key}{text}{self.salt}".encode()).hexdigest()
        form = {"vpbx_api_key": self.box.product.key, "sign": sign, "json": text}
        return self.http.post(path, data=form)

    def order(self, **sent: Any) -> Any:
        return self.ask("stats/calls/request/", {**MONTH, **PAGE, **sent}).json()

    def result(self, key: str) -> httpx.Response:
        return self.ask("stats/calls/result/", {"key": key})

    def report(self, **sent: Any) -> list[Any]:
        key = self.order(**sent)["key"]
        self.clock.forward(seconds=7)
        days: list[Any] = self.result(key).json()["data"]
        return days

    def calls(self, **sent: Any) -> list[Any]:
        return [call for day in self.report(**sent) for call in day["list"]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    with start_sandbox("mango", scale="small", seed=5, limits=True, clock=clock) as box:
        found = Client(box, clock)
        with found.http:
            yield found


def test_a_report_is_ordered_then_made_then_kept_a_minute(client: Client, clock: Clock) -> None:
    key = client.order()["key"]
    states = []
    for _ in range(12):
        states.append(client.result(key).json()["status"])
        clock.forward(seconds=0.6)
    assert states[0] == "request"
    assert "work" in states
    assert states[-1] == "complete"
    clock.forward(seconds=70)
    assert client.result(key).status_code == 404


def test_orders_are_limited_to_one_in_two_seconds(client: Client, clock: Clock) -> None:
    client.order()
    clock.forward(seconds=1)
    assert client.ask("stats/calls/request/", {**DAY, **PAGE}).status_code == 429
    clock.forward(seconds=1)
    assert "key" in client.order()


def test_ten_requests_a_second_are_answered(client: Client, clock: Clock) -> None:
    answers = [client.ask("config/users/request", {}).status_code for _ in range(12)]
    assert answers == [200] * 10 + [429] * 2
    clock.forward(seconds=1.1)
    assert client.ask("config/users/request", {}).status_code == 200


def test_a_wrong_request_locks_the_account_for_two_minutes(client: Client, clock: Clock) -> None:
    right, client.salt = client.salt, "wrong"
    assert client.ask("config/users/request", {}).json() == {"result": 3101}
    client.salt = right
    clock.forward(seconds=119)
    assert client.ask("config/users/request", {}).status_code == 401
    clock.forward(seconds=2)
    assert client.ask("config/users/request", {}).status_code == 200
    assert client.box.product.ignored == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_date": "01.08.2026 00:00:00"},
        {"limit": 999},
        {"offset": -1},
        {"end_date": "soon"},
        {"end_date": "01.01.2026 00:00:00"},
    ],
)
def test_a_span_of_more_than_a_month_and_other_nonsense_are_wrong_requests(
    client: Client, wrong: dict[str, Any]
) -> None:
    assert client.order(**wrong) == {"result": 3100}
    assert client.ask("config/users/request", {}).status_code == 401


def test_ids_of_employees_are_told_only_when_asked_for(client: Client) -> None:
    plain = client.ask("config/users/request", {}).json()["users"]
    asked = client.ask("config/users/request", {"ext_fields": ["general.user_id"]}).json()["users"]
    assert all("user_id" not in each["general"] for each in plain)
    ids = {each.id for each in client.box.exchange.employees.values() if each.active}
    assert {each["general"]["user_id"] for each in asked} == ids


def test_reports_have_one_entry_a_day_the_newest_first(client: Client) -> None:
    days = client.report()
    begun = [call["context_start_time"] for day in days for call in day["list"]]
    assert len(days) > 10
    assert begun == sorted(begun, reverse=True)
    assert all(day["total_calls_count"] == len(day["list"]) for day in days)


def test_pages_follow_one_another(client: Client) -> None:
    whole = client.calls()
    assert client.calls(limit=20, offset=0) == whole[:20]
    assert client.calls(limit=20, offset=20) == whole[20:40]


def test_an_empty_span_is_one_empty_day(client: Client) -> None:
    (day,) = client.report(start_date="01.01.2020 00:00:00", end_date="02.01.2020 00:00:00")
    assert day["list"] == []


def test_calls_and_employees_have_the_documented_shape(client: Client) -> None:
    known = json.loads((PAYLOADS / "calls_result.json").read_text("utf-8"))["data"][0]
    calls = client.calls()
    for call in calls:
        assert set(call) == set(known["list"][0])
        for element in call["context_calls"]:
            assert set(element) == set(known["list"][0]["context_calls"][0])
    person = json.loads((PAYLOADS / "users.json").read_text("utf-8"))["users"][0]
    found = client.ask("config/users/request", {"ext_fields": ["general.user_id"]}).json()
    assert {name: set(part) for name, part in found["users"][0].items()} == {
        name: set(part) for name, part in person.items()
    }


def test_groups_ordered_calls_transfers_and_robots_are_shown(client: Client) -> None:
    elements = [each for call in client.calls() for each in call["context_calls"]]
    groups = [each for each in elements if each["members"]]
    assert any(each["talk_duration"] for each in groups)
    for group in groups:
        assert group["talk_duration"] == sum(each["talk_duration"] for each in group["members"])
    for flag in ("BlindTransfer", "ConsultTransfer", "OutboundDialing"):
        assert any(each[flag] for each in elements)
    assert {1, 2, 3} == {call["context_type"] for call in client.calls()}
    assert any(call["context_init_type"] == 4 for call in client.calls())


def test_a_late_call_turns_up_in_a_span_that_was_read(client: Client, clock: Clock) -> None:
    before = len(client.calls())
    exchange = client.box.exchange
    at = clock().timestamp() - 86_400
    leg = Leg(next(iter(exchange.employees)), at, at + 3, at + 60)
    late = Conversation(0, IN, "79031234567", "74951000001", at, at + 60, (leg,))
    exchange.add(late, published_at=clock().timestamp() + 600)
    assert len(client.calls()) == before
    clock.forward(minutes=11)
    assert len(client.calls()) == before + 1


def test_the_truth_is_told_over_http(client: Client) -> None:
    days = {"from": "2026-10-01", "to": "2026-10-15", "by": "total"}
    told = httpx.get(f"{client.box.url}/_sandbox/truth", params=days, trust_env=False).json()
    since, until = Clock().now.date().replace(day=1), Clock().now.date()
    rows = exchange_truth(
        client.box.exchange, since=since, until=until, by="total", tz="Europe/Moscow"
    )
    assert told["rows"] == [row.plain() for row in rows]
    done = httpx.post(f"{client.box.url}/_sandbox/live", json={"steps": 2}, trust_env=False)
    assert len(done.json()["done"]) == 2


def test_it_serves_tls_as_well() -> None:
    with start_sandbox("mango", scale="empty", tls=True) as box:
        assert str(box.credentials["url"]).startswith("https://127.0.0.1:")
        assert box.credentials["ca_bundle"]
