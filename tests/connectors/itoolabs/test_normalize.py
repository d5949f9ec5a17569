"""Rows of the history and users become facts; what is absent is not taken for nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.error import DataError
from connectors.itoolabs.call import normalize
from connectors.itoolabs.user import normalize as account_of
from store.fact import Account, CallLeg, Direction
from tests.connectors.itoolabs.account import CONTEXT, payload

EXTENSIONS = frozenset({"101", "102", "50123"})


def legs_of(**changes: Any) -> list[CallLeg]:
    """The facts of an answered incoming row with some fields changed, or left out when None."""
    row = payload("history")[3] | {"extensions": EXTENSIONS} | changes
    record = {name: value for name, value in row.items() if value is not None}
    return [fact for fact in normalize(record, CONTEXT) if isinstance(fact, CallLeg)]


def leg_of(**changes: Any) -> CallLeg:
    (leg,) = legs_of(**changes)
    return leg


def test_the_rows_of_a_live_answer_are_understood() -> None:
    facts = [fact for row in payload("history") for fact in normalize(row, CONTEXT)]
    legs = [fact for fact in facts if isinstance(fact, CallLeg)]
    told = [
        (leg.direction, leg.user_ref, leg.talk_s, leg.ring_s, leg.lasted_s, leg.outcome, leg.queue)
        for leg in legs
    ]
    assert told == [
        (Direction.OUT, "lyuda", 122, 9, 131, "answered", None),
        (Direction.OUT, "lyuda", 0, 6, 6, "missed", None),
        (Direction.IN, None, 0, 6, 6, "voicemail", "Отдел продаж"),
        (Direction.IN, "aisha", 40, 5, 45, "answered", None),
    ]
    assert legs[0].started_at == datetime(2026, 11, 20, 10, 54, 42, tzinfo=UTC)
    assert legs[0].call_ref == "20261120-000123"
    assert len({leg.ref for leg in legs}) == 4


def test_neither_a_name_nor_a_number_nor_a_link_is_kept() -> None:
    kept = str([fact for row in payload("history") for fact in normalize(row, CONTEXT)])
    for secret in ("Люда", "77000000001", "records.example"):
        assert secret not in kept


def test_without_a_duration_nobody_talked() -> None:
    leg = leg_of(duration=None)
    assert (leg.talk_s, leg.lasted_s, leg.ring_s) == (0, 5, 5)


def test_without_a_wait_the_ringing_is_unknown_and_not_zero() -> None:
    assert leg_of(wait=None).ring_s is None


def test_without_a_user_a_call_is_the_team_s() -> None:
    assert leg_of(user=None, user_name=None, status="missed", duration=None).user_ref is None


@pytest.mark.parametrize("status", ["missed", "cancel", "busy", "notavailable", "brandnew", ""])
def test_seconds_beside_any_status_but_success_are_no_talk(status: str) -> None:
    leg = leg_of(status=status)
    assert leg.talk_s == 0
    assert leg.outcome != "answered"


def test_a_message_in_the_mailbox_is_no_talk_whatever_its_status() -> None:
    leg = leg_of(destination="vm")
    assert (leg.talk_s, leg.outcome) == (0, "voicemail")


@pytest.mark.parametrize("client", ["", "anonymous", "0", "Склад 12", None])
def test_who_hides_their_number_is_nobody_s_other_self(client: str | None) -> None:
    leg = leg_of(client=client)
    assert (leg.client_hash, leg.client_last4) == (None, None)


@pytest.mark.parametrize("written", ["87011234567", "+77011234567", "77011234567"])
def test_a_number_with_8_with_7_and_with_plus_is_one_client(written: str) -> None:
    assert leg_of(client=written).client_hash == leg_of(client="+7 701 123-45-67").client_hash
    assert leg_of(client=written).client_last4 == "4567"


def test_a_number_abroad_dialled_with_810_is_the_one_with_plus() -> None:
    assert (
        leg_of(client="810375291234567").client_hash == leg_of(client="+375291234567").client_hash
    )


@pytest.mark.parametrize("client", ["102", "105", "50123"])
def test_calls_between_colleagues_make_no_fact(client: str) -> None:
    assert legs_of(type="out", client=client) == []
    assert legs_of(type="internal") == []


def test_a_short_city_number_is_no_extension_of_ours() -> None:
    assert leg_of(type="out", client="231234").direction == Direction.OUT


def test_a_call_handed_over_is_one_call_of_two_legs() -> None:
    first, second = leg_of(), leg_of(user="lyuda", start="2026-11-20T09:00:45Z")
    assert first.call_ref == second.call_ref
    assert first.ref != second.ref


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "sideways"),
        ("start", "2026-11-20T09:00:00"),
        ("uid", ""),
        ("duration", -1),
        ("wait", "soon"),
    ],
)
def test_nonsense_is_told_by_its_field_and_never_its_value(field: str, value: object) -> None:
    with pytest.raises(DataError) as refused:
        legs_of(**{field: value})
    assert field in refused.value.what
    assert not value or str(value) not in refused.value.what


def test_users_are_accounts_by_login_with_their_extension() -> None:
    rows = payload("users")["items"] + payload("users_page2")["items"]
    assert [fact for row in rows for fact in account_of(row, CONTEXT)] == [
        Account(ref="lyuda", name="Люда", email="lyuda@acme.test", active=True, extension="101"),
        Account(ref="aisha", name="Аиша", email="aisha@acme.test", active=True, extension="102"),
        Account(ref="danna", name="Данна", email=None, active=True, extension="103"),
    ]


_ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.just([]), st.just({}), st.sampled_from(["in", "success", "vm", "2026-11-20T09:00:00Z", "5"]),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(payload("history")[0])), _ANYTHING))
def test_whatever_a_row_holds_it_is_a_leg_or_nonsense(changes: dict[str, Any]) -> None:
    record = payload("history")[3] | {"extensions": EXTENSIONS} | changes
    try:
        legs = list(normalize(record, CONTEXT))
    except DataError:
        return
    for leg in legs:
        assert isinstance(leg, CallLeg)
        assert 0 <= leg.talk_s <= leg.lasted_s
        assert leg.talk_s == 0 or leg.outcome == "answered"
