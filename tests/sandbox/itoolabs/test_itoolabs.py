"""The sandbox of the ITooLabs family answers as its public clients have seen it answer."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.conversation import IN, Conversation, Leg
from sandbox.itoolabs.app import REQUESTS
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.sandbox.telephone import AT, ring

HTTP = httpx.Client(trust_env=False, timeout=10.0, verify=False)  # noqa: S501
PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "itoolabs"
EVER: dict[str, Any] = {"start": "20200101T000000Z", "end": "20300101T000000Z", "type": "all"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Iterator[Any]:
    with start_sandbox("itoolabs", scale="empty", seed=5, clock=clock) as box:
        yield box


def get(box: Any, path: str, *, key: str | None = None, **query: Any) -> httpx.Response:
    headers = {"X-API-KEY": box.account.key if key is None else key}
    params = {name: str(value) for name, value in query.items()}
    return HTTP.get(f"{box.url}/crmapi/v1/{path}", params=params, headers=headers)


def rows(box: Any, **query: Any) -> Any:
    return get(box, "history/json", **(EVER | query)).json()


def test_rows_have_the_keys_that_were_seen(box: Any) -> None:
    seen = json.loads((PAYLOADS / "history.json").read_text(encoding="utf-8"))
    ring(box)
    (row,) = rows(box)
    assert set(row) <= {key for each in seen for key in each}
    assert {name: row[name] for name in ("type", "status", "wait", "duration", "start")} == {
        "type": "in",
        "status": "success",
        "wait": 5,
        "duration": 40,
        "start": datetime.fromtimestamp(AT, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_without_an_answer_there_is_no_duration(box: Any) -> None:
    ring(box, answered=False)
    (row,) = rows(box)
    assert "duration" not in row
    assert "record" not in row
    assert (row["status"], row["wait"], row["user"]) == ("missed", 9, "a.petrova")


def test_a_department_that_is_missed_has_no_user(box: Any) -> None:
    others = list(box.exchange.employees)[1:]
    ring(box, False, *(Leg(each, AT, None, AT + 9, "Отдел продаж") for each in others))
    (row,) = rows(box)
    assert "user" not in row
    assert row["group_name"] == "Отдел продаж"


def test_a_transfer_is_a_second_row_of_the_same_call(box: Any) -> None:
    second = list(box.exchange.employees)[1]
    ring(box, True, Leg(second, AT + 45, AT + 50, AT + 60, transfer="blind"))
    first_row, second_row = rows(box)
    assert first_row["uid"] == second_row["uid"]
    assert (first_row["duration"], second_row["duration"]) == (40, 10)
    assert first_row["user"] != second_row["user"]


def test_a_message_has_vm_as_its_destination(box: Any) -> None:
    ring(box, answered=False, kind="voicemail")
    assert [row["destination"] for row in rows(box)] == ["vm"]


def test_a_call_appears_when_it_has_ended(box: Any, clock: Clock) -> None:
    now = clock().timestamp()
    leg = Leg(next(iter(box.exchange.employees)), now, now + 5, now + 60)
    box.exchange.add(Conversation(0, IN, "79161234567", "74951000001", now, now + 60, (leg,)))
    assert rows(box) == []
    clock.forward(seconds=61)
    assert len(rows(box)) == 1


def test_the_history_is_filtered_and_cut(box: Any) -> None:
    ring(box)
    ring(box, answered=False)
    assert len(rows(box, type="missed")) == 1
    assert len(rows(box, type="out")) == 0
    assert len(rows(box, user="a.petrova")) == 2
    assert len(rows(box, start="2026-10-15T10:59:59Z", end="2026-10-15T11:00:00Z")) == 2
    assert rows(box, end="20260101T000000Z") == []
    box.account.most = 1
    assert len(rows(box)) == 1


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("history/json", {"start": "yesterday"}, 400),
        ("history/json", EVER | {"user": "nobody"}, 404),
        ("nowhere", {}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    box: Any, path: str, query: dict[str, Any], status: int
) -> None:
    assert get(box, path, **query).status_code == status


def test_a_wrong_key_and_a_history_that_is_off_are_refused(box: Any) -> None:
    assert get(box, "domain", key="other").status_code == 401
    box.account.exports = False
    assert get(box, "history/json", **EVER).status_code == 501
    assert get(box, "users").status_code == 200


def test_users_come_in_parts_and_the_last_tells_of_no_next(box: Any) -> None:
    first = get(box, "users", start=0, limit=2).json()
    last = get(box, "users", start=2, limit=2).json()
    seen = json.loads((PAYLOADS / "users.json").read_text(encoding="utf-8"))
    assert first["info"] == {"start": 0, "limit": 2, "total": 3, "next": 2}
    assert last["info"] == {"start": 2, "limit": 2, "total": 3}
    assert first["items"][0].keys() == seen["items"][0].keys()


def test_the_zone_is_counted_westward(box: Any) -> None:
    assert get(box, "domain").json()["timezone"] == {"name": "Europe/Moscow", "offset": -180}


def test_too_many_requests_are_refused_until_the_minute_is_over(clock: Clock) -> None:
    with start_sandbox("itoolabs", scale="empty", seed=5, clock=clock, limits=True) as box:
        box.limits.rates = {REQUESTS: 2}
        assert [get(box, "domain").status_code for _ in range(3)] == [200, 200, 429]
        assert get(box, "domain").headers["retry-after"] == "61"
        clock.forward(seconds=61)
        assert get(box, "domain").status_code == 200
