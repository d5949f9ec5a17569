"""The simulated telephone exchange: what it tells, when, and what its numbers are."""

import random
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from sandbox.amocrm.company import build_account
from sandbox.bitrix24.company import build_portal
from sandbox.conversation import INTERNAL, ROBOT, Conversation, Leg
from sandbox.exchange import Exchange, build_exchange
from sandbox.exchange_truth import exchange_truth
from sandbox.server import start_sandbox
from tests.clock import NOON, Clock
from tests.sandbox.telephone import ring

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp())
DAY = date(2026, 11, 20)


def exchange_of(scale: str = "tiny", seed: int = 1) -> Exchange:
    return build_exchange(scale, seed, lambda: NOW)


def told(exchange: Exchange) -> dict[tuple[int | None, str], int | float | str]:
    rows = exchange_truth(exchange, since=DAY, until=DAY, by="day", tz="Europe/Moscow")
    return {(row.user, row.metric): row.value for row in rows}


@pytest.fixture
def quiet() -> Exchange:
    return exchange_of("empty")


@pytest.fixture
def pair(quiet: Exchange) -> tuple[str, str]:
    first, second, *_ = quiet.employees
    return first, second


def test_people_are_those_of_the_crms_of_the_same_seed() -> None:
    exchange = exchange_of("small", 5)
    portal, account = build_portal("small", 5, lambda: NOW), build_account("small", 5, lambda: NOW)
    found = {each.email: each.name for each in exchange.employees.values()}
    assert {user.email for user in portal.users.values()} >= set(found)
    assert {user.email: user.name for user in account.users.values() if not user.admin} == found
    inner = {user.email: user.extension for user in portal.users.values()}
    assert all(inner[each.email] == each.extension for each in exchange.employees.values())


def test_one_seed_and_one_moment_make_one_history() -> None:
    assert exchange_of().conversations == exchange_of().conversations
    assert exchange_of().conversations != exchange_of(seed=2).conversations


def test_calls_are_told_when_they_have_ended_and_late_ones_later(quiet: Exchange) -> None:
    leg = Leg("107", AT, AT + 5, AT + 65)
    call = Conversation(0, "in", "79031234567", "74951000001", AT, AT + 65, (leg,))
    quiet.add(call)
    late = quiet.add(call, published_at=NOW.timestamp() + 60)
    assert [each.id for each in quiet.ended(AT, AT + 1)] == [1]
    quiet.clock = lambda: NOW + timedelta(minutes=2)
    assert [each.id for each in quiet.ended(AT, AT + 1)] == [1, late.id]
    assert quiet.ended(AT - 1, AT) == []


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_every_kind_of_call_happens_and_all_times_make_sense(scale: str) -> None:
    calls = exchange_of(scale).conversations
    assert {"", "ivr", "voicemail", "robot"} == {call.kind for call in calls}
    assert {"in", "out", "internal"} == {call.direction for call in calls}
    assert {"", "blind", "attended"} == {leg.transfer for call in calls for leg in call.legs}
    assert {119, 120} <= {call.talk_s for call in calls}
    assert any(not call.client and call.direction == "in" for call in calls)
    for call in calls:
        assert call.ended_at <= NOW.timestamp()
        for leg in call.legs:
            answer = leg.rang_at if leg.answered_at is None else leg.answered_at
            assert call.started_at <= leg.rang_at <= answer <= leg.ended_at <= call.ended_at
            assert leg.hold_s <= leg.talk_s
            assert leg.rang_at == int(leg.rang_at)


def test_a_transferred_call_counts_for_both_who_talked_and_once_for_the_team(
    quiet: Exchange, pair: tuple[str, str]
) -> None:
    first, second = pair
    legs = (
        Leg(first, AT, AT + 4, AT + 104),
        Leg(second, AT + 104, AT + 110, AT + 240, transfer="blind"),
    )
    quiet.add(Conversation(0, "in", "79031234567", "74951000001", AT, AT + 240, legs))
    one, two = (quiet.employees[each].id for each in pair)
    found = told(quiet)
    assert [found[user, "calls_answered"] for user in (None, one, two)] == [1, 1, 1]
    assert [found[user, "talk_time"] for user in (None, one, two)] == [230, 100, 130]
    assert [found.get((user, "calls_120s")) for user in (None, one, two)] == [1, None, 1]


def test_losers_of_a_queue_have_nothing_and_a_miss_of_several_is_the_teams(
    quiet: Exchange, pair: tuple[str, str]
) -> None:
    first, second = pair
    won = (Leg(first, AT, None, AT + 4, "Q"), Leg(second, AT, AT + 4, AT + 30, "Q"))
    lost = tuple(Leg(each, AT + 60, None, AT + 80, "Q") for each in pair)
    quiet.add(Conversation(0, "in", "79031234567", "74951000001", AT, AT + 30, won))
    quiet.add(Conversation(0, "in", "79031234568", "74951000001", AT + 60, AT + 80, lost))
    found = told(quiet)
    assert found[None, "calls_in"] == 2
    assert found[None, "calls_missed"] == 1
    assert found[quiet.employees[second].id, "calls_in"] == 1
    assert (quiet.employees[first].id, "calls_in") not in found


def test_a_call_back_is_counted_from_the_end_of_the_miss(
    quiet: Exchange, pair: tuple[str, str]
) -> None:
    first, second = pair
    client, line = "79031234567", "74951000001"
    miss = (Leg(first, AT, None, AT + 20),)
    back = (Leg(second, AT + 620, AT + 630, AT + 700),)
    quiet.add(Conversation(0, "in", client, line, AT, AT + 20, miss))
    assert told(quiet)[quiet.employees[first].id, "calls_missed_unreturned"] == 1
    quiet.add(Conversation(0, "out", client, line, AT + 620, AT + 700, back))
    assert told(quiet)[quiet.employees[second].id, "callback_time"] == 600


def test_internal_and_robot_calls_are_nobodys_work(quiet: Exchange) -> None:
    leg = Leg("107", AT, AT + 1, AT + 200)
    quiet.add(Conversation(0, INTERNAL, "", "", AT, AT + 200, (leg, leg)))
    quiet.add(Conversation(0, "out", "79031234567", "", AT, AT + 20, (), ROBOT))
    assert told(quiet) == {}


def test_a_live_step_adds_a_call_that_ends_now() -> None:
    exchange = exchange_of()
    before = len(exchange.conversations)
    done = exchange.live_step(random.Random(3))
    assert len(exchange.conversations) == before + 1
    assert exchange.conversations[-1].id == done["id"]
    assert exchange.conversations[-1].ended_at == NOW.timestamp()


@pytest.mark.parametrize("vendor", ["itoolabs", "zadarma"])
def test_the_truth_of_a_vendor_is_that_of_the_exchange(vendor: str) -> None:
    day = NOON.date()
    http = httpx.Client(trust_env=False, verify=False)  # noqa: S501
    with http, start_sandbox(vendor, scale="empty", seed=5, clock=Clock()) as box:
        ring(box)
        days = {"from": f"{day}", "to": f"{day}"}
        answer = http.get(f"{box.url}/_sandbox/truth", params=days).json()
        rows = exchange_truth(box.exchange, since=day, until=day, by="month", tz="Europe/Moscow")
    assert answer["rows"] == [row.plain() for row in rows]
    assert answer["rows"]
