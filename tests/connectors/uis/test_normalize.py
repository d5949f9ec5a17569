"""From documented payloads to facts: every employee's own talk, odd calls, nonsense."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from config.secret_ref import SecretRef
from connectors.base import Record
from connectors.error import DataError
from connectors.uis import employee, session
from connectors.uis.call import _is_internal
from connectors.uis.settings import UisSettings
from store.fact import Account, CallLeg, Direction, TalkQuality, Transfer
from tests.connectors.uis.account import CONTEXT, rows_of

ANSWERED, LOST = rows_of("calls_report")
ANSWERED_LEG, LOST_LEG = rows_of("call_legs_report")
DAY = "2026-11-20"


def told(call: Record, legs: list[Record], **more: Any) -> Record:
    return {**call, "legs": legs, "zone": "Europe/Moscow", "is_internal": False, **more}


def legs_of(record: Record) -> list[CallLeg]:
    found = list(session.normalize(record, CONTEXT))
    assert all(isinstance(leg, CallLeg) for leg in found)
    return [leg for leg in found if isinstance(leg, CallLeg)]


def at(clock: str) -> datetime:
    """A time of that day in Moscow."""
    local = datetime.fromisoformat(f"{DAY}T{clock}+03:00")
    return local.astimezone(UTC)


def leg(who: int | None, begins: str, picked_up: str | None, ends: str, **more: Any) -> Record:
    """A row of the report of legs; talked when it was picked up."""
    answered = at(picked_up or ends)
    return {
        "id": f"{begins} {who}",
        "call_session_id": 7,
        "start_time": f"{DAY} {begins}",
        "connect_time": f"{DAY} {picked_up}" if picked_up else None,
        "duration": int((at(ends) - answered).total_seconds()),
        "total_duration": int((at(ends) - at(begins)).total_seconds()),
        "finish_reason": "subscriber_disconnects",
        "is_transfered": False,
        "is_operator": True,
        "employee_id": who,
        "is_coach": False,
        "is_talked": picked_up is not None,
        "group_id": None,
        "group_name": None,
        **more,
    }


def call(legs: list[Record], clean_s: int, **more: Any) -> Record:
    """A call from 12:00:00 to 12:10:00 with these legs."""
    talkers = {row["employee_id"]: row["is_talked"] for row in legs if row["employee_id"]}
    session_row = {
        **ANSWERED,
        "id": 7,
        "start_time": f"{DAY} 12:00:00",
        "finish_time": f"{DAY} 12:10:00",
        "total_duration": 600,
        "clean_talk_duration": clean_s,
        "is_lost": clean_s == 0,
        "employees": [
            {"employee_id": who, "is_answered": talked, "is_talked": talked}
            for who, talked in talkers.items()
        ],
    }
    return told(session_row, legs, **more)


def by_user(record: Record) -> dict[str | None, CallLeg]:
    found = legs_of(record)
    assert len({each.ref for each in found}) == len(found)
    assert min(each.started_at for each in found) == at("12:00:00")
    return {each.user_ref: each for each in found}


def test_a_documented_answered_call_is_the_employee_s_clean_talk() -> None:
    own, whole = legs_of(told(ANSWERED, [ANSWERED_LEG]))
    assert own == CallLeg(
        ref="900001#77",
        call_ref="900001",
        user_ref="77",
        direction=Direction.IN,
        started_at=at("12:00:05"),
        talk_s=126,
        outcome="answered",
        client_hash="hash of +79031112201",
        client_last4="2201",
        client_ref=None,
        lasted_s=143,
        ring_s=12,
        hold_s=5,
        quality=TalkQuality.EXACT,
        queue="Отдел продаж",
    )
    assert (whole.ref, whole.user_ref, whole.talk_s) == ("900001", None, 0)
    assert (whole.started_at, whole.lasted_s) == (at("12:00:00"), 148)


def test_a_documented_lost_call_is_of_everybody_who_was_rung() -> None:
    found = {each.user_ref: each for each in legs_of(told(LOST, [LOST_LEG]))}
    assert set(found) == {"77", "78"}
    assert {each.talk_s for each in found.values()} == {0}
    assert (found["77"].outcome, found["77"].ring_s) == ("missed", 10)
    assert (found["77"].started_at, found["77"].lasted_s) == (at("12:10:02"), 10)
    assert (found["78"].started_at, found["78"].lasted_s) == (at("12:10:00"), 25)
    assert (found["78"].outcome, found["78"].ring_s) == ("missed", None)


def test_a_call_read_again_is_the_same_in_whatever_order_its_legs_come() -> None:
    rows = [leg(1, "12:00:00", None, "12:00:20"), leg(2, "12:00:20", "12:00:30", "12:10:00")]
    assert legs_of(call(rows, 570)) == legs_of(call(rows[::-1], 570))


def test_ring_legs_of_an_answered_call_are_no_talk() -> None:
    others = [leg(who, "12:00:00", None, "12:00:10", group_id=5) for who in (2, 3)]
    found = by_user(call([leg(1, "12:00:00", "12:00:10", "12:10:00"), *others], 590))
    assert {who: each.talk_s for who, each in found.items()} == {"1": 590, "2": 0, "3": 0}
    assert (found["2"].queue, found["2"].ring_s) == ("5", 10)


def test_after_a_blind_transfer_each_has_their_own_talk() -> None:
    first = leg(1, "12:00:00", "12:00:10", "12:03:00")
    second = leg(2, "12:03:00", "12:03:20", "12:10:00", is_transfered=True)
    found = by_user(call([first, second], 170 + 400))
    assert (found["1"].talk_s, found["2"].talk_s) == (170, 400)
    assert (found["1"].transfer, found["2"].transfer) == (Transfer.NONE, Transfer.BLIND)
    assert found["2"].quality is TalkQuality.EXACT


def test_after_an_attended_transfer_the_consulting_is_nobody_s_talk() -> None:
    first = leg(1, "12:00:00", "12:00:10", "12:03:30")
    second = leg(2, "12:03:00", "12:03:08", "12:10:00", is_transfered=True)
    found = by_user(call([first, second], 170 + 390, talk_duration=590))
    assert (found["1"].talk_s, found["1"].hold_s, found["2"].talk_s) == (170, 30, 390)
    assert found["2"].transfer is Transfer.ATTENDED


def test_a_colleague_who_was_only_asked_has_no_call() -> None:
    first = leg(1, "12:00:00", "12:00:10", "12:10:00")
    asked = leg(2, "12:03:00", "12:03:08", "12:04:00", is_transfered=True)
    deaf = leg(3, "12:05:00", None, "12:05:20", is_transfered=True)
    found = by_user(call([first, asked, deaf], 590 - 60))
    assert set(found) == {"1"}
    assert (found["1"].talk_s, found["1"].quality) == (530, TalkQuality.EXACT)


def test_a_talk_given_back_is_added_up() -> None:
    rows = [
        leg(1, "12:00:00", "12:00:10", "12:02:10"),
        leg(2, "12:02:10", "12:02:20", "12:03:20", is_transfered=True),
        leg(1, "12:03:20", "12:03:30", "12:10:00", is_transfered=True),
    ]
    found = by_user(call(rows, 120 + 60 + 390))
    assert (found["1"].talk_s, found["2"].talk_s) == (510, 60)
    assert found["1"].ring_s == 20


def test_holding_that_nobody_can_be_told_for_makes_an_upper_bound() -> None:
    first = leg(1, "12:00:00", "12:00:10", "12:03:00")
    second = leg(2, "12:03:00", "12:03:20", "12:10:00", is_transfered=True)
    found = by_user(call([first, second], 500))
    assert found["1"].quality is found["2"].quality is TalkQuality.UPPER_BOUND


def test_a_coach_who_listens_has_no_call() -> None:
    coach = leg(9, "12:01:00", "12:01:01", "12:10:00", is_coach=True)
    found = by_user(call([leg(1, "12:00:00", "12:00:10", "12:10:00"), coach], 590))
    assert set(found) == {"1"}
    assert found["1"].talk_s == 590


OUT = {"direction": "out", "source": "sip"}


def client_leg(picked_up: str | None, ends: str = "12:10:00") -> Record:
    return leg(None, "12:00:02", picked_up, ends, is_operator=False)


def test_an_outgoing_call_is_talked_when_the_client_answers() -> None:
    """The employee's own telephone is picked up first."""
    own = leg(1, "12:00:00", "12:00:02", "12:10:00")
    found = by_user(call([own, client_leg("12:00:30")], 570, **OUT))
    assert (found["1"].direction, found["1"].talk_s, found["1"].ring_s) == (Direction.OUT, 570, 28)
    assert (found["1"].hold_s, found["1"].outcome) == (0, "answered")


