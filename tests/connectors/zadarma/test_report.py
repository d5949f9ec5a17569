"""A window is read to its end, whatever of it an answer leaves out in silence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Since
from connectors.error import RetryableError
from connectors.window import Window
from connectors.zadarma import call
from connectors.zadarma.client import Body
from connectors.zadarma.report import reports
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.connectors.zadarma.account import connected

NOW = FakeClock()()
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)
WINDOW = Window(BEGIN, BEGIN + timedelta(days=28))


def answering(told: Callable[[str, str], dict[str, Any]]) -> Any:
    """A client whose account answers whatever `told` makes of the window asked for."""
    client = mock.Mock()
    client.settings.zone = UTC
    client.now.return_value = NOW
    client.get.side_effect = lambda _path, asked: Body(told(asked["start"], asked["end"]), NOW)
    return client


@given(days=st.floats(0.6, 40), keeps_end=st.booleans())
@settings(max_examples=25)
def test_every_row_is_read_however_short_the_answers_are(days: float, keeps_end: bool) -> None:
    box = start_sandbox("zadarma", scale="tiny", seed=5, clock=FakeClock())
    with box, connected(box) as client:
        whole = box.account.rows(datetime(2026, 8, 1, 3), datetime(2026, 8, 29, 3))  # noqa: DTZ001
        box.account.cut_days, box.account.keeps_end = days, keeps_end
        told = list(reports(client, WINDOW))
    assert {row["call_id"] for report in told for row in report.rows} == {
        row["call_id"] for row in whole
    }
    assert [report.is_last for report in told] == [False] * (len(told) - 1) + [True]


def test_until_the_last_answer_the_checkpoint_stays_where_the_window_begins() -> None:
    box = start_sandbox("zadarma", scale="tiny", seed=5, clock=FakeClock())
    with box, connected(box) as client:
        box.account.cut_days = 10
        since = Since(changed_from=NOW - timedelta(days=30))
        pages = list(call.pages(client, since))
    places = [datetime.fromisoformat(page.checkpoint) for page in pages]
    begin = since.changed_from
    assert places[:3] == [begin, begin, begin + call.LONGEST]
    assert places[-1] == NOW
    assert places == sorted(places)


def test_an_answer_for_other_days_is_no_answer() -> None:
    rows = {"stats": [], "start": "2020-01-01 00:00:00", "end": "2020-01-31 00:00:00"}
    with pytest.raises(RetryableError, match="other days"):
        list(reports(answering(lambda _start, _end: rows), WINDOW))


def test_days_that_are_always_left_out_are_not_asked_for_forever() -> None:
    def nothing(start: str, end: str) -> dict[str, Any]:
        return {"stats": [], "start": end, "end": end}

    with pytest.raises(RetryableError, match="leaves out days"):
        list(reports(answering(nothing), WINDOW))


@pytest.mark.parametrize(
    "body",
    [
        {"stats": []},
        {"stats": [], "start": "soon", "end": "later"},
        {"stats": None, "start": "2026-08-01 00:00:00", "end": "2026-08-29 00:00:00"},
        {"stats": [1], "start": "2026-08-01 00:00:00", "end": "2026-08-29 00:00:00"},
    ],
)
def test_an_answer_that_does_not_tell_its_days_or_rows_is_none(body: dict[str, Any]) -> None:
    with pytest.raises(RetryableError):
        list(reports(answering(lambda _start, _end: body), WINDOW))


def test_an_account_whose_clock_is_a_little_behind_left_nothing_out() -> None:
    def clamped(start: str, _end: str) -> dict[str, Any]:
        return {"stats": [], "start": start, "end": "2026-10-15 11:58:00"}

    client = answering(clamped)
    assert len(list(reports(client, Window(NOW - timedelta(hours=6), NOW)))) == 1
    assert client.get.call_count == 1
