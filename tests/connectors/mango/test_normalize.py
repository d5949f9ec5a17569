"""Entries of the extended statistics become legs: documented payloads and odd calls."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.error import DataError
from connectors.mango import call, user
from connectors.mango.phone import plain
from store.fact import Account, CallLeg, Direction, Transfer
from tests.connectors.mango.exchange import CONTEXT, payload

AT = 1_795_165_200
ANNA, IVAN = 5002, 5001
NUMBERS = {"101": str(IVAN), "sip:ivanov@acme.mangosip.ru": str(IVAN), "79990001122": str(ANNA)}


def legs(record: Any) -> list[CallLeg]:
    return [each for each in call.normalize(record, CONTEXT) if isinstance(each, CallLeg)]


def documented(place: int) -> list[CallLeg]:
    return legs(payload("calls_result")["data"][0]["list"][place])


def element(who: int | None, begun: int, answer: int | None, end: int, **own: Any) -> Any:
    """A telephone that rang `begun` seconds after the call began."""
    return {
        "call_type": "user" if who else "number",
        "call_abonent_id": who,
        "call_abonent_info": "",
        "call_abonent_number": None if who else "79031112201",
        "call_start_time": AT + begun,
        "call_answer_time": None if answer is None else AT + answer,
        "call_end_time": AT + end,
        "talk_duration": 0 if answer is None else end - answer,
        "dial_duration": (end if answer is None else answer) - begun,
        "hold_duration": None,
        "call_end_reason": 1110,
        "external_call_id": "",
        "members": None,
        **own,
    }


def entry(*elements: Any, kind: int = 1, lasts: int = 300, **own: Any) -> Any:
    return {
        "entry_id": "MQ==",
        "context_type": kind,
        "context_status": 1,
        "caller_id": IVAN if kind == 2 else None,
        "caller_number": "sip:ivanov@acme.mangosip.ru" if kind == 2 else "79031112201",
        "called_number": "79031112201" if kind == 2 else "74951230011",
        "context_start_time": AT,
        "duration": lasts,
        "talk_duration": 0,
        "context_init_type": 0,
        "context_calls": list(elements),
        "numbers": NUMBERS,
        **own,
    }


def test_an_answered_call_is_its_people_and_where_it_began() -> None:
    whole, own = documented(0)
    assert (whole.user_ref, whole.talk_s, whole.lasted_s) == (None, 0, 148)
    assert whole.started_at == datetime.fromtimestamp(AT, UTC)
    assert (own.user_ref, own.talk_s, own.ring_s, own.hold_s) == ("5001", 131, 12, None)
    assert (own.outcome, own.direction, own.lasted_s) == ("answered", Direction.IN, 143)
    assert own.client_hash == "hash of +79031112201"
    assert {whole.call_ref, own.call_ref} == {"MTAwMDAwMDAwMQ=="}
    assert (whole.ref, own.ref) == ("MTAwMDAwMDAwMQ==", "MToxMDA1NzU5Mzo0ODE6MQ==")


def test_a_missed_call_of_a_group_is_rung_by_its_members_and_nobodys_own() -> None:
    whole, first, second = documented(1)
    assert [each.user_ref for each in (whole, first, second)] == [None, "5001", "5002"]
    assert {each.outcome for each in (whole, first, second)} == {"missed"}
    assert (first.ring_s, second.ring_s) == (10, 13)
    assert {first.queue, second.queue} == {"Отдел продаж"}
    assert len({whole.ref, first.ref, second.ref}) == 3


def test_an_outgoing_call_is_the_callers() -> None:
    (own,) = documented(2)
    assert (own.user_ref, own.direction, own.talk_s) == ("5002", Direction.OUT, 0)
    assert (own.outcome, own.ring_s, own.lasted_s) == ("unavailable", 67, 70)
    assert own.client_last4 == "4567"


def test_an_internal_call_is_nobodys_work() -> None:
    assert documented(3) == []


def test_an_empty_list_is_an_empty_day_and_no_status_else() -> None:
    states = [each["body"] for each in payload("poll_states")]
    assert states[-1]["status"] == "complete"
    assert states[-1]["data"][0]["list"] == []
    assert [each.get("status") for each in states] == [None, "request", "work", "complete"]


def test_employees_are_accounts_with_their_extension() -> None:
    first = next(iter(user.normalize(payload("users")["users"][0], CONTEXT)))
    assert first == Account(
        ref="5001", name="Иванов Иван", email="ivanov@acme.test", active=True, extension="101"
    )


def test_an_employee_without_an_id_is_known_by_the_extension() -> None:
    row = payload("users")["users"][1]
    del row["general"]["user_id"]
    (account,) = user.normalize(row, CONTEXT)
    assert isinstance(account, Account)
    assert account.ref == "102"
    row["telephony"] = None
    with pytest.raises(DataError, match="user_id"):
        list(user.normalize(row, CONTEXT))


def test_a_group_repeats_the_talk_of_its_member_which_counts_once() -> None:
    members = [element(IVAN, 2, None, 8), element(ANNA, 2, 8, 100)]
    group = element(70, 2, 8, 100, call_type="group", call_abonent_info="Продажи", members=members)
    found = legs(entry(group))
    assert sum(each.talk_s for each in found) == 92
    assert [(each.user_ref, each.talk_s) for each in found if each.user_ref] == [
        ("5001", 0),
        ("5002", 92),
    ]


def test_a_groups_talk_of_which_no_member_is_told_is_not_lost() -> None:
    group = element(70, 2, 8, 100, call_type="group", members=None)
    assert [(each.user_ref, each.talk_s) for each in legs(entry(group))] == [(None, 0), (None, 92)]
    beside = element(ANNA, 2, 8, 100)
    assert sum(each.talk_s for each in legs(entry(group, beside))) == 92


def test_a_blind_transfer_is_told_of_the_leg_it_led_to() -> None:
    first = element(IVAN, 0, 5, 65)
    second = element(ANNA, 65, 70, 170, BlindTransfer=True)
    found = legs(entry(first, second))
    assert [(each.user_ref, each.talk_s, each.transfer) for each in found] == [
        ("5001", 60, Transfer.NONE),
        ("5002", 100, Transfer.BLIND),
    ]


def test_a_transfer_told_of_the_first_leg_led_to_the_next() -> None:
    found = legs(entry(element(IVAN, 0, 5, 65, Intercepted=True), element(ANNA, 65, 70, 170)))
    assert [each.transfer for each in found] == [Transfer.NONE, Transfer.REDIRECT]


def test_asking_a_colleague_before_an_attended_transfer_is_no_talk_with_the_client() -> None:
    first = element(IVAN, 0, 5, 65, hold_duration=15)
    second = element(ANNA, 50, 53, 165, ConsultTransfer=True)
    found = legs(entry(first, second))
    assert [(each.talk_s, each.hold_s) for each in found] == [(60, 15), (100, None)]
    assert found[1].transfer is Transfer.ATTENDED


def test_a_handed_over_outgoing_call_is_shared_by_the_two() -> None:
    client = element(None, 0, 10, 200)
    found = legs(entry(client, element(ANNA, 80, 90, 200, BlindTransfer=True), kind=2))
    assert [(each.user_ref, each.talk_s) for each in found] == [("5001", 70), ("5002", 110)]


def test_a_call_ordered_in_the_crm_is_outgoing_and_talk_is_the_clients_leg() -> None:
    own, client = element(IVAN, 0, 3, 120), element(None, 3, 20, 120)
    for kind in (1, 2):
        one = entry(own, client, kind=kind, lasts=120, context_init_type=4)
        one |= {"caller_number": "101", "called_number": "79031112201"}
        (leg,) = legs(one)
        assert (leg.user_ref, leg.direction, leg.talk_s) == ("5001", Direction.OUT, 100)
        assert leg.client_hash == "hash of +79031112201"


def test_an_ordered_call_may_be_told_as_one_of_our_own_telephone() -> None:
    own = element(None, 0, 3, 120, call_abonent_number="79990001122")
    one = entry(own, element(None, 3, 20, 120), kind=1, lasts=120, context_init_type=4)
    (leg,) = legs(one | {"caller_number": "79031112201", "called_number": "79990001122"})
    assert (leg.user_ref, leg.talk_s) == ("5002", 100)
    assert leg.client_hash == "hash of +79031112201"


def test_a_colleague_rung_on_their_own_mobile_is_talked_with() -> None:
    mobile = element(None, 0, 10, 70, call_abonent_number="79990001122")
    (leg,) = legs(entry(mobile, kind=2, called_number="79990001122"))
    assert (leg.user_ref, leg.talk_s) == ("5001", 60)


def test_an_ordered_call_that_the_employee_did_not_take_is_no_talk() -> None:
    (leg,) = legs(entry(element(IVAN, 0, None, 20), kind=2, context_init_type=4))
    assert (leg.talk_s, leg.outcome) == (0, "missed")


def test_a_call_of_a_robot_is_nobodys_work() -> None:
    assert legs(entry(element(None, 0, 5, 30, OutboundDialing=True), kind=2)) == []


def test_menus_and_voicemail_have_no_times_and_are_no_talk() -> None:
    bare = dict.fromkeys(("call_start_time", "call_answer_time", "call_end_time"))
    menu = element(None, 0, 0, 0, call_type="ivr", talk_duration=14) | bare
    found = legs(entry(menu, element(IVAN, 5, None, 25), lasts=60))
    assert [(each.user_ref, each.talk_s) for each in found] == [(None, 0), ("5001", 0)]
    assert found[0].lasted_s == 60
    (alone,) = legs(entry(menu, lasts=20))
    assert (alone.user_ref, alone.outcome, alone.ref) == (None, "missed", "MQ==")


def test_a_mobile_of_an_employee_is_the_employee() -> None:
    mobile = element(None, 5, 15, 75, call_abonent_number="79990001122")
    own = legs(entry(mobile))[-1]
    assert (own.user_ref, own.talk_s) == ("5002", 60)


def test_a_talk_on_a_telephone_of_nobody_known_is_the_teams() -> None:
    found = legs(entry(element(None, 5, 15, 75)))
    assert [(each.user_ref, each.talk_s) for each in found] == [(None, 0), (None, 60)]
    assert legs(entry(element(None, 5, None, 75)))[0].talk_s == 0


def test_nothing_of_a_hidden_number_is_kept() -> None:
    for hidden in ("", None, "anonymous"):
        (leg, *_) = legs(entry(element(IVAN, 0, 5, 65), caller_number=hidden))
        assert "7903" not in str(leg.client_hash)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("79031112201", "+79031112201"),
        ("77015551234", "+77015551234"),
        ("380501234567", "+380501234567"),
        ("810380501234567", "+380501234567"),
        ("89031112201", "89031112201"),
        ("sip:79031112201@acme.mangosip.ru", "+79031112201"),
        ("101", "101"),
        ("+79031112201", "+79031112201"),
        ("", ""),
    ],
)
def test_numbers_are_read_as_the_exchange_writes_them(written: str, expected: str) -> None:
    assert plain(written) == expected


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"context_type": 0}, "context_type"),
        ({"context_type": None}, "context_type"),
        ({"context_start_time": None}, "context_start_time"),
        ({"context_start_time": 17951652000000}, "context_start_time"),
        ({"entry_id": None}, "entry_id"),
        ({"duration": -5}, "duration"),
        ({"duration": "soon"}, "duration"),
    ],
)
def test_nonsense_is_told_by_its_field_and_never_by_its_value(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(DataError, match=field) as told:
        legs(entry(element(IVAN, 0, 5, 65), **change))
    assert "79031112201" not in str(told.value)


_TIMES = st.lists(st.integers(0, 600), min_size=3, max_size=3).map(sorted)
_FLAG = st.sampled_from(["", "BlindTransfer", "ConsultTransfer", "Intercepted"])


@given(
    st.lists(
        st.tuples(st.sampled_from([IVAN, ANNA, 5003]), _TIMES, st.booleans(), _FLAG), max_size=5
    ),
    st.sampled_from([1, 2]),
)
def test_talk_is_never_longer_than_its_leg_and_refs_never_repeat(
    rung: list[tuple[int, list[int], bool, str]], kind: int
) -> None:
    people = [
        element(who, begun, answer if talks else None, end, **({flag: True} if flag else {}))
        for who, (begun, answer, end), talks, flag in rung
    ]
    client = [element(None, 0, 10, 600)] if kind == 2 else []
    found = legs(entry(*client, *people, kind=kind, lasts=600))
    assert len({each.ref for each in found}) == len(found)
    assert all(0 <= each.talk_s <= each.lasted_s <= 600 for each in found)
    assert min(each.started_at for each in found) == datetime.fromtimestamp(AT, UTC)
    again = legs(entry(*client, *people, kind=kind, lasts=600))
    assert again == found
