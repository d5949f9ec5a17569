"""What a deal shows of itself: days, minutes, the last talk; and what is not known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merilo.record_fact import Sight
from store.deal_fact import Standing, Talk
from store.moment import to_ms

ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)


def deal(**changes: object) -> Standing:
    values = {"ref": "1", "pipeline_ref": "0", "stage_ref": "NEW", "client_ref": "company:5"}
    times = {"created_at": NOW - timedelta(days=10), "closed_at": None}
    return Standing(**{**values, **times, **changes})  # type: ignore[arg-type]


def sight(
    *, talks: dict[datetime, int] | None = None, since: datetime | None = None, **changes: object
) -> Sight:
    found = [Talk(to_ms(at), talk_s) for at, talk_s in sorted((talks or {}).items())]
    values = {
        "zone": ZONE,
        "now": NOW,
        "arrivals": {"1": NOW - timedelta(days=3)},
        "talks": {"company:5": found},
        "calls_since": since or NOW - timedelta(days=400),
    }
    return Sight(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrived_at", "days"),
    [
        (datetime(2026, 10, 15, 12, tzinfo=UTC), 0),
        (datetime(2026, 10, 14, 21, tzinfo=UTC), 0),
        (datetime(2026, 10, 14, 20, 59, tzinfo=UTC), 1),
        (datetime(2026, 10, 1, tzinfo=UTC), 14),
        (datetime(2026, 10, 16, tzinfo=UTC), 0),
    ],
)
def test_days_in_stage_are_local_midnights(arrived_at: datetime, days: int) -> None:
    assert sight(arrivals={"1": arrived_at}).facts(deal())["days_in_stage"] == days


def test_a_closed_deal_and_one_without_history_have_no_days() -> None:
    assert sight().facts(deal(closed_at=NOW))["days_in_stage"] is None
    assert sight(arrivals={}).facts(deal())["days_in_stage"] is None


def test_no_talk_is_zero_minutes_but_no_day_of_contact() -> None:
    facts = sight().facts(deal())
    assert (facts["talk_minutes"], facts["last_contact"]) == (0, None)


def test_what_was_not_read_is_unknown_and_no_zero() -> None:
    unread = sight(calls_since=None).facts(deal())
    cut = sight(since=NOW - timedelta(days=9)).facts(deal())
    alone = sight().facts(deal(client_ref=None))
    assert [each.get("talk_minutes") for each in (unread, cut, alone)] == [None] * 3


def test_the_last_talk_is_a_local_day() -> None:
    facts = sight(talks={datetime(2026, 10, 10, 22, tzinfo=UTC): 90}).facts(deal())
    assert (facts["talk_minutes"], facts["last_contact"]) == (Decimal("1.5"), date(2026, 10, 11))


@given(
    st.dictionaries(st.integers(-20, 5), st.integers(1, 4000), max_size=20),
    st.integers(0, 15),
    st.none() | st.integers(0, 15),
)
def test_only_talks_while_the_deal_was_open_count(
    spoken: dict[int, int], age: int, closed: int | None
) -> None:
    created_at = NOW - timedelta(days=age)
    closed_at = None if closed is None else NOW - timedelta(days=min(closed, age))
    talks = {NOW + timedelta(days=day): talk_s for day, talk_s in spoken.items()}
    until = closed_at or NOW
    own = {at: talk_s for at, talk_s in talks.items() if created_at <= at <= until}
    facts = sight(talks=talks).facts(deal(created_at=created_at, closed_at=closed_at))
    assert facts["talk_minutes"] == Decimal(sum(own.values())) / 60
    assert facts["last_contact"] == (max(own).astimezone(ZONE).date() if own else None)
