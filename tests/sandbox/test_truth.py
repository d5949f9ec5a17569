"""The portal's truth against an example counted by hand."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth import truth
from sandbox.bitrix24.user import ROBOT_ID
from sandbox.server import Box
from sandbox.waiting import MEDIANS
from tests.clock import Clock
from tests.sandbox.conftest import Client

MOSCOW = timezone(timedelta(hours=3))
ANNA, IVAN = 20, 21


def at(day: int, hour: int = 12, minute: int = 0, second: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=MOSCOW)


def numbers(portal: Portal, **asked: Any) -> dict[tuple[int | None, str, str], Any]:
    """Values by user, metric and period."""
    given: dict[str, Any] = {"since": date(2026, 10, 1), "until": date(2026, 10, 31), "by": "total"}
    rows = truth(portal, **(given | {"tz": "Europe/Moscow"} | asked))
    return {(row.user, row.metric, row.period_start.isoformat()): row.value for row in rows}


def of(user: int | None, found: dict[tuple[int | None, str, str], Any]) -> dict[str, Any]:
    """One person's values of the only period."""
    return {metric: value for (who, metric, _), value in found.items() if who == user}


@pytest.fixture
def portal(empty: Box) -> Portal:
    empty.portal.add_user("Анна", "Иванова", user_id=ANNA)
    empty.portal.add_user("Иван", "Сидоров", user_id=IVAN)
    return empty.portal


@pytest.fixture
def calls(portal: Portal, clock: Clock) -> Portal:
    """The 14th, and one call just after midnight of the 15th."""
    portal.add_call(
        Leg(ANNA, 2, 119, start=at(14, 10)),
        Leg(IVAN, 3, 121, start=at(14, 10, 2)),
    )
    portal.add_call(Leg(ANNA, 2, 0, "304", start=at(14, 11)))
    portal.add_call(
        Leg(ANNA, 2, 0, "304", start=at(14, 11, 10)),
        Leg(IVAN, 2, 0, "304", start=at(14, 11, 10)),
    )
    portal.add_call(Leg(ANNA, 1, 7, "304", start=at(14, 12)))
    portal.add_call(Leg(IVAN, 4, 300, start=at(14, 13)))
    portal.add_call(Leg(ANNA, 5, 30, start=at(14, 13)))
    portal.add_call(Leg(ANNA, 1, 500, start=at(14, 14), category="internal"))
    portal.add_call(Leg(ROBOT_ID, 1, 60, start=at(14, 15)))
    portal.add_call(
        Leg(ANNA, 2, 0, "304", start=at(14, 16), session=None, external="x-1"),
        Leg(IVAN, 3, 120, start=at(14, 16, 1), session=None, external="x-1"),
    )
    portal.add_call(Leg(ANNA, 1, 10, start=at(14, 23, 59, 50), session=None))
    portal.add_call(Leg(ANNA, 1, 10, start=at(15, 0, 0, 10), session=None))
    return portal


def test_calls_are_counted_for_the_team_once(calls: Portal) -> None:
    assert of(None, numbers(calls, until=date(2026, 10, 14))) == {
        "calls_in": 4,
        "calls_out": 4,
        "calls_answered": 2,
        "calls_missed": 2,
        "calls_reached": 3,
        "calls_120s": 3,
        "talk_time": 730,
        "callback_time": 7200,
        "callback_time_work": 7200,
    }


def test_calls_are_credited_to_who_talked_or_was_the_one_rung(calls: Portal) -> None:
    found = numbers(calls, until=date(2026, 10, 14))
    assert of(ANNA, found) == {
        "calls_in": 2,
        "calls_out": 2,
        "calls_answered": 1,
        "calls_missed": 1,
        "calls_reached": 1,
        "talk_time": 129,
    }
    assert of(IVAN, found) == {
        "calls_in": 2,
        "calls_out": 1,
        "calls_answered": 2,
        "calls_reached": 1,
        "calls_120s": 3,
        "talk_time": 541,
        "callback_time": 7200,
        "callback_time_work": 7200,
    }
    assert of(ROBOT_ID, found) == {}


def test_a_call_belongs_to_the_day_on_which_it_began(calls: Portal) -> None:
    found = numbers(calls, by="day")
    assert found[ANNA, "calls_out", "2026-10-14"] == 2
    assert found[ANNA, "calls_out", "2026-10-15"] == 1
    west = numbers(calls, by="day", tz="Europe/London")
    assert west[ANNA, "calls_out", "2026-10-14"] == 3


