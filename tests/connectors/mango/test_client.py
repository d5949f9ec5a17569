"""Requests, the lock, reports that are not ready, lost or refused: over sockets, no time passes."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.answer import Answer
from connectors.base import Since
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
)
from connectors.mango import call, report, user
from connectors.mango.check import check
from connectors.mango.classify import ExpiredKeyError, WrongRequestError, open_body
from connectors.mango.client import MangoClient
from connectors.window import Window
from sandbox.conversation import IN, Conversation, Leg
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.connectors.clock import FakeClock
from tests.connectors.mango.exchange import connected

ORDER, RESULT = "stats/calls/request", "stats/calls/result"
SINCE = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box(clock: FakeClock) -> Iterator[Any]:
    with start_sandbox("mango", scale="tiny", seed=5, limits=True, clock=clock) as box:
        box.product.salt = canary("mango-salt")
        yield box


@pytest.fixture
def client(box: Any, clock: FakeClock) -> Iterator[MangoClient]:
    with connected(box, clock) as client:
        yield client


def refs(client: MangoClient, since: datetime = SINCE) -> list[str]:
    pages = call.pages(client, Since(changed_from=since))
    return [str(row["entry_id"]) for page in pages for row in page.records]


def orders(box: Any) -> list[datetime]:
    return [each.at for each in box.log if each.method == ORDER and each.status == 200]


def window(clock: FakeClock, **span: float) -> Window:
    return Window(clock() - timedelta(**span), clock())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"result": 3101}, AuthError),
        (200, {"result": 2100}, AuthError),
        (200, {"result": 3100}, WrongRequestError),
        (200, {"result": 5003}, RetryableError),
        (200, [], LostAnswerError),
        (401, {}, AuthError),
        (402, {}, AuthError),
        (403, {}, AuthError),
        (404, {}, ExpiredKeyError),
        (422, {}, WrongRequestError),
        (429, {}, RetryableError),
        (502, {}, LostAnswerError),
    ],
)
def test_a_refusal_has_its_class(status: int, body: Any, kind: type[RemoteError]) -> None:
    text = msgspec.json.encode(body)
    answer = Answer(status, {}, text, "https://app.mango-office.ru/vpbx/stats/calls/request/", 0.1)
    with pytest.raises(kind):
        open_body(answer)


def test_good_answers_may_have_a_result_or_none_and_204_has_no_body() -> None:
    bodies: list[Any] = [{"result": 1000, "status": "work"}, {"users": []}, {"key": "a"}]
    for body in bodies:
        answer = Answer(200, {}, msgspec.json.encode(body), "https://app.mango-office.ru/", 0.1)
        assert open_body(answer) == body
    assert open_body(Answer(204, {}, b"", "https://app.mango-office.ru/", 0.1)) == {}


def test_a_wrong_address_is_told(box: Any, clock: FakeClock) -> None:
    with connected(box, clock, folder="/api") as client, pytest.raises(RejectedError) as told:
        refs(client)
    assert "`url`" in told.value.todo


def test_every_call_comes_in_windows_of_four_weeks_ordered_at_the_allowed_pace(
    box: Any, client: MangoClient
) -> None:
    found = refs(client)
    assert len(set(found)) == len(box.exchange.ended(SINCE.timestamp(), 2e9))
    made = orders(box)
    assert len(made) == 3
    assert all(later - sooner >= timedelta(seconds=2) for sooner, later in pairwise(made))
    assert box.limits.rejected == 0


def test_a_report_that_is_not_ready_is_asked_for_every_five_seconds(
    box: Any, client: MangoClient, clock: FakeClock
) -> None:
    box.faults.add("empty200", method=RESULT)
    rows = [row for rows, _ in report.rows_of(client, window(clock, days=20)) for row in rows]
    asked = [each.at for each in box.log if each.method == RESULT]
    assert rows
    assert [each for each in clock.slept if each == report.POLL_S]
    assert (asked[0] - orders(box)[0]).total_seconds() >= report.POLL_S


def test_no_content_is_not_an_empty_day(
    box: Any, client: MangoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """204: the report is waited for as long as it takes, then told as busy."""
    monkeypatch.setattr(report, "POLLS", 3)
    monkeypatch.setattr(client, "ask", lambda _path, _payload: {})
    with pytest.raises(RetryableError, match="no report within"):
        list(report.rows_of(client, Window(SINCE, SINCE + timedelta(days=1))))


def test_a_key_that_expired_is_ordered_once_more_and_then_told(
    box: Any, client: MangoClient, clock: FakeClock
) -> None:
    box.product.lost = 1
    asked = window(clock, days=20)
    assert [row for rows, _ in report.rows_of(client, asked) for row in rows]
    assert len(orders(box)) == 2
    box.product.lost = 9
    with pytest.raises(RetryableError, match="lost a report twice"):
        list(report.rows_of(client, asked))
    assert len(orders(box)) == 4


def test_a_report_asked_for_too_late_is_ordered_again(
    box: Any, client: MangoClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([600.0])
    monkeypatch.setattr(client, "wait", lambda seconds: clock.sleep(next(waits, seconds)))
    assert [row for rows, _ in report.rows_of(client, window(clock, days=20)) for row in rows]
    assert next(each.status for each in box.log if each.method == RESULT) == 404
    assert len(orders(box)) == 2


def test_a_window_that_is_refused_is_halved_after_the_lock_and_the_next_ones_are_short_at_once(
    box: Any, client: MangoClient, clock: FakeClock
) -> None:
    box.product.longest_s = 10 * 86_400
    assert len(set(refs(client))) == len(box.exchange.ended(SINCE.timestamp(), 2e9))
    assert box.product.ignored == 0
    refused = [each for each in box.log if each.error == 3100]
    assert len(refused) == 2
    assert sum(1 for each in clock.slept if each > 100) == 2


def test_a_report_that_cannot_be_made_is_halved_without_a_lock(
    box: Any, client: MangoClient, clock: FakeClock
) -> None:
    box.product.failed = 1
    assert len(set(refs(client))) == len(box.exchange.ended(SINCE.timestamp(), 2e9))
    assert not [each for each in clock.slept if each > 100]


def test_what_is_refused_of_a_single_day_is_told(box: Any, client: MangoClient) -> None:
    box.product.longest_s = 3_600
    with pytest.raises(RejectedError, match="code 3100"):
        refs(client)
    assert box.product.ignored == 0


def test_a_wrong_key_locks_and_is_never_asked_again_meanwhile(
    box: Any, clock: FakeClock, tmp_path: Path
) -> None:
    with connected(box, clock, tmp_path, salt=canary("wrong-salt")) as wrong:
        with pytest.raises(AuthError) as told:
            list(user.pages(wrong, Since(changed_from=SINCE)))
        for _ in range(5):
            with pytest.raises(RetryableError, match="locks an account for two minutes"):
                refs(wrong)
    assert "merilo secrets set" in told.value.todo
    assert len(box.log) == 1
    with connected(box, clock, tmp_path) as right:  # another process, by the file
        with pytest.raises(RetryableError, match="locks an account"):
            refs(right)
        clock.sleep(130)
        assert refs(right)
    assert box.product.ignored == 0


def test_a_lock_that_somebody_else_brought_about_is_left_alone_too(
    box: Any, client: MangoClient
) -> None:
    box.product.lock()
    with pytest.raises(AuthError, match="HTTP 401"):
        refs(client)
    with pytest.raises(RetryableError, match="locks an account"):
        refs(client)
    assert len(box.log) == 1


def test_check_says_what_is_wrong_with_the_signature(
    box: Any, clock: FakeClock, tmp_path: Path
) -> None:
    with connected(box, clock, tmp_path, salt=canary("wrong-salt")) as client:
        lines = list(check(client))
    assert [(each.name, each.ok) for each in lines] == [("signature", False)]
    assert "merilo secrets set" in lines[0].todo


def test_check_looks_at_employees_a_report_and_the_clock(box: Any, client: MangoClient) -> None:
    lines = list(check(client))
    assert {each.name: each.ok for each in lines} == {
        "signature": True,
        "employees": True,
        "statistics": True,
        "clock": True,
    }


def test_too_many_requests_are_repeated_after_a_pause(box: Any, client: MangoClient) -> None:
    box.faults.add("429", method=ORDER, count=2)
    assert refs(client)
    made = [each.at for each in box.log if each.method == ORDER]
    assert all(later - sooner >= timedelta(seconds=2) for sooner, later in pairwise(made))


@pytest.mark.parametrize("kind", ["500", "503", "reset", "truncate", "html200", "lost", "short"])
@pytest.mark.parametrize("method", [ORDER, RESULT])
def test_a_broken_answer_is_asked_for_again(
    box: Any, client: MangoClient, kind: str, method: str
) -> None:
    box.faults.add(kind, method=method)
    assert len(set(refs(client))) == len(box.exchange.ended(SINCE.timestamp(), 2e9))


def test_a_redirect_is_never_followed(box: Any, client: MangoClient) -> None:
    box.faults.add("redirect", count=-1)
    with pytest.raises(RetryableError, match="sends us elsewhere"):
        refs(client)


def test_long_reports_are_paged_and_each_page_shows_the_last_call_of_the_one_before(
    box: Any, client: MangoClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PAGE", 10)
    asked = window(clock, days=28)
    pages = [rows for rows, _ in report.rows_of(client, asked)]
    found = {row["entry_id"] for rows in pages for row in rows}
    assert len(pages) > 2
    assert len(found) == len(box.exchange.ended(asked.begins_at.timestamp(), 2e9))
    assert pages[1][0] == pages[0][-1]


def test_calls_that_arrive_between_pages_hide_none(
    box: Any, client: MangoClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PAGE", 10)
    asked = window(clock, days=28)
    expected = len(box.exchange.ended(asked.begins_at.timestamp(), 2e9))
    found: set[str] = set()
    extension = next(iter(box.exchange.employees))
    for rows, _ in report.rows_of(client, asked):
        found |= {str(row["entry_id"]) for row in rows}
        at = clock.seconds() - 60
        leg = Leg(extension, at, at + 2, at + 30)
        box.exchange.add(Conversation(0, IN, "79031234567", "", at, at + 30, (leg,)))
    assert len(found) >= expected


def test_a_server_without_offsets_is_no_endless_loop(
    box: Any, client: MangoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PAGE", 10)
    real = report._report
    monkeypatch.setattr(report, "_report", lambda client, window, _offset: real(client, window, 0))
    with pytest.raises(RetryableError, match="moved each time"):
        refs(client)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_report_in_another_time_zone_is_not_taken(
    box: Any, client: MangoClient, clock: FakeClock, hours: int
) -> None:
    box.product.shift_s = hours * 3600
    extension = next(iter(box.exchange.employees))
    noon = clock() - timedelta(days=5)
    for minute in range(-400, 400, 20):
        at = (noon + timedelta(minutes=minute)).timestamp()
        leg = Leg(extension, at, at + 2, at + 30)
        box.exchange.add(Conversation(0, IN, "79031234567", "", at, at + 30, (leg,)))
    with pytest.raises(RejectedError) as told:
        list(report.rows_of(client, Window(noon - timedelta(hours=2), noon + timedelta(hours=2))))
    assert "report_zone" in told.value.todo


def test_times_that_are_not_in_utc_are_not_taken(
    client: MangoClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = int(clock.seconds()) + 2 * 3600
    rows = [{"entry_id": str(number), "context_start_time": ahead} for number in range(3)]
    monkeypatch.setattr(report, "_report", lambda *_given: rows)
    with pytest.raises(RejectedError, match="in the future"):
        refs(client)


def test_the_zone_of_reports_can_be_set(box: Any, clock: FakeClock) -> None:
    box.product.shift_s = -2 * 3600  # the exchange counts in UTC+5
    with connected(box, clock, report_zone="Asia/Yekaterinburg") as client:
        assert len(set(refs(client))) == len(box.exchange.ended(SINCE.timestamp(), 2e9))


def test_processes_share_the_pace_of_orders(box: Any, clock: FakeClock, tmp_path: Path) -> None:
    with connected(box, clock, tmp_path) as one, connected(box, clock, tmp_path) as two:
        for each in (one, two, one, two):
            each.order(report.ORDER, asked())
    made = orders(box)
    assert all(later - sooner >= timedelta(seconds=2) for sooner, later in pairwise(made))
    names = [each.name for each in (tmp_path / "limits").iterdir()]
    assert not [name for name in names if box.product.key in name]


def asked() -> dict[str, Any]:
    span = {"start_date": "01.10.2026 00:00:00", "end_date": "02.10.2026 00:00:00"}
    return {**span, "limit": 1, "offset": 0}


def test_no_text_shows_the_key_or_the_salt(client: MangoClient) -> None:
    assert "CANARY" not in repr(client)
    assert client.key not in repr(client)


def test_loading_the_connector_loads_no_http() -> None:
    code = (
        "import sys; from connectors.registry import load_connector; load_connector('mango');"
        "assert not {'httpx', 'tenacity', 'phonenumbers'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
