"""Rows of the report become legs; what is no employee's talk is not counted as one."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.error import DataError
from connectors.zadarma.call import normalize
from store.fact import CallLeg, Direction, TalkQuality, Transfer
from tests.connectors.zadarma.account import CONTEXT, MOSCOW, payload


def legs_of(number: int = 0, **changes: Any) -> list[CallLeg]:
    """The facts of a documented row with some fields changed."""
    row = payload("pbx_statistics_v2")["stats"][number] | {"zone": MOSCOW} | changes
    return [fact for fact in normalize(row, CONTEXT) if isinstance(fact, CallLeg)]


def leg_of(number: int = 0, **changes: Any) -> CallLeg:
    (leg,) = legs_of(number, **changes)
    return leg


def test_the_documented_rows_are_understood() -> None:
    legs = [leg_of(number) for number in range(3)]
    told = [(leg.direction, leg.user_ref, leg.talk_s, leg.outcome, leg.call_ref) for leg in legs]
    assert told == [
        (Direction.IN, "101", 131, "answered", "in_3f2a9b"),
        (Direction.IN, "101", 0, "missed", "in_77c1d0"),
        (Direction.OUT, "102", 0, "cancelled", "out_9bd011"),
    ]
    assert legs[0].started_at == datetime(2026, 11, 20, 9, 0, 17, tzinfo=UTC)
    assert [leg.ring_s for leg in legs] == [None, None, None]
    assert [leg.client_last4 for leg in legs] == ["2201", "1234", "4567"]
    assert legs[0].ref == "1795165200.1234567"


def test_telephones_that_rang_in_vain_may_share_an_id() -> None:
    legs = [leg_of(1, destination=extension) for extension in (101, 102, 103)]
    assert len({leg.ref for leg in legs}) == 3
    assert len({leg.call_ref for leg in legs}) == 1


def test_neither_a_number_nor_a_name_is_kept() -> None:
    kept = str(legs_of(0) + legs_of(1) + legs_of(2))
    for secret in ("79031112201", "77015551234", "79161234567", "Client"):
        assert secret not in kept


@pytest.mark.parametrize("destination", [101, "101"])
def test_a_destination_may_be_a_text_or_a_number(destination: object) -> None:
    assert leg_of(destination=destination) == leg_of()


@pytest.mark.parametrize(
    ("disposition", "outcome"),
    [
        ("busy", "busy"),
        ("cancel", "cancelled"),
        ("no answer", "missed"),
        ("failed", "unavailable"),
        ("no money", "no_money"),
        ("no money, no limit", "no_money"),
        ("unallocated number", "wrong_number"),
        ("no limit", "blocked"),
        ("no day limit", "blocked"),
        ("line limit", "blocked"),
        ("beamed up", "other"),
        ("", "other"),
    ],
)
def test_only_answered_is_talk(disposition: str, outcome: str) -> None:
    leg = leg_of(disposition=disposition, seconds=4)
    assert (leg.talk_s, leg.outcome) == (0, outcome)


@pytest.mark.parametrize("destination", ["74951230011", 74951230011, "", "menu"])
def test_what_a_menu_answers_is_no_talk(destination: object) -> None:
    leg = leg_of(sip="74951230011", destination=destination, seconds=9)
    assert (leg.user_ref, leg.talk_s, leg.outcome, leg.lasted_s) == (None, 0, "missed", 9)


def test_a_message_in_the_mailbox_is_no_talk() -> None:
    leg = leg_of(sip="74951230011", destination="voicemail", seconds=14)
    assert (leg.talk_s, leg.outcome) == (0, "voicemail")


def test_a_call_passed_on_to_a_mobile_is_the_team_s_talk_at_most() -> None:
    leg = leg_of(sip="74951230011", destination="79265554433")
    assert (leg.user_ref, leg.talk_s, leg.transfer) == (None, 131, Transfer.REDIRECT)
    assert leg.quality is TalkQuality.UPPER_BOUND


def test_calls_between_colleagues_and_questions_to_them_make_no_fact() -> None:
    talk: dict[str, Any] = {
        "sip": "101",
        "clid": "101",
        "destination": 102,
        "disposition": "answered",
    }
    assert legs_of(pbx_call_id="out_1", **talk) == []
    assert legs_of(pbx_call_id="in_3f2a9b", **talk) == []
    assert legs_of(pbx_call_id="out_1", **(talk | {"clid": "74951230011"})) == []


def test_whom_an_outgoing_call_was_handed_over_to_has_a_leg_of_it() -> None:
    leg = leg_of(
        pbx_call_id="out_1", sip="74951230011", clid="79161234567", destination=103, seconds=60
    )
    assert (leg.direction, leg.user_ref, leg.talk_s) == (Direction.OUT, "103", 60)
    assert leg.client_last4 == "4567"


def test_without_a_prefix_the_numbers_tell_the_direction() -> None:
    assert leg_of(2, pbx_call_id="x1").direction is Direction.OUT
    assert leg_of(1, pbx_call_id="x2").direction is Direction.IN
    with pytest.raises(DataError, match="direction"):
        legs_of(1, pbx_call_id="x3", destination="74951230011")


@pytest.mark.parametrize("clid", ["Anonymous", "", "0", "Кто-то <>", "Склад 102", None])
def test_who_hides_their_number_is_nobody_s_other_self(clid: str | None) -> None:
    leg = leg_of(clid=clid)
    assert (leg.client_hash, leg.client_last4) == (None, None)


@pytest.mark.parametrize("clid", ["87015551234", "+77015551234", "Дом 8 <77015551234>"])
def test_a_number_with_8_with_7_and_behind_a_name_is_one_client(clid: str) -> None:
    assert leg_of(clid=clid).client_hash == leg_of(1).client_hash


def test_a_zone_that_was_reformed_is_read_by_the_rules_of_the_day() -> None:
    """Almaty was six hours ahead of UTC until March 2024, five since."""
    almaty = ZoneInfo("Asia/Almaty")
    before = leg_of(callstart="2024-02-01 12:00:00", zone=almaty).started_at
    after = leg_of(callstart="2024-04-01 12:00:00", zone=almaty).started_at
    assert (before.hour, after.hour) == (6, 7)


@pytest.mark.parametrize(("epoch", "hour"), [(1792888200, 0), (1792891800, 1)])
def test_an_hour_that_comes_twice_is_told_apart_by_the_id(epoch: int, hour: int) -> None:
    """02:30 in Berlin on the night the clocks go back: at 00:30 UTC and an hour later."""
    berlin = ZoneInfo("Europe/Berlin")
    leg = leg_of(callstart="2026-10-25 02:30:00", call_id=f"{epoch}.77", zone=berlin)
    assert leg.started_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("callstart", "yesterday"),
        ("seconds", -5),
        ("seconds", "long"),
        ("pbx_call_id", ""),
        ("call_id", None),
    ],
)
def test_nonsense_is_told_by_its_field_and_never_its_value(field: str, value: Any) -> None:
    with pytest.raises(DataError) as refused:
        legs_of(**{field: value})
    assert field in refused.value.what
    assert not value or str(value) not in refused.value.what


_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.just([]), st.just({}),
    st.sampled_from(["101", 101, "answered", "79161234567", "in_1", "out_1", "<>", "5"]),
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(sorted(payload("pbx_statistics_v2")["stats"][0])), _ANYTHING)
)
def test_whatever_a_row_holds_it_is_a_leg_or_nonsense(changes: dict[str, Any]) -> None:
    try:
        legs = legs_of(**changes)
    except DataError:
        return
    for leg in legs:
        assert 0 <= leg.talk_s <= leg.lasted_s
        assert leg.talk_s == 0 or leg.outcome == "answered"
        assert leg.user_ref is None or 2 <= len(leg.user_ref) <= 6