def test_any_length_of_call_can_be_asked_for(calls: Portal) -> None:
    found = of(None, numbers(calls, until=date(2026, 10, 14), lengths=(121, 240, 241)))
    assert {name: found.get(name, 0) for name in ("calls_121s", "calls_240s", "calls_241s")} == {
        "calls_121s": 2,
        "calls_240s": 2,
        "calls_241s": 1,
    }


def test_an_observer_knows_no_call_that_ended_later(calls: Portal, clock: Clock) -> None:
    read = clock()
    clock.forward(hours=1)
    calls.add_call(Leg(IVAN, 1, 60))
    seen = numbers(calls, by="day", view="observed", reads=[read])
    assert (None, "calls_out", "2026-10-15") in seen
    assert (IVAN, "calls_out", "2026-10-15") not in seen
    assert (IVAN, "calls_out", "2026-10-15") in numbers(calls, by="day")


@pytest.fixture
def deals(portal: Portal) -> Portal:
    """Six deals; see the numbers below."""
    sold = portal.create_deal(ANNA, "100.505", at=at(5))
    portal.assign_deal(sold, IVAN, at=at(10))
    portal.move_deal(sold, "WON", at=at(12))
    portal.assign_deal(sold, ANNA, at=at(13))
    fallen = portal.create_deal(ANNA, 70, at=at(6))
    portal.move_deal(fallen, "WON", at=at(7))
    portal.move_deal(fallen, "LOSE", at=at(8))
    gone = portal.create_deal(IVAN, 200, at=at(6))
    portal.move_deal(gone, "WON", at=at(9))
    portal.delete_deal(gone, at=at(10))
    free = portal.create_deal(IVAN, 0, category=1, at=at(30, month=9))
    portal.move_deal(free, "C1:WON", at=at(8))
    portal.create_deal(ROBOT_ID, 10, at=at(9))
    back = portal.create_deal(ANNA, 30, at=at(1))
    portal.move_deal(back, "WON", at=at(9))
    portal.move_deal(back, "EXECUTING", at=at(10))
    return portal


def test_deals_are_credited_to_the_owner_at_the_moment(deals: Portal) -> None:
    found = numbers(deals)
    assert of(ANNA, found) == {"deals_created": 3, "deals_lost": 1, "win_rate": 0.0}
    assert of(IVAN, found) == {
        "deals_won": 2,
        "revenue": "100.51",
        "average_deal": "50.26",
        "days_to_win": 15.0,
        "sales_cycle": 7.5,
        "win_rate": 1.0,
    }
    assert of(None, found) == {
        "deals_created": 4,
        "deals_won": 2,
        "deals_lost": 1,
        "revenue": "100.51",
        "average_deal": "50.26",
        "days_to_win": 15.0,
        "sales_cycle": 7.5,
        "win_rate": 0.6667,
    }


def test_periods_are_days_iso_weeks_months_and_the_whole(deals: Portal) -> None:
    by_week = numbers(deals, by="week", since=date(2026, 9, 30))
    assert by_week[IVAN, "deals_won", "2026-10-12"] == 1
    assert by_week[IVAN, "deals_won", "2026-10-05"] == 1
    assert by_week[IVAN, "deals_created", "2026-09-28"] == 1
    by_month = numbers(deals, by="month", since=date(2026, 9, 30))
    assert by_month[IVAN, "deals_created", "2026-09-01"] == 1
    assert by_month[None, "deals_lost", "2026-10-01"] == 1
    assert numbers(deals, by="day")[IVAN, "revenue", "2026-10-12"] == "100.51"


def test_a_won_deal_in_dollars_counts_in_roubles(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, "1.01", currency="USD", at=at(5))
    portal.move_deal(deal, "WON", at=at(6))
    assert of(ANNA, numbers(portal))["revenue"] == "93.43"


def test_a_second_move_into_won_counts_at_the_second(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 5, at=at(1))
    portal.move_deal(deal, "WON", at=at(2))
    portal.update_deal(deal, amount=6, at=at(3))
    assert numbers(portal, by="day")[ANNA, "revenue", "2026-10-02"] == "6.00"
    portal.move_deal(deal, "NEW", at=at(4))
    portal.move_deal(deal, "WON", at=at(5))
    assert (ANNA, "deals_won", "2026-10-02") not in numbers(portal, by="day")
    assert numbers(portal, by="day")[ANNA, "deals_won", "2026-10-05"] == 1


READS = [at(6, 9), at(8, 9), at(10, 9)]


