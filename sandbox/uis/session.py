"""A conversation of the exchange as a row of get.calls_report."""

from typing import Any

from sandbox.conversation import (
    BUSY,
    IN,
    INTERNAL,
    NO_ANSWER,
    OUT,
    ROBOT,
    UNAVAILABLE,
    VOICEMAIL,
    Conversation,
    Employee,
)
from sandbox.conversation import Leg as ExchangeLeg
from sandbox.uis.account import FIRST_SESSION, Account

_UNREACHED = {
    BUSY: "subscriber_busy",
    NO_ANSWER: "subscriber_not_responsible",
    UNAVAILABLE: "subscriber_number_problems",
}
_COACHED = (17, 5)


def session_row(account: Account, call: Conversation) -> dict[str, Any]:
    """Every column of a call, asked for or not."""
    clean_s = sum(leg.talk_s - leg.hold_s for leg in call.legs if not _repeats(call, leg))
    total_s = int(call.ended_at) - int(call.started_at)
    answers = [int(leg.answered_at) for leg in call.legs if leg.answered_at is not None]
    wait_s = min(answers) - int(call.started_at) if answers else total_s
    number = FIRST_SESSION + call.id
    record = [f"{number:x}"]
    return {
        "id": number,
        "start_time": account.local(call.started_at),
        "finish_time": account.local(call.ended_at),
        "finish_reason": reason_of(call),
        "direction": "in" if call.direction == IN else "out",
        "source": _source(account, call),
        "is_lost": not call.answered,
        "contact_phone_number": _contact(call),
        "communication_id": number,
        "communication_type": "call",
        "communication_number": None,
        "wait_duration": wait_s,
        "total_wait_duration": total_s - clean_s,
        "talk_duration": total_s - wait_s if answers else 0,
        "clean_talk_duration": clean_s,
        "total_duration": total_s,
        "postprocess_duration": 0,
        "lost_call_processing_duration": None,
        "call_records": record if clean_s else [],
        "voice_mail_records": record if call.kind == VOICEMAIL else [],
        "virtual_phone_number": call.line or None,
        "is_transfer": any(leg.transfer for leg in call.legs),
        **_employees(account, call),
    }


def reason_of(call: Conversation) -> str:
    """Why the call ended."""
    if call.answered:
        return "operator_disconnects" if call.id % 3 == 0 else "subscriber_disconnects"
    if call.direction == OUT:
        return _UNREACHED.get(call.result, "no_success_subscriber_call")
    return "operator_not_responsible" if call.legs else "subscriber_disconnects"


def coach_of(account: Account, call: Conversation) -> str | None:
    """The extension of who listens to a call; now and then somebody does."""
    if call.direction == INTERNAL or len(call.legs) != 1 or call.legs[0].talk_s < 10:
        return None
    if call.id % _COACHED[0] != _COACHED[1]:
        return None
    others = (each for each in account.exchange.employees if each != call.legs[0].extension)
    return next(others, None)


def _repeats(call: Conversation, leg: ExchangeLeg) -> bool:
    """Whether a leg is the other end of a talk among employees."""
    return call.direction == INTERNAL and leg is not call.legs[0]


def _source(account: Account, call: Conversation) -> str:
    if call.id in account.uploaded:
        return "upload_calls"
    if call.kind == ROBOT:
        return "ivr_informer" if call.id % 2 else "auto_out_calls"
    default = "va" if call.direction == IN else "sip"
    return account.sources.get(call.id, default)


def _contact(call: Conversation) -> str | None:
    if call.direction == INTERNAL:
        return call.legs[1].extension
    return call.client or None


def _employees(account: Account, call: Conversation) -> dict[str, Any]:
    """Who took part: rung, picked up, talked. On an outgoing call their own telephone is picked
    up first, whether the client answers or not."""
    people = account.exchange.employees
    shown: dict[int, dict[str, Any]] = {}
    for place, leg in enumerate(call.legs):
        employee = people[leg.extension]
        talked = leg.talk_s > 0
        picked_up = talked or (call.direction != IN and place == 0)
        had = shown.get(employee.id, {"is_answered": False, "is_talked": False})
        shown[employee.id] = _person(
            employee, picked_up or had["is_answered"], talked or had["is_talked"]
        )
    talkers = [people[leg.extension] for leg in call.legs if leg.talk_s > 0]
    first, last = (talkers[0].id, talkers[-1].id) if talkers else (None, None)
    coach = coach_of(account, call)
    if coach is not None:
        shown[people[coach].id] = _person(people[coach], True, True)
    return {
        "employees": list(shown.values()),
        "first_answered_employee_id": first,
        "last_answered_employee_id": last,
        "first_talked_employee_id": first,
        "last_talked_employee_id": last,
        "operator_phone_number": talkers[-1].extension if talkers else None,
    }


def _person(employee: Employee, answered: bool, talked: bool) -> dict[str, Any]:
    return {
        "employee_id": employee.id,
        "employee_full_name": employee.name,
        "is_answered": answered,
        "is_talked": talked,
    }
