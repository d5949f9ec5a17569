"""Requests, refusals, windows and the check, over sockets against the sandbox."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import structlog.testing

from connectors.answer import Answer
from connectors.base import Since
from connectors.error import (
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
    ScopeError,
)
from connectors.itoolabs import call, user
from connectors.itoolabs.check import check
from connectors.itoolabs.classify import classify
from connectors.itoolabs.client import Body, ItoolabsClient
from sandbox.conversation import IN, Conversation
from sandbox.server import start_sandbox
from tests.canary import canary, seen_canaries
from tests.connectors.clock import FakeClock
from tests.connectors.itoolabs.account import connected
from tests.connectors.patient import BY_STATUS, NONSENSE

SINCE = Since(changed_from=datetime(2026, 10, 12, 9, tzinfo=UTC))


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("itoolabs", scale="tiny", seed=5, clock=FakeClock()) as box:
        box.account.key = canary("key")
        yield box


@pytest.fixture
def client(box: Any) -> Iterator[ItoolabsClient]:
    with connected(box) as client:
        yield client


@pytest.mark.parametrize(("status", "kind"), [*BY_STATUS, (501, ScopeError), (503, RetryableError)])
def test_a_refusal_has_its_class_and_advice(status: int, kind: type[RemoteError]) -> None:
    error = classify(Answer(status, {}, b"", "https://a.example/crmapi/v1/history/json", 0.1))
    assert type(error) is kind
    assert error.todo or kind in (RetryableError, LostAnswerError)


def test_users_are_read_page_by_page(box: Any, client: ItoolabsClient) -> None:
    with mock.patch.object(user, "_LIMIT", 2):
        pages = list(user.pages(client, SINCE))
    assert [len(page.records) for page in pages] == [2, 1]
    logins = [row["login"] for page in pages for row in page.records]
    assert len(set(logins)) == len(box.exchange.employees) == 3


def test_a_pass_asks_for_the_users_once(box: Any, client: ItoolabsClient) -> None:
    user.open_pass(client, ())
    (page,) = user.pages(client, SINCE)
    assert len(page.records) == len(user.extensions_of(client)) == 3
    assert box.log.calls() == ["GET users"]


def test_a_late_read_knows_the_extensions_too(box: Any, client: ItoolabsClient) -> None:
    assert len(user.extensions_of(client)) == 3
    list(call.pages(client, SINCE))
    assert box.log.calls().count("GET users") == 1


def test_calls_are_read_where_there_is_no_list_of_users(box: Any, client: ItoolabsClient) -> None:
    refused = RejectedError("None.", code="404")
    with mock.patch.object(ItoolabsClient, "get", side_effect=refused):
        user.open_pass(client, ())
        with pytest.raises(RejectedError):
            list(user.pages(client, SINCE))
    assert user.extensions_of(client) == frozenset()
    assert list(call.pages(client, SINCE))


def test_a_bare_list_of_users_is_all_of_them(client: ItoolabsClient) -> None:
    answer = Body([{"login": "anna", "ext": 101}], client.now())
    with mock.patch.object(ItoolabsClient, "get", return_value=answer):
        assert [page.records for page in user.pages(client, SINCE)] == [answer.data]
    assert client.notes["extensions"] == {"101"}


@pytest.mark.parametrize("answer", [{"users": []}, {"items": None}, "", 7])
def test_anything_but_a_list_of_users_is_not_nobody(client: ItoolabsClient, answer: object) -> None:
    with (
        mock.patch.object(ItoolabsClient, "get", return_value=Body(answer, client.now())),
        pytest.raises(RetryableError, match="list of users"),
    ):
        list(user.pages(client, SINCE))


def test_a_list_that_leads_back_is_not_followed_forever(client: ItoolabsClient) -> None:
    answer = Body({"items": [], "info": {"next": 0}}, client.now())
    with (
        mock.patch.object(ItoolabsClient, "get", return_value=answer),
        pytest.raises(RetryableError, match="back to its beginning"),
    ):
        list(user.pages(client, SINCE))


@pytest.mark.parametrize("answer", [{"error": "x"}, {"items": []}, [1], "", None])
def test_anything_but_a_list_of_calls_is_not_an_empty_day(
    client: ItoolabsClient, answer: object
) -> None:
    with (
        mock.patch.object(ItoolabsClient, "get", return_value=Body(answer, client.now())),
        pytest.raises(RetryableError, match="list of calls"),
    ):
        call.history(client, client.now() - call.DAY, client.now())


def test_days_are_asked_for_in_utc_each_with_the_hour_before(client: ItoolabsClient) -> None:
    asked: list[tuple[object, ...]] = []
    get = client.get

    def spied(path: str, query: Any = ()) -> Body:
        asked.append(tuple(value for _, value in query) if path == "history/json" else ())
        return get(path, query)

    with mock.patch.object(client, "get", spied):
        pages = list(call.pages(client, SINCE))
    assert [each for each in asked if each] == [
        ("20261012T090000Z", "20261013T090000Z", "all"),
        ("20261013T080000Z", "20261014T090000Z", "all"),
        ("20261014T080000Z", "20261015T090000Z", "all"),
        ("20261015T080000Z", "20261015T120000Z", "all"),
    ]
    assert [page.checkpoint[:13] for page in pages] == [
        "2026-10-13T09", "2026-10-14T09", "2026-10-15T09", "2026-10-15T12",
    ]  # fmt: skip


def test_a_run_goes_on_after_the_last_day_that_was_kept(client: ItoolabsClient) -> None:
    since = Since(
        changed_from=SINCE.changed_from, checkpoint=datetime(2026, 10, 15, tzinfo=UTC).isoformat()
    )
    (page,) = call.pages(client, since)
    assert page.checkpoint.startswith("2026-10-15T12")


def test_an_unknown_status_is_told_once_and_counts_as_unanswered(
    box: Any, client: ItoolabsClient
) -> None:
    recent = [each for each in box.exchange.conversations if each.direction == "in"][-2:]
    box.account.statuses = {each.id: "teleported" for each in recent}
    since = Since(changed_from=client.now() - timedelta(days=60))
    with structlog.testing.capture_logs() as written:
        for _ in range(2):
            rows = [row for page in call.pages(client, since) for row in page.records]
    told = [each for each in written if each["event"] == "itoolabs.status_unknown"]
    assert [each["status"] for each in told] == ["teleported"]
    assert len([row for row in rows if row["status"] == "teleported"]) >= 2


def test_the_pause_that_is_told_is_kept_by_every_process(box: Any, tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        connected(box, clock=clock, data_dir=tmp_path) as one,
        connected(box, clock=clock, data_dir=tmp_path) as other,
    ):
        box.faults.add("429", count=-1)
        with pytest.raises(RetryableError, match="busy"):
            one.get("domain")
        box.faults.clear()
        began = clock.seconds()
        other.get("domain")
        assert clock.seconds() - began >= 0.9


def test_a_backfill_never_meets_the_limit(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("itoolabs", scale="empty", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as client,
    ):
        since = Since(changed_from=client.now() - timedelta(days=150))
        assert len(list(call.pages(client, since))) == 150
        assert strict.limits.rejected == 0


@NONSENSE
def test_nonsense_instead_of_an_answer_is_asked_for_again(
    box: Any, client: ItoolabsClient, kind: str
) -> None:
    box.faults.add(kind)
    assert client.get("domain").data["timezone"]
    assert len(box.log) == 2


def test_a_redirect_is_never_followed(box: Any, client: ItoolabsClient) -> None:
    box.faults.add("redirect", method="GET domain", count=-1, location="https://evil.example")
    with pytest.raises(RetryableError, match=r"evil\.example"):
        client.get("domain")


def test_the_key_is_in_no_text(
    box: Any, client: ItoolabsClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box.faults.add("500", count=-1)
    with pytest.raises(RetryableError) as refused:
        client.get("domain")
    assert not seen_canaries(f"{client!r} {refused.value} {caplog.text}")


def test_check_tells_that_all_is_well(client: ItoolabsClient) -> None:
    lines = {line.name: line for line in check(client)}
    assert all(line.ok for line in lines.values())
    assert lines.keys() == {"key", "zone", "users", "history", "clock"}
    assert "Europe/Moscow (UTC+03:00)" in lines["zone"].detail


def test_check_does_without_a_zone(client: ItoolabsClient) -> None:
    get = client.get

    def without_domain(path: str, query: Any = ()) -> Body:
        if path == "domain":
            raise RejectedError("None.", code="404")
        return get(path, query)

    with mock.patch.object(client, "get", without_domain):
        lines = {line.name: line for line in check(client)}
    assert all(line.ok for line in lines.values())
    assert lines["zone"].detail.startswith("not told")


def test_check_names_who_has_no_address_and_what_is_not_known(
    box: Any, client: ItoolabsClient
) -> None:
    first = next(iter(box.exchange.employees.values()))
    first.email = ""
    at = client.now().timestamp() - 4000
    leg = call_at(box, at)
    box.account.statuses = {leg: "teleported"}
    lines = {line.name: line for line in check(client)}
    assert "[[managers]]" in lines["users"].todo
    assert not lines["statuses"].ok
    assert "teleported" in lines["statuses"].detail


def call_at(box: Any, at: float) -> int:
    """An incoming call that nobody took; its id."""
    kept = box.exchange.add(Conversation(0, IN, "79161234567", "74951000001", at, at + 9))
    return int(kept.id)


@pytest.mark.parametrize(("exports", "key", "line"), [(False, "", "history"), (True, "x", "key")])
def test_check_tells_what_is_missing(box: Any, exports: bool, key: str, line: str) -> None:
    with connected(box) as client:
        box.account.exports = exports
        box.account.key += key
        (bad,) = [each for each in check(client) if not each.ok]
    assert bad.name == line
    assert bad.todo