def test_an_outgoing_call_picked_up_by_the_employee_alone_is_not_reached() -> None:
    own = leg(1, "12:00:00", "12:00:02", "12:10:00", is_talked=False)
    record = call([own, client_leg(None)], 0, finish_reason="subscriber_busy", **OUT)
    record["employees"] = [{"employee_id": 1, "is_answered": True, "is_talked": False}]
    (only,) = legs_of(record)
    assert (only.talk_s, only.outcome, only.ring_s) == (0, "busy", 598)


def test_an_outgoing_call_that_is_transferred_counts_from_the_client_s_answer() -> None:
    first = leg(1, "12:00:00", "12:00:02", "12:03:00")
    second = leg(2, "12:03:00", "12:03:20", "12:10:00", is_transfered=True)
    found = by_user(call([first, second, client_leg("12:00:30")], 150 + 400, **OUT))
    assert (found["1"].talk_s, found["2"].talk_s) == (150, 400)


@pytest.mark.parametrize("source", sorted(session.ROBOTS))
def test_robots_informers_and_faxes_are_nobody_s_work(source: str) -> None:
    rows = [leg(1, "12:00:00", "12:00:10", "12:10:00")]
    assert not legs_of(call(rows, 590, source=source))


def test_what_a_dialling_machine_hands_over_is_work() -> None:
    rows = [leg(1, "12:00:00", "12:00:10", "12:10:00")]
    assert legs_of(call(rows, 590, source="progressive_call", direction="out"))
    assert not legs_of(call([client_leg(None)], 0, source="progressive_call"))


