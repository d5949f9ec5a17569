"""When a number is known, known in part, or not known at all."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi.coverage import Reach, Vantage, judge
from kpi.period import Span, month_of
from tests.kpi.books import MOSCOW

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OCTOBER, NOVEMBER = month_of(date(2026, 10, 1)), month_of(date(2026, 11, 1))
OCTOBER_BEGINS = datetime(2026, 9, 30, 21, 0, tzinfo=UTC)
OCTOBER_ENDS = datetime(2026, 10, 31, 21, 0, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def state(
    span: Span,
    *,
    since: datetime | None = LONG_AGO,
    watermark: datetime | None = NOW,
    poll: timedelta = MINUTE,
    now: datetime = NOW,
) -> str:
    vantage = Vantage({"main": (("calls",), poll)}, MOSCOW, now)
    reaches = {("main", "calls"): Reach(since, watermark)}
    return judge(("calls",), span, vantage, reaches).state


@pytest.mark.parametrize(
    ("span", "how", "expected"),
    [
        (OCTOBER, {}, "value"),
        (OCTOBER, {"watermark": OCTOBER_ENDS}, "value"),
        (OCTOBER, {"watermark": OCTOBER_ENDS - MS}, "partial"),
        (OCTOBER, {"watermark": None}, "unknown"),
        (OCTOBER, {"watermark": None, "since": None}, "unknown"),
        (OCTOBER, {"since": OCTOBER_BEGINS}, "value"),
        (OCTOBER, {"since": OCTOBER_BEGINS + MS}, "partial"),
        (OCTOBER, {"since": OCTOBER_ENDS - MS}, "partial"),
        (OCTOBER, {"since": OCTOBER_ENDS}, "unknown"),
        (OCTOBER, {"since": None}, "value"),
        (NOVEMBER, {"watermark": NOW - 15 * MINUTE}, "value"),
        (NOVEMBER, {"watermark": NOW - 15 * MINUTE - MS}, "partial"),
        (NOVEMBER, {"watermark": NOW - 30 * MINUTE, "poll": 10 * MINUTE}, "value"),
        (NOVEMBER, {"watermark": NOW - 30 * MINUTE - MS, "poll": 10 * MINUTE}, "partial"),
        (OCTOBER, {"now": OCTOBER_BEGINS - MS, "watermark": OCTOBER_BEGINS}, "unknown"),
        (OCTOBER, {"now": OCTOBER_BEGINS, "watermark": OCTOBER_BEGINS}, "value"),
        (OCTOBER, {"now": OCTOBER_ENDS + 5 * MINUTE, "watermark": OCTOBER_ENDS}, "value"),
    ],
)
def test_state_of_one_stream(span: Span, how: dict[str, datetime], expected: str) -> None:
    assert state(span, **how) == expected  # type: ignore[arg-type]


def both_sources(main: Reach | None, pbx: Reach | None) -> tuple[str, dict[str, str | None]]:
    found = {("main", "calls"): main, ("pbx", "calls"): pbx}
    reaches = {key: reach for key, reach in found.items() if reach is not None}
    configured = {"main": (("deals", "calls"), MINUTE), "pbx": (("calls",), MINUTE)}
    coverage = judge(("calls",), OCTOBER, Vantage(configured, MOSCOW, NOW), reaches)
    return coverage.state, dict(coverage.marks)


def test_one_unread_source_of_two_leaves_the_sum_partial() -> None:
    full = Reach(LONG_AGO, NOW)
    assert both_sources(full, full)[0] == "value"
    assert both_sources(full, None) == (
        "partial",
        {"main/calls": "2026-11-20T12:00:00Z", "pbx/calls": None},
    )
    assert both_sources(None, None)[0] == "unknown"


def test_a_stream_nobody_reads_is_unknown() -> None:
    vantage = Vantage({"main": (("calls",), MINUTE)}, MOSCOW, NOW)
    reaches = {("main", "calls"): Reach(LONG_AGO, NOW), ("old", "deals"): Reach(LONG_AGO, NOW)}
    coverage = judge(("deals",), OCTOBER, vantage, reaches)
    assert (coverage.state, coverage.marks) == ("unknown", {})


def test_the_worst_stream_decides() -> None:
    vantage = Vantage({"main": (("calls", "deals"), MINUTE)}, MOSCOW, NOW)
    reaches = {
        ("main", "calls"): Reach(LONG_AGO, NOW),
        ("main", "deals"): Reach(LONG_AGO, OCTOBER_BEGINS),
    }
    assert judge(("calls",), OCTOBER, vantage, reaches).state == "value"
    assert judge(("calls", "deals"), OCTOBER, vantage, reaches).state == "partial"
