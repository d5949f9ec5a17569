"""Requests, refusals and points, over sockets against the sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Check
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
    ScopeError,
)
from connectors.uis.account import account_of
from connectors.uis.check import check
from connectors.uis.classify import classify, limits_of, reset_s
from connectors.uis.client import UisClient
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.connectors.clock import FakeClock
from tests.connectors.patient import NONSENSE
from tests.connectors.uis.account import connected

CALLS = {
    "fields": ["id"],
    "date_from": "2026-10-01 00:00:00",
    "date_till": "2026-10-02 00:00:00",
}


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("uis", scale="tiny", seed=5, clock=FakeClock()) as box:
        yield box


@pytest.fixture
def client(box: Any) -> Iterator[UisClient]:
    with connected(box) as client:
        yield client


@pytest.mark.parametrize(
    ("code", "mnemonic", "kind"),
    [
        (-32001, "access_token_invalid", AuthError),
        (-32001, "access_token_expired", AuthError),
        (-32001, "access_token_blocked", AuthError),
        (-32003, "ip_not_whitelisted", AuthError),
        (-32009, "account_inactive", AuthError),
        (-32003, "forbidden", ScopeError),
        (-32008, "method_component_disabled", ScopeError),
        (-32029, "limit_exceeded", RetryableError),
        (-32603, "internal_error", RetryableError),
        (-32602, "data_type_error", RejectedError),
        (-32602, "date_interval_limit_reached", RejectedError),
        (-32700, "parse_error", RejectedError),
        (-32001, None, AuthError),
        (-32029, None, RetryableError),
        ("nonsense", None, RejectedError),
    ],
)
def test_a_refusal_is_told_by_its_mnemonic_and_only_else_by_its_code(
    code: object, mnemonic: str | None, kind: type[RemoteError]
) -> None:
    error = classify({"code": code, "message": "?", "data": {"mnemonic": mnemonic}})
    assert type(error) is kind


@pytest.mark.parametrize("error", [{}, {"data": None}, {"data": []}, {"data": {"params": 5}}])
def test_a_refusal_without_anything_is_our_mistake(error: dict[str, Any]) -> None:
    found = classify(error)
    assert isinstance(found, RejectedError)
    assert "report it" in found.todo


def test_what_was_sent_is_never_shown(box: Any) -> None:
    """The account repeats the key that it does not know."""
    wrong = canary("wrong-key")
    with connected(box, key=wrong) as client:
        with pytest.raises(AuthError) as refused:
            client.ask("get.account")
        assert wrong not in str(refused.value)
        assert wrong not in repr(client)
        assert "merilo secrets set" in refused.value.todo


def test_an_address_that_is_not_on_the_list_is_told(box: Any, client: UisClient) -> None:
    box.account.refusal = "ip_not_whitelisted"
    with pytest.raises(AuthError, match=r"127\.0\.0\.1") as refused:
        client.ask("get.account")
    assert "Security rules" in refused.value.todo
    assert len(box.log) == 1


def test_a_wrong_parameter_is_our_mistake_and_is_not_repeated(box: Any, client: UisClient) -> None:
    with pytest.raises(RejectedError, match="sort_prohibited") as refused:
        client.ask("get.calls_report", **CALLS, sort=[{"field": "id"}])
    assert refused.value.code == "sort_prohibited"
    assert len(box.log) == 1


@NONSENSE
def test_nonsense_instead_of_an_answer_is_asked_for_again(
    box: Any, client: UisClient, kind: str
) -> None:
    box.faults.add(kind, method="get.account")
    assert client.ask("get.account").rows[0]["timezone"] == "Europe/Moscow"
    assert len(box.log) == 2


def test_a_redirect_is_not_followed_and_the_account_left_alone(box: Any, client: UisClient) -> None:
    box.faults.add("redirect", method="get.account")
    with pytest.raises(RetryableError, match=r"renamed\.example") as refused:
        client.ask("get.account")
    assert "key is given to nobody" in refused.value.did
    assert len(box.log) == 1


def test_an_answer_to_another_request_is_none(client: UisClient) -> None:
    with pytest.raises(LostAnswerError):
        client._read(_answer(b'{"id": "other", "result": {"data": []}}'), "merilo-1")


def test_an_answer_without_rows_is_asked_for_again(client: UisClient) -> None:
    for data in (b"null", b"{}", b"[1]"):
        with pytest.raises(RetryableError, match="without the list"):
            client._read(_answer(b'{"id": "1", "result": {"data": %b}}' % data), "1")


def _answer(body: bytes) -> Any:
    from connectors.answer import Answer

    return Answer(200, {}, body, "https://dataapi.uiscom.ru/v2.0", 0.1)


def test_the_pace_keeps_within_the_minute_s_points(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("uis", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as one,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as other,
    ):
        strict.limits.minute_limit = 30
        for number in range(100):
            (one, other)[number % 2].ask("get.account")
        assert strict.limits.rejected == 0
        assert max(clock.slept) > 5


def test_points_spent_by_others_are_waited_for(box: Any) -> None:
    clock = FakeClock()
    with (
        start_sandbox("uis", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock) as client,
    ):
        for _ in range(strict.limits.minute_limit):
            strict.limits.spend()
        assert client.ask("get.account").rows
        assert strict.limits.rejected == 1
        assert sum(clock.slept) >= 60


def test_the_day_s_points_are_not_waited_for(box: Any) -> None:
    clock = FakeClock()
    with (
        start_sandbox("uis", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock) as client,
    ):
        strict.limits.day_limit = 3
        for _ in range(3):
            client.ask("get.account")
        with pytest.raises(RetryableError) as refused:
            client.ask("get.account")
        assert refused.value.retry_after is not None
        assert refused.value.retry_after > 800
        assert not clock.slept
        assert len(strict.log) == 3


def test_when_points_come_back_is_told_by_what_is_spent() -> None:
    limits = {
        "day_remaining": 9, "day_reset": 5000, "minute_remaining": 0, "minute_reset": 33,
    }  # fmt: skip
    assert reset_s(limits) == 33
    assert reset_s(limits | {"day_remaining": 0}) == 5000
    assert reset_s(limits | {"minute_remaining": 5}) == 0
    assert reset_s({}, "day") == 60
    assert reset_s({}) == 0
    assert limits_of({"error": {"data": {"metadata": {"limits": limits}}}}) == limits
    assert limits_of({"result": None, "error": 5}) == {}


def test_the_zone_is_asked_for_once_an_hour(box: Any, client: UisClient) -> None:
    for _ in range(3):
        assert account_of(client).zone.key == "Europe/Moscow"
    assert len(box.log) == 1
    client.options.sleep(3_700)
    assert account_of(client).id == "4153"
    assert len(box.log) == 2


def test_an_account_without_a_zone_is_not_guessed_at(box: Any, client: UisClient) -> None:
    class Nowhere:
        key = "Somewhere/Else"

    box.account.zone = Nowhere()
    with pytest.raises(RetryableError, match="time zone") as refused:
        account_of(client)
    assert "guesses" in refused.value.did


def test_the_server_s_time_is_told_or_ours(client: UisClient) -> None:
    assert abs((client.ask("get.account").served_at - client.options.clock()).total_seconds()) < 2
    body = b'{"id": "1", "result": {"data": [], "metadata": null}}'
    served_at = client._read(_answer(body), "1").served_at
    assert served_at < client.options.clock() < datetime(2026, 10, 16, tzinfo=UTC)


def lines_of(client: UisClient) -> dict[str, Check]:
    return {line.name: line for line in check(client)}


def test_check_tells_what_a_key_lacks(box: Any, client: UisClient) -> None:
    assert all(line.ok for line in check(client))
    box.account.closed = {"get.call_legs_report", "get.employees"}
    lines = lines_of(client)
    assert {name for name, line in lines.items() if not line.ok} == {"employees", "legs of calls"}
    assert "right" in lines["legs of calls"].todo
    box.account.refusal = "access_token_blocked"
    assert [(line.name, line.ok) for line in check(client)] == [("token", False)]


def test_check_tells_when_the_points_of_a_day_cannot_suffice(box: Any, client: UisClient) -> None:
    box.limits.enabled = True
    assert lines_of(client)["points"].ok
    box.limits.day_limit = 1_000
    line = lines_of(client)["points"]
    assert not line.ok
    assert "poll" in line.todo