@pytest.mark.parametrize("source", ["sitephone", "lead", "auto_back_call_by_lost_call"])
def test_a_call_back_ordered_on_a_site_is_outgoing(source: str) -> None:
    rows = [leg(1, "12:00:00", "12:00:10", "12:10:00")]
    (only,) = legs_of(call(rows, 590, source=source, direction="in"))
    assert only.direction is Direction.OUT


def test_a_call_that_only_the_menu_heard_is_of_nobody() -> None:
    (only,) = legs_of(call([], 0))
    assert (only.ref, only.user_ref, only.talk_s, only.lasted_s) == ("7", None, 0, 600)


def test_a_message_left_is_no_talk() -> None:
    rows = [leg(1, "12:00:00", None, "12:00:30")]
    found = by_user(call(rows, 0, voice_mail_records=["5f1"]))
    assert {each.outcome for each in found.values()} == {"voicemail"}
    assert {each.talk_s for each in found.values()} == {0}


def test_a_call_forwarded_to_a_telephone_of_nobody_is_the_team_s_talk() -> None:
    found = by_user(call([leg(None, "12:00:00", "12:00:10", "12:10:00")], 590))
    assert {who: each.talk_s for who, each in found.items()} == {None: 590}
    (untold,) = legs_of(call([], 590))
    assert (untold.talk_s, untold.outcome) == (590, "answered")


