"""A conversation of the exchange as rows of get.call_legs_report."""

from collections.abc import Iterator
from typing import Any

from sandbox.conversation import ATTENDED, IN, OUT, ROBOT, Conversation, Leg
from sandbox.uis.account import FIRST_SESSION, Account
from sandbox.uis.session import coach_of, reason_of

_LEGS_A_CALL = 32
_ANSWERS_S = 1
"""An employee's own telephone is picked up after a second when they ring somebody."""


def leg_rows(account: Account, call: Conversation) -> Iterator[dict[str, Any]]:
    """Every column of every leg, in the order they began."""
    rows = [_operator(account, call, leg, place) for place, leg in enumerate(call.legs)]
    rows += _coach(account, call)
    rows += _subscriber(account, call)
    for place, row in enumerate(sorted(rows, key=lambda row: str(row["start_time"]))):
        number = (FIRST_SESSION + call.id) * _LEGS_A_CALL + place
        yield {"id": number, "call_session_id": FIRST_SESSION + call.id, **row}


def _row(
    account: Account,
    call: Conversation,
    times: tuple[float, float | None, float],
    reason: str,
    **more: Any,
) -> dict[str, Any]:
    begins, picked_up, ends = times
    return {
        "start_time": account.local(begins),
        "connect_time": None if picked_up is None else account.local(picked_up),
        "duration": 0 if picked_up is None else int(ends) - int(picked_up),
        "total_duration": int(ends) - int(begins),
        "finish_reason": reason,
        "finish_reason_description": None,
        "direction": "in",
        "call_records": [],
        "virtual_phone_number": call.line or None,
        "calling_phone_number": call.client or None,
        "called_phone_number": call.line or None,
        "is_failed": picked_up is None,
        "is_transfered": False,
        "is_operator": True,
        "is_coach": False,
        "is_talked": False,
        "employee_id": None,
        "employee_full_name": None,
        "employee_phone_number": None,
        "group_id": None,
        "group_name": None,
        **more,
    }


def _operator(account: Account, call: Conversation, leg: Leg, place: int) -> dict[str, Any]:
    employee = account.exchange.employees[leg.extension]
    queues = sorted(account.exchange.queues)
    return _row(
        account,
        call,
        (leg.rang_at, _picked_up(call, leg, place), leg.ended_at),
        _reason(call, leg, place),
        is_transfered=bool(leg.transfer),
        is_talked=leg.talk_s > 0,
        employee_id=employee.id,
        employee_full_name=employee.name,
        employee_phone_number=leg.extension,
        called_phone_number=leg.extension,
        group_id=5 + queues.index(leg.queue) if leg.queue else None,
        group_name=leg.queue or None,
    )


def _picked_up(call: Conversation, leg: Leg, place: int) -> float | None:
    if call.direction == OUT and place == 0:
        return leg.rang_at + _ANSWERS_S
    if leg.answered_at is None:
        return None
    if leg.transfer == ATTENDED:
        # Picked up to be asked; with the client they talk when the first has hung up
        return leg.rang_at + max(1.0, (leg.answered_at - leg.rang_at) // 2)
    return leg.answered_at


def _reason(call: Conversation, leg: Leg, place: int) -> str:
    if any(each.transfer for each in call.legs[place + 1 : place + 2]) and leg.talk_s:
        return "transfer_disconnects"
    if leg.talk_s or call.direction == OUT:
        return reason_of(call)
    return "another_operator_answer" if call.answered else "operator_not_responsible"


def _coach(account: Account, call: Conversation) -> list[dict[str, Any]]:
    extension = coach_of(account, call)
    if extension is None:
        return []
    (leg,) = call.legs
    listens = account.exchange.employees[extension]
    begins = (leg.answered_at or leg.rang_at) + 2
    return [
        _row(
            account,
            call,
            (begins, begins + 1, leg.ended_at),
            "operator_disconnects",
            is_coach=True,
            is_talked=True,
            employee_id=listens.id,
            employee_full_name=listens.name,
            employee_phone_number=extension,
        )
    ]


def _subscriber(account: Account, call: Conversation) -> list[dict[str, Any]]:
    """The client's own leg: of every call out, and of some calls in."""
    if call.direction == OUT:
        answers = [leg.answered_at for leg in call.legs if leg.answered_at is not None]
        begins = call.started_at + (_ANSWERS_S if call.legs else 0)
        picked_up = min(answers, default=call.ended_at - 3 if call.kind == ROBOT else None)
        times = (begins, picked_up, call.ended_at)
        direction = "out"
    elif call.direction == IN and call.id % 2:
        times, direction = (call.started_at, call.started_at, call.ended_at), "in"
    else:
        return []
    return [
        _row(
            account,
            call,
            times,
            reason_of(call),
            direction=direction,
            is_operator=False,
            is_talked=call.answered,
            called_phone_number=call.client or None,
        )
    ]
