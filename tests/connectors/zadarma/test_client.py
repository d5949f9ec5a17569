"""Requests, refusals, pace and the check, over sockets against the sandbox."""

import logging
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from connectors.answer import Answer
from connectors.base import Since
from connectors.error import (
    AuthError,
    RejectedError,
    RemoteError,
    RetryableError,
)
from connectors.zadarma import call
from connectors.zadarma.check import check
from connectors.zadarma.classify import classify, open_body, reset_s
from connectors.zadarma.client import REPORT, ZadarmaClient
from connectors.zadarma.clock import TIMEZONE
from sandbox.server import start_sandbox
from tests.canary import canary, seen_canaries
from tests.connectors.clock import FakeClock
from tests.connectors.patient import BY_STATUS, NONSENSE
from tests.connectors.zadarma.account import connected

WEEK = {
    "start": "2026-10-08 00:00:00",
    "end": "2026-10-15 00:00:00",
    "version": 2,
    "skip": 0,
    "limit": 1000,
}
DATE = {"date": "Thu, 15 Oct 2026 12:00:00 GMT"}
NOON_S = 1792065600


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("zadarma", scale="tiny", seed=5, clock=FakeClock()) as box:
        box.account.key, box.account.secret = canary("key"), canary("secret")
        yield box


@pytest.fixture
def client(box: Any) -> Iterator[ZadarmaClient]:
    with connected(box) as client:
        yield client


@pytest.mark.parametrize(("status", "kind"), [*BY_STATUS, (200, RejectedError)])
def test_a_refusal_has_its_class(status: int, kind: type[RemoteError]) -> None:
    answer = Answer(status, {}, b"", "https://api.example/v1/statistics/pbx/?x=1", 0.1)
    error = classify(answer, {"status": "error", "message": "No"})
    assert type(error) is kind
    assert "x=1" not in error.what


def test_200_is_no_success_unless_it_says_so() -> None:
    body = b'{"status":"error","message":"Wrong parameters"}'
    with pytest.raises(RejectedError, match="Wrong parameters"):
        open_body(Answer(200, {}, body, "https://api.example/v1/x/", 0.1))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": str(NOON_S + 30)}, 30),
        ({"x-ratelimit-reset": "17"}, 17),
        ({"x-ratelimit-reset": str(NOON_S - 5)}, 0),
        ({"x-ratelimit-reset": "soon", "retry-after": "9"}, 9),
        ({}, 0),
    ],
)
def test_when_the_limit_counts_anew_is_told_in_a_header(
    headers: dict[str, str], seconds: float
) -> None:
    assert reset_s(Answer(429, headers | DATE, b"", "https://api.example/", 0.1)) == seconds


def test_a_signed_request_is_answered_and_any_other_is_not(box: Any, client: ZadarmaClient) -> None:
    assert client.get(REPORT, WEEK).data["status"] == "success"
    box.account.secret = canary("other")
    with pytest.raises(AuthError, match="Not authorized") as refused:
        client.get(REPORT, WEEK)
    assert "merilo secrets set" in refused.value.todo


def test_three_reports_a_minute_are_never_exceeded_by_two_clients(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("zadarma", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as one,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as other,
    ):
        began = clock.seconds()
        for number in range(10):
            (one, other)[number % 2].get(REPORT, WEEK)
        assert strict.limits.rejected == 0
        assert 9 * 20 <= clock.seconds() - began <= 9 * 20 * 1.2


def test_other_requests_do_not_wait_for_reports(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("zadarma", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as client,
    ):
        client.get(REPORT, WEEK)
        began = clock.seconds()
        client.get(TIMEZONE)
        assert clock.seconds() == began


def test_a_limit_that_somebody_else_used_up_is_waited_for(box: Any, tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("zadarma", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path) as client,
        connected(strict, clock=clock) as stranger,
    ):
        for _ in range(2):
            stranger.get(REPORT, WEEK)
        began = clock.seconds()
        client.get(REPORT, WEEK)
        client.get(REPORT, WEEK)
        assert 59 <= clock.seconds() - began <= 65
        assert strict.limits.rejected == 0


@NONSENSE
def test_nonsense_instead_of_an_answer_is_asked_for_again(
    box: Any, client: ZadarmaClient, kind: str
) -> None:
    box.faults.add(kind)
    assert client.get(TIMEZONE).data["timezone"]
    assert len(box.log) == 2


def test_a_redirect_is_never_followed(box: Any, client: ZadarmaClient) -> None:
    box.faults.add("redirect", count=-1, location="https://evil.example")
    with pytest.raises(RetryableError, match="another page"):
        client.get(TIMEZONE)


def test_neither_key_nor_secret_is_in_any_text(
    box: Any, client: ZadarmaClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box.faults.add("500", count=-1)
    with pytest.raises(RetryableError) as refused:
        client.get(REPORT, WEEK)
    assert not seen_canaries(f"{client!r} {refused.value} {caplog.text}")


def test_an_unknown_disposition_is_told_once(box: Any, client: ZadarmaClient) -> None:
    box.account.dispositions = {each.id: "beamed up" for each in box.exchange.conversations}
    since = Since(changed_from=client.now() - timedelta(days=50))
    with structlog.testing.capture_logs() as written:
        for _ in range(2):
            assert list(call.pages(client, since))
    told = [each for each in written if each["event"] == "zadarma.disposition_unknown"]
    assert [each["disposition"] for each in told] == ["beamed up"]


def test_check_tells_that_all_is_well(box: Any, client: ZadarmaClient) -> None:
    box.exchange.live_step(random.Random(1))
    lines = {line.name: line for line in check(client)}
    assert all(line.ok for line in lines.values())
    assert lines.keys() == {"key", "zone", "extensions", "report", "clock"}
    assert "[[managers]]" in lines["extensions"].todo


def test_check_tells_a_wrong_zone_by_the_account_and_by_its_calls(box: Any) -> None:
    for _ in range(9):
        box.exchange.live_step(random.Random(2))
    with connected(box, zone="Asia/Almaty") as client:
        bad = {line.name: line for line in check(client) if not line.ok}
    assert bad.keys() == {"zone", "moments"}
    assert "UTC+3:00" in bad["zone"].detail
    assert "-120 minutes" in bad["moments"].detail


def test_check_tells_a_wrong_key(box: Any) -> None:
    with connected(box) as client:
        box.account.key = "other"
        (line,) = check(client)
    assert (line.name, line.ok) == ("key", False)
    assert line.todo