def test_an_employee_whose_leg_is_not_told_has_what_the_others_left() -> None:
    first = leg(1, "12:00:00", "12:00:10", "12:03:00")
    second = leg(2, "12:03:00", "12:03:20", "12:10:00")
    whole = call([first, second], 570)
    found = by_user({**whole, "legs": [first]})
    assert (found["1"].talk_s, found["2"].talk_s) == (170, 400)
    assert found["2"].quality is TalkQuality.REPORTED
    alone = by_user({**call([first], 170), "legs": []})
    assert alone["1"].talk_s == 170


def test_two_whose_legs_are_not_told_go_to_quarantine() -> None:
    rows = [leg(1, "12:00:00", "12:00:10", "12:03:00"), leg(2, "12:03:00", "12:03:20", "12:10:00")]
    with pytest.raises(DataError, match="legs"):
        legs_of({**call(rows, 570), "legs": []})


def test_where_legs_do_not_say_who_talked_the_call_does() -> None:
    rows = [leg(1, "12:00:00", "12:00:10", "12:10:00", is_talked=None)]
    record = call(rows, 590)
    record["employees"][0]["is_talked"] = True
    assert by_user(record)["1"].talk_s == 590


def test_a_call_that_goes_on_is_left_for_later() -> None:
    assert not legs_of(call([], 0, finish_time=None))


@pytest.mark.parametrize("number", [None, "", "Anonymous"])
def test_a_hidden_number_is_no_client(number: str | None) -> None:
    (only,) = legs_of(call([], 0, contact_phone_number=number))
    assert (only.client_hash, only.client_last4) == (None, None)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"id": None}, "id"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"finish_time": 5}, "finish_time"),
        ({"direction": "up"}, "direction"),
        ({"clean_talk_duration": -1}, "clean_talk_duration"),
        ({"clean_talk_duration": "a lot"}, "clean_talk_duration"),
    ],
)
def test_nonsense_goes_to_quarantine_by_the_field_s_name(more: dict[str, Any], name: str) -> None:
    with pytest.raises(DataError, match=name):
        legs_of(call([], 0, **more))


@pytest.mark.parametrize("name", ["duration", "total_duration"])
def test_a_length_that_was_not_told_is_not_zero(name: str) -> None:
    row = leg(1, "12:00:00", "12:00:10", "12:10:00")
    del row[name]
    with pytest.raises(DataError, match=name):
        legs_of(call([row], 590))
    record = call([], 0)
    del record["clean_talk_duration"]
    with pytest.raises(DataError, match="clean_talk_duration"):
        legs_of(record)


def test_employees_are_joined_by_e_mail_and_extension() -> None:
    found = [fact for row in rows_of("employees") for fact in employee.normalize(row, CONTEXT)]
    assert found == [
        Account(
            ref="77", name="Иванов Иван", email="ivanov@acme.test", active=True, extension="101"
        ),
        Account(ref="78", name="Петрова Анна", email=None, active=True, extension="102"),
    ]


@pytest.mark.parametrize(
    ("number", "internal"),
    [
        ("102", True),
        ("999", True),  # of somebody who was deleted
        ("79160000101", True),
        ("79167654321", True),  # written as 8 (916) 765-43-21
        ("74955140578", False),  # an office's number with an add-on is not one person's
        ("79031112201", False),
        (None, False),
    ],
)
def test_calls_among_employees_are_known_by_their_numbers(
    number: str | None, internal: bool
) -> None:
    by_hand = {"phone_numbers": [{"phone_number": "8 (916) 765-43-21"}, None]}
    rows = [*rows_of("employees"), by_hand, {"phone_numbers": None, "extension": []}]
    own = {each for row in rows for each in employee._numbers(row)}
    assert _is_internal({"contact_phone_number": number}, own) is internal
    assert not legs_of(call([], 0, contact_phone_number=number) | {"is_internal": True})


def test_the_address_may_hold_the_version() -> None:
    key = SecretRef("env", "TOKEN")
    made = UisSettings(connector="uis", url="https://dataapi.uiscom.ru/v2.0/", token=key)
    assert made.url == "https://dataapi.uiscom.ru"
    assert made.is_telephony
    with pytest.raises(ValidationError):
        UisSettings.model_validate({**made.model_dump(), "imported": "all"})
