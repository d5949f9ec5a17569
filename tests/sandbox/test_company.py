"""The simulated company: repeatable, plausible, and as odd as real ones."""

import random
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from sandbox.bitrix24.company import SCALES, build_portal
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.stage import STAGES, semantic
from sandbox.bitrix24.user import ADMIN_ID, ROBOT_ID
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client

NOW = datetime(2026, 10, 15, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Portal:
    return build_portal("small", 1, lambda: NOW)


def picture(portal: Portal) -> tuple[list[object], list[object], list[object]]:
    """Everything that a client could ever see."""
    users: list[object] = [
        (user.id, user.full_name, user.email, user.active) for user in portal.users.values()
    ]
    deals: list[object] = [(deal.id, *deal.versions) for deal in portal.deals.every.values()]
    calls: list[object] = [
        (call.id, call.user, call.start, call.duration, call.code, call.session, call.phone)
        for call in portal.calls.every
    ]
    return users, deals, calls


def test_the_same_seed_and_moment_make_the_same_company(company: Portal) -> None:
    again = build_portal("small", 1, lambda: NOW)
    assert picture(again) == picture(company)
    assert again.access.webhook == company.access.webhook
    assert picture(build_portal("small", 2, lambda: NOW)) != picture(company)


def test_the_company_has_the_size_of_its_scale(company: Portal) -> None:
    size = SCALES["small"]
    assert len(company.users) == size.managers + 1
    assert len(company.deals.every) == size.deals
    assert size.calls <= len(company.calls.every) <= size.calls * 6 // 5


def test_an_empty_company_has_people_and_nothing_else() -> None:
    portal = build_portal("empty", 1, lambda: NOW)
    assert len(portal.users) == 4
    assert not portal.deals.every
    assert not portal.calls.every


def test_history_ends_now_and_ids_follow_the_ends_of_calls(company: Portal) -> None:
    now = NOW.timestamp()
    calls = company.calls.every
    assert all(call.end <= now for call in calls)
    assert [call.id for call in calls] == sorted({call.id for call in calls})
    assert any(later.start < earlier.start for earlier, later in pairwise(calls))
    for deal in company.deals.every.values():
        moments = [version.at for version in deal.versions]
        assert moments == sorted(moments)
        assert moments[-1] <= now


def test_surnames_agree_with_their_bearers(company: Portal) -> None:
    for user in company.users.values():
        assert (user.gender == "F") == user.last_name.endswith("а")
    assert company.users[7].full_name == "Анна Петрова"
    assert len({user.email for user in company.users.values()}) == len(company.users)


def test_the_owner_of_the_webhook_sells_nothing(company: Portal) -> None:
    owners = {version.owner for deal in company.deals.every.values() for version in deal.versions}
    assert ADMIN_ID not in owners | {call.user for call in company.calls.every}


def test_robots_work_but_are_nobodys_colleagues(company: Portal) -> None:
    assert ROBOT_ID not in company.users
    assert any(call.user == ROBOT_ID for call in company.calls.every)


def test_somebody_left_and_their_history_stayed(company: Portal) -> None:
    left = [user for user in company.users.values() if not user.active]
    assert left
    for user in left:
        theirs = [call.start for call in company.calls.every if call.user == user.id]
        assert theirs
        assert max(theirs) < user.dismissed_at


def test_calls_show_every_oddity(company: Portal) -> None:
    calls = company.calls.every
    assert {call.type for call in calls} == {1, 2, 3, 4, 5}
    assert {"200", "304", "603-S", "486", "480", "404", "603"} <= {call.code for call in calls}
    assert any(call.duration > 0 and call.code != "200" for call in calls)
    assert any(call.duration == 0 and call.code == "200" for call in calls)
    assert {119, 120} <= {call.duration for call in calls}
    sessions = Counter(call.session for call in calls if call.session is not None)
    assert max(sessions.values()) == 3
    lonely = [call for call in calls if call.session is None]
    assert {call.external is None for call in lonely} == {True, False}
    assert any(call.category == "internal" for call in calls)
    assert {phone[0] for phone in (call.phone for call in calls)} >= {"+", "8", "7"}
    assert any(" " in call.phone for call in calls)


def test_deals_show_every_turn(company: Portal) -> None:
    stories = [deal.versions for deal in company.deals.every.values()]
    ends = [[semantic(version.stage) for version in story] for story in stories]
    assert any(story[-1].deleted for story in stories)
    assert any("S" in end and end[-1] == "P" for end in ends)
    assert any("S" in end and end[-1] == "F" for end in ends)
    assert any(len({version.category for version in story}) == 2 for story in stories)
    assert any(version.amount == 0 for story in stories for version in story)
    assert any(version.amount % 100 for story in stories for version in story)
    later = [story for story in stories if story[-1].owner != story[0].owner]
    assert later
    lost = {story[-1].stage for story in stories if semantic(story[-1].stage) == "F"}
    assert len(lost) > 3
    assert {version.stage for story in stories for version in story} <= set(STAGES)


def test_work_falls_into_office_hours_mostly(company: Portal) -> None:
    hours = Counter((int(call.start) + 3 * 3600) // 3600 % 24 for call in company.calls.every)
    inside = sum(number for hour, number in hours.items() if 9 <= hour < 19)
    assert inside > 0.9 * sum(hours.values())


def test_live_steps_are_told_and_repeatable(client: Client, box: Box, clock: Clock) -> None:
    done = client.http.post(f"{box.url}/_sandbox/live", json={"steps": 60, "seed": 4}).json()
    twin = build_portal("tiny", 1, clock)
    rng = random.Random(4)
    assert done["done"] == [twin.live_step(rng) for _ in range(60)]
    kinds = {step["what"] for step in done["done"]}
    assert {"call", "create", "move"} <= kinds
    assert picture(twin) == picture(box.portal)


def test_an_unknown_scale_is_refused(clock: Clock) -> None:
    with pytest.raises(ValueError, match="unknown scale"):
        build_portal("huge", 1, clock)