def owners(portal: Portal, metric: str, **asked: Any) -> set[int]:
    found = numbers(portal, **asked)
    return {user for user, name, _ in found if name == metric and user is not None}


def test_an_observer_misses_owners_between_two_reads(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(5))
    portal.assign_deal(deal, IVAN, at=at(7, 10))
    portal.move_deal(deal, "WON", at=at(7, 12))
    portal.assign_deal(deal, ANNA, at=at(7, 13))
    assert owners(portal, "deals_won") == {IVAN}
    assert owners(portal, "deals_won", view="observed", reads=READS) == {ANNA}


def test_a_new_owner_holds_it_from_just_after_the_last_read_version(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(5))
    portal.move_deal(deal, "WON", at=at(7, 9))
    portal.assign_deal(deal, IVAN, at=at(7, 10))
    assert owners(portal, "deals_won") == {ANNA}
    assert owners(portal, "deals_won", view="observed", reads=READS) == {IVAN}
    assert owners(portal, "deals_created", view="observed", reads=READS) == {ANNA}


def test_a_version_that_was_read_keeps_its_owner(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(5))
    portal.move_deal(deal, "WON", at=at(6, 12))
    portal.assign_deal(deal, IVAN, at=at(9))
    assert owners(portal, "deals_won", view="observed", reads=READS) == {ANNA}


def test_before_first_sight_it_belonged_to_the_owner_first_seen(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(6, 12))
    portal.assign_deal(deal, IVAN, at=at(7))
    assert owners(portal, "deals_created") == {ANNA}
    assert owners(portal, "deals_created", view="observed", reads=READS) == {IVAN}


def test_what_happened_after_the_last_read_is_not_known(portal: Portal) -> None:
    deal = portal.create_deal(ANNA, 1, at=at(5))
    portal.move_deal(deal, "WON", at=at(11))
    portal.create_deal(IVAN, 1, at=at(11))
    seen = numbers(portal, view="observed", reads=READS)
    assert of(None, seen) == {"deals_created": 1}


def test_the_truth_is_served(deals: Portal, desk: Client, empty: Box) -> None:
    asked = {"from": "2026-10-01", "to": "2026-10-31", "by": "total"}
    rows = desk.http.get(f"{empty.url}/_sandbox/truth", params=asked).json()["rows"]
    revenue = [row for row in rows if row["metric"] == "average_deal" and row["user"] is None]
    assert revenue == [
        {
            "user": None,
            "metric": "average_deal",
            "period_start": "2026-10-01",
            "value": "50.26",
            "numerator": "100.51",
            "denominator": 2,
            "n": 2,
        }
    ]
    reads = ",".join(read.isoformat() for read in READS)
    asked |= {"view": "observed", "reads": reads}
    seen = desk.http.get(f"{empty.url}/_sandbox/truth", params=asked).json()["rows"]
    assert {row["metric"] for row in seen if row["user"] is None} >= {"deals_created"}
    wrong = desk.http.get(f"{empty.url}/_sandbox/truth", params=asked | {"by": "hour"})
    assert wrong.status_code == 400


def test_an_observer_without_reads_is_no_observer(portal: Portal) -> None:
    with pytest.raises(ValueError, match="reads"):
        numbers(portal, view="observed")


def test_naive_moments_are_refused(portal: Portal) -> None:
    with pytest.raises(ValueError, match="aware"):
        portal.create_deal(ANNA, 1, at=datetime(2026, 10, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"):
        numbers(portal, view="observed", reads=[datetime.now(UTC).replace(tzinfo=None)])


def test_who_reads_after_every_change_knows_what_happened(portal: Portal, clock: Clock) -> None:
    rng = random.Random(7)
    reads = []
    for _ in range(400):
        portal.live_step(rng)
        reads.append(clock())
        clock.forward(minutes=37)
    asked = {"by": "day", "until": date(2026, 11, 30)}
    known = numbers(portal, view="observed", reads=reads, **asked)
    happened = numbers(portal, **asked)
    assert known == happened
    assert len({metric for _, metric, _ in happened}) >= 17


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_periods_add_up_to_the_whole(box: Box, by: str) -> None:
    asked = {"since": date(2026, 8, 1)}
    whole = numbers(box.portal, **asked)
    parts: Counter[tuple[int | None, str]] = Counter()
    for (user, metric, _), value in numbers(box.portal, by=by, **asked).items():
        if isinstance(value, int) and metric not in MEDIANS:
            parts[user, metric] += value
    assert parts == {
        (user, metric): value
        for (user, metric, _), value in whole.items()
        if isinstance(value, int) and metric not in MEDIANS
    }
