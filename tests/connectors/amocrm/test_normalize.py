"""From documented payloads to facts: odd spellings are understood, nonsense is a DataError."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.amocrm import event, funnel, lead, note, purchase, task, user
from connectors.amocrm.card import CONTACTS
from connectors.base import Record
from connectors.error import DataError
from store.fact import (
    Account,
    CallLeg,
    Client,
    CustomValues,
    Deal,
    DealState,
    Direction,
    Email,
    EmailTrail,
    Lead,
    Meeting,
    MeetingState,
    OwnerEvent,
    Pipeline,
    Purchase,
    Removal,
    Stage,
    StageChange,
    Step,
    Task,
    TaskState,
)
from tests.connectors.amocrm.account import CONTEXT, payload


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def deal_of(record: Record, **more: Any) -> Deal:
    made, _ = lead.normalize({**record, **more}, CONTEXT)
    assert isinstance(made, Deal)
    return made


LEAD: Record = payload("lead_by_id_with_all")


def test_one_record_is_our_deal_and_our_lead() -> None:
    made, first = lead.normalize(LEAD, CONTEXT)
    assert made == Deal(
        ref="3912171",
        pipeline_ref="3104455",
        stage_ref="143",
        state=DealState.LOST,
        amount=1200,
        currency="RUB",
        owner_ref="504141",
        client_ref="company:10971463",
        created_at=at(1585299171),
        updated_at=at(1590683337),
        closed_at=at(1590683337),
        lead_ref="3912171",
        reason="Пропала потребность",
    )
    assert isinstance(first, Lead)
    assert (first.ref, first.stage_ref) == ("3912171", "3104455/143")


def test_what_lies_in_unsorted_or_in_the_bin_is_nothing() -> None:
    assert not list(lead.normalize({**LEAD, "is_unsorted": True}, CONTEXT))
    assert not list(lead.normalize({**LEAD, "is_deleted": True}, CONTEXT))


def test_custom_fields_are_read_by_id_or_by_code_under_our_names() -> None:
    known = replace(CONTEXT, fields={"deal": {"margin": "294471", "source": "FROM", "no": "1"}})
    values = [
        {"field_id": 294471, "field_code": None, "values": [{"value": "12.5"}]},
        {"field_id": 7, "field_code": "FROM", "values": [{"value": "Сайт", "enum_id": 3}]},
        {"field_id": 8, "field_code": None, "values": []},
    ]
    *_, custom = lead.normalize({**LEAD, "custom_fields_values": values}, known)
    assert custom == CustomValues(
        kind="deal", record_ref="3912171", values={"margin": "12.5", "source": "Сайт"}
    )
    *_, custom = lead.normalize({**LEAD, "custom_fields_values": None}, known)
    assert custom == CustomValues(kind="deal", record_ref="3912171", values={})


def test_the_client_is_the_company_else_the_main_contact() -> None:
    contacts = [{"id": 1, "is_main": False}, {"id": 2, "is_main": True}]
    assert deal_of(LEAD, _embedded={"contacts": contacts}).client_ref == "contact:2"
    assert deal_of(LEAD, _embedded={"contacts": contacts[:1]}).client_ref == "contact:1"
    assert deal_of(LEAD, _embedded=[]).client_ref is None


def test_kommo_tells_the_price_with_its_fractions() -> None:
    assert deal_of(LEAD, price=12, price_with_minor_units=12.34).amount == 1234


def test_a_closing_date_set_by_hand_is_no_later_than_the_last_change() -> None:
    assert deal_of(LEAD, closed_at=1 << 33).closed_at == at(1590683337)
    assert deal_of(LEAD, closed_at=None).closed_at == at(1590683337)
    assert deal_of(LEAD, status_id=32392159, closed_at=None).closed_at is None


@pytest.mark.parametrize("reason", [None, [], {}, [None], {"name": None}])
def test_a_reason_that_nobody_filled_in_is_a_reason_of_its_own(reason: object) -> None:
    assert deal_of(LEAD, _embedded={"loss_reason": reason}).reason == ""


def test_a_won_deal_has_no_reason() -> None:
    assert deal_of(LEAD, status_id=142).reason is None


@pytest.mark.parametrize("name", ["id", "status_id", "pipeline_id", "created_at", "updated_at"])
def test_a_lead_without_what_it_needs_goes_to_quarantine(name: str) -> None:
    with pytest.raises(DataError, match=name):
        list(lead.normalize({**LEAD, name: None}, CONTEXT))


def call_of(**more: Any) -> CallLeg:
    record: Record = {**payload("note_call_in_full_params"), "folder": "leads", "users": {"501"}}
    params = {**record["params"], **more.pop("params", {})}
    (leg,) = note.call({**record, "params": params, **more}, CONTEXT)
    assert isinstance(leg, CallLeg)
    return leg


def test_a_note_of_a_call_is_a_leg() -> None:
    leg = call_of()
    assert (leg.direction, leg.talk_s, leg.user_ref) == (Direction.IN, 130, "501")
    assert (leg.started_at, leg.client_ref) == (at(1587731353), "lead:8694432")
    assert leg.client_last4 == "2321"


def test_copies_of_a_call_are_one_stretch_and_other_calls_are_not() -> None:
    copy = call_of(id=99, folder="contacts", created_at=1587731355)
    assert (copy.call_ref, copy.stretch) == (call_of().call_ref, call_of().stretch)
    assert copy.ref != call_of().ref
    assert call_of(params={"source": "another"}).call_ref != copy.call_ref
    no_uniq = [call_of(params={"uniq": None, "phone": text}) for text in ("+7912", "+7913")]
    assert no_uniq[0].call_ref != no_uniq[1].call_ref


@pytest.mark.parametrize("status", ["1", 6, "7"])
def test_busy_and_voicemail_are_no_talk_whatever_the_length_says(status: object) -> None:
    assert call_of(params={"call_status": status}).talk_s == 0


@pytest.mark.parametrize(
    ("length", "talk_s"),
    [("45", 45), (None, 0), ("", 0), ("long", 0), (-1, 0), (10**9, 0), ([], 0)],
)
def test_a_duration_is_understood_however_it_is_spelt(length: object, talk_s: int) -> None:
    assert call_of(params={"duration": length, "call_status": None}).talk_s == talk_s


def test_who_called_is_the_switchboard_s_word_only_when_it_is_a_user() -> None:
    assert call_of(params={"call_responsible": "501"}, responsible_user_id=7).user_ref == "501"
    assert call_of(params={"call_responsible": "Василий"}).user_ref == "501"
    assert call_of(params={"call_responsible": 79991234567}, responsible_user_id=7).user_ref == "7"
    assert call_of(responsible_user_id=0, created_by=0).user_ref is None


LETTER: Record = {
    "id": 5,
    "entity_id": 12,
    "note_type": "amomail_message",
    "created_at": 1587731353,
    "responsible_user_id": 501,
    "created_by": 0,
    "params": {"message_id": "<a@b>", "thread_id": 8, "income": True},
    "folder": "leads",
}


def test_a_letter_is_one_however_many_notes_show_it() -> None:
    one, trail = note.letter(LETTER, CONTEXT)
    other, _ = note.letter({**LETTER, "id": 6, "entity_id": 3, "folder": "contacts"}, CONTEXT)
    assert isinstance(one, Email)
    assert isinstance(other, Email)
    assert isinstance(trail, EmailTrail)
    assert (one.direction, one.owner_ref) == (Direction.IN, "501")
    assert (one.ref, one.about_ref) == ("5@leads", "lead:12")
    assert (other.ref, other.about_ref) == ("6@contacts", "contact:3")
    assert one.message_hash == other.message_hash == trail.message_hash
    assert "a@b" not in str(one)


def test_a_letter_is_that_of_a_mailbox_only_by_its_message_id() -> None:
    def letter_of(message: object, source: str = "amo") -> str | None:
        params = {"message_id": message, "income": False}
        (one,) = note.letter({**LETTER, "params": params}, replace(CONTEXT, source=source))
        assert isinstance(one, Email)
        return one.message_hash

    in_mailbox = CONTEXT.mark_text("letter <a@b>")
    assert letter_of("<a@b>") == letter_of("a@b") == letter_of("a@b", "other") == in_mailbox
    assert letter_of(26447) != letter_of(26447, "other")
    assert letter_of(None) is None


def test_a_purchase_is_of_the_customer_and_of_who_holds_them() -> None:
    (row,) = payload("customer_transactions_list")["_embedded"]["transactions"]
    (made,) = purchase.normalize({**row, "holder": "504141"}, CONTEXT)
    assert made == Purchase(
        ref="134643",
        client_ref="customer:1000000158",
        amount=12300,
        currency="RUB",
        owner_ref="504141",
        bought_at=at(1591005900),
        updated_at=at(1591005900),
    )
    (planned,) = purchase.normalize({**row, "completed_at": None, "created_at": 5000}, CONTEXT)
    assert isinstance(planned, Purchase)
    assert (planned.bought_at, planned.owner_ref) == (at(5000), None)
    (gone,) = purchase.normalize({**row, "is_deleted": True}, CONTEXT)
    assert gone == Removal(kind="purchase", record_ref="134643", at=at(1591005900))


@pytest.mark.parametrize(
    "nonsense", [{"price": "many"}, {"customer_id": None}, {"completed_at": "soon"}, {"id": []}]
)
def test_a_senseless_purchase_is_refused(nonsense: Record) -> None:
    (row,) = payload("customer_transactions_list")["_embedded"]["transactions"]
    with pytest.raises(DataError):
        list(purchase.normalize({**row, **nonsense}, CONTEXT))


def test_a_meeting_is_held_when_it_was_done_and_planned_for_when_it_is_due() -> None:
    row: Record = payload("tasks_list_completed_meetings")["_embedded"]["tasks"][0]
    done, held = task.normalize({**row, "completed_at": 1575364800}, CONTEXT)
    assert isinstance(done, Task)
    assert isinstance(held, Meeting)
    assert (done.state, done.done_at, done.is_crm) == (TaskState.DONE, at(1575364800), True)
    assert (held.state, held.begun_at, held.about_ref) == (
        MeetingState.HELD, at(1575364800), "lead:167353",
    )  # fmt: skip
    _, planned = task.normalize({**row, "is_completed": False}, CONTEXT)
    assert isinstance(planned, Meeting)
    assert (planned.state, planned.begun_at) == (MeetingState.PLANNED, at(1575665940))
    _, none = task.normalize({**row, "task_type_id": 1}, CONTEXT)
    assert isinstance(none, Meeting)
    assert none.state is MeetingState.NONE


def test_a_user_is_an_account_dismissed_or_not() -> None:
    row = payload("users_list_role_group")["_embedded"]["users"][0]
    (made,) = user.normalize(row, CONTEXT)
    assert isinstance(made, Account)
    assert (made.ref, made.email, made.active) == ("123123", "example2@mail.com", True)
    row = {**row, "rights": {**row["rights"], "is_active": False}}
    (made,) = user.normalize(row, CONTEXT)
    assert isinstance(made, Account)
    assert not made.active


def test_stages_are_told_apart_by_their_pipeline_and_unsorted_is_none() -> None:
    row = payload("pipelines_list")["_embedded"]["pipelines"][0]
    made, *stages = funnel.normalize(row, CONTEXT)
    assert isinstance(made, Pipeline)
    assert all(isinstance(each, Stage) and each.pipeline_ref == made.ref for each in stages)
    refs = {each.ref: each.state for each in stages if isinstance(each, Stage)}
    assert "32392156" not in refs
    assert (refs["142"], refs["143"]) == (DealState.WON, DealState.LOST)


EVENT: Record = {
    **payload("events_list")["_embedded"]["events"][0],
    "entity_id": 7,
    "created_at": 1587731353,
    "told_to": 1587731400,
}


def test_a_move_and_a_new_owner_come_from_events() -> None:
    moved = {
        **EVENT,
        "type": "lead_status_changed",
        "value_before": [{"lead_status": {"id": 5233224, "pipeline_id": 437642}}],
        "value_after": [{"lead_status": {"id": 142, "pipeline_id": 437642}}],
    }
    (change,) = event.normalize(moved, CONTEXT)
    assert isinstance(change, StageChange)
    assert (change.stage_ref, change.state, change.step) == ("142", DealState.WON, Step.CLOSED)
    handed = {
        **EVENT,
        "type": "entity_responsible_changed",
        "value_before": [{"responsible_user": {"id": 0}}],
        "value_after": [{"responsible_user": {"id": 504329}}],
    }
    found = list(event.normalize(handed, CONTEXT))
    assert [each.kind for each in found if isinstance(each, OwnerEvent)] == ["deal", "lead"]
    assert all(each.before_ref is None for each in found if isinstance(each, OwnerEvent))
    with pytest.raises(DataError):
        list(event.normalize({**handed, "value_after": []}, CONTEXT))


def test_a_deletion_alone_removes_nothing() -> None:
    assert not list(event.normalize({**EVENT, "type": "lead_deleted"}, CONTEXT))
    gone = list(event.normalize({**EVENT, "type": "merilo_gone"}, CONTEXT))
    assert [each.kind for each in gone if isinstance(each, Removal)] == ["deal", "lead"]


def test_a_contact_is_a_client_under_our_id() -> None:
    row = payload("contacts_list")["_embedded"]["contacts"][0]
    (made,) = CONTACTS.normalize(
        {**row, "number": row["id"], "id": f"contact:{row['id']}"}, CONTEXT
    )
    assert isinstance(made, Client)
    assert (made.ref, made.name, made.company_ref) == ("contact:7143599", "1", None)
