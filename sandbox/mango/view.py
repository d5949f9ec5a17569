"""Employees and calls as the exchange shows them: extended statistics, one entry a call."""

import base64
from collections.abc import Sequence
from typing import Any, Protocol

from sandbox.conversation import (
    BUSY,
    IN,
    INTERNAL,
    IVR,
    OUT,
    ROBOT,
    UNAVAILABLE,
    VOICEMAIL,
    Conversation,
    Employee,
)
from sandbox.exchange import Exchange
from sandbox.mango.element import element, number_element, people_elements, user_element
from sandbox.mango.span import day_of, show_moment

Json = dict[str, Any]
_TYPES = {IN: 1, OUT: 2, INTERNAL: 3}
_REASONS = {BUSY: 1121, UNAVAILABLE: 4210}
_ORDERED_EVERY = 5


class Span(Protocol):
    """What was asked for; seconds since 1970."""

    begin: float
    end: float


def show_users(exchange: Exchange, *, with_ids: bool) -> Json:
    """config/users/request: nobody who was dismissed."""
    now = exchange.now()
    working = [each for each in exchange.employees.values() if each.dismissed_at > now]
    return {"users": [_user(each, with_ids) for each in working]}


def _user(one: Employee, with_id: bool) -> Json:
    general: Json = {"name": one.name, "email": one.email, "department": "", "position": ""}
    if with_id:
        general["user_id"] = one.id
    address = {"number": sip_of(one), "protocol": "sip", "order": 0, "wait_sec": 60, "status": "on"}
    line = {"extension": one.extension, "outgoingline": "74951000001", "numbers": [address]}
    return {"general": general, "telephony": line}


def sip_of(one: Employee) -> str:
    """The address of somebody's telephone."""
    return f"sip:user{one.extension}@severny-veter.mangosip.ru"


def show_report(calls: Sequence[Json], span: Span) -> list[Json]:
    """One entry a day, the newest first; one empty entry where there are no calls."""
    days: dict[str, list[Json]] = {}
    for call in calls:
        days.setdefault(day_of(call["context_start_time"]), []).append(call)
    whole = f"{show_moment(span.begin)} - {show_moment(span.end)}"
    shown = [_day(f"{day} 00:00:00 - {day} 23:59:59", found) for day, found in days.items()]
    return shown or [_day(whole, [])]


def _day(period: str, calls: list[Json]) -> Json:
    return {
        "list": calls,
        "period": period,
        "total_talks_duration": sum(call["talk_duration"] for call in calls),
        "total_calls_duration": sum(call["duration"] for call in calls),
        "total_calls_count": len(calls),
    }


def show_call(exchange: Exchange, call: Conversation) -> Json:
    """One entry of the list; every fifth answered outgoing call was ordered in the CRM."""
    ordered = call.direction == OUT and not call.kind and call.id % _ORDERED_EVERY == 0
    caller = _caller(exchange, call)
    begun, ended = int(call.started_at), int(call.ended_at)
    return {
        "entry_id": base64.b64encode(f"{call.id:010d}".encode()).decode(),
        "context_type": _TYPES[call.direction],
        "context_status": int(call.answered or call.kind == IVR),
        "caller_id": caller.id if caller else None,
        "caller_name": caller.name if caller else "",
        "caller_number": sip_of(caller) if caller else call.client,
        "called_number": call.line if call.direction == IN else call.client,
        "context_start_time": begun,
        "duration": ended - begun,
        "talk_duration": call.talk_s,
        "context_init_type": 4 if ordered else 0,
        "recall_status": 2,
        "cost": 0,
        "tag_id": [],
        "call_comment": "",
        "script_id": [],
        "mark_client": None,
        "mark_controller": None,
        "context_calls": _elements(exchange, call, ordered),
    }


def _caller(exchange: Exchange, call: Conversation) -> Employee | None:
    if call.direction == IN or not call.legs:
        return None
    return exchange.employees.get(call.legs[0].extension)


def _elements(exchange: Exchange, call: Conversation, ordered: bool) -> list[Json]:
    if call.kind == ROBOT:
        robot = number_element(call, int(call.ended_at) - int(call.started_at) - 5, 1110)
        return [robot | {"OutboundDialing": True}]
    if call.kind == IVR:
        return [element("ivr", "Голосовое меню") | {"talk_duration": 7}]
    if call.direction == OUT:
        return _outgoing(exchange, call, ordered)
    legs = call.legs[1:] if call.direction == INTERNAL else call.legs
    shown = people_elements(exchange, call, legs)
    if call.kind == VOICEMAIL:
        shown.append(element("voicemail", "Голосовая почта") | {"talk_duration": 12})
    return shown


def _outgoing(exchange: Exchange, call: Conversation, ordered: bool) -> list[Json]:
    """The client's leg lasts through a transfer; an ordered call begins with our telephone."""
    first, *handed = call.legs
    end = int(call.ended_at)
    talk = 0 if first.answered_at is None else end - int(first.answered_at)
    client = number_element(call, talk, 1110 if talk else _REASONS.get(call.result, 4211))
    shown = [client, *people_elements(exchange, call, handed)]
    if ordered:
        own = user_element(exchange, call, first)
        begun = int(first.rang_at)
        own |= {"call_answer_time": begun + 1, "dial_duration": 1, "talk_duration": end - begun - 1}
        client |= {"call_start_time": begun + 1, "dial_duration": client["dial_duration"] - 1}
        shown.insert(0, own)
    return shown
