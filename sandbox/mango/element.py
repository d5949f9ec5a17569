"""Elements of a call: telephones of employees, groups with their members, the client's number."""

import base64
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sandbox.conversation import ATTENDED, BLIND, Conversation, Leg
from sandbox.exchange import Exchange

Json = dict[str, Any]
_MODES = (
    "DirectionInbound", "DirectionOutbound", "ModeListen", "ModePrompt", "ModeConference",
    "ModeGroup", "RecordInbound", "RecordOutbound", "BlindTransfer", "ConsultTransfer",
    "OutboundDialing", "Intercepted", "IvrNotUsed",
)  # fmt: skip
_CONSULT_RING_S = 2


def element(kind: str, name: str, number: str | None = None) -> Json:
    """An element without times, as those of the exchange's own services are."""
    return {
        "call_type": kind,
        "call_abonent_id": None,
        "call_abonent_info": name,
        "call_abonent_number": number,
        "call_start_time": None,
        "call_answer_time": None,
        "call_end_time": None,
        "call_duration": None,
        "talk_duration": None,
        "dial_duration": None,
        "hold_duration": None,
        "call_end_reason": None,
        "recording_id": [],
        "external_call_id": "",
        **dict.fromkeys(_MODES, False),
        "ModeConversation": True,
        "members": None,
    }


def number_element(call: Conversation, talk: int, reason: int) -> Json:
    """The client's telephone, of an outgoing call."""
    begun, ended = int(call.started_at), int(call.ended_at)
    times = _times(begun, ended - talk if talk else None, ended)
    own = {"call_end_reason": reason, "DirectionOutbound": True}
    return element("number", "", call.client) | times | own | {"external_call_id": _id(call, 0)}


def people_elements(exchange: Exchange, call: Conversation, legs: Sequence[Leg]) -> list[Json]:
    """Telephones of employees in the order they rang; those of a queue within its group."""
    shown: list[Json] = []
    for queue, found in groupby(legs, key=lambda leg: leg.queue):
        members = [user_element(exchange, call, leg) for leg in found]
        shown += [_group(exchange, call, queue, members)] if queue else members
    return shown


def user_element(exchange: Exchange, call: Conversation, leg: Leg) -> Json:
    """The telephone of an employee; who was asked before a transfer talked with them meanwhile."""
    one = exchange.employees[leg.extension]
    answered = None if leg.answered_at is None else int(leg.answered_at)
    if leg.transfer == ATTENDED and answered is not None:
        answered = min(answered, int(leg.rang_at) + _CONSULT_RING_S)
    times = _times(int(leg.rang_at), answered, int(leg.ended_at))
    own = {
        "call_abonent_id": one.id,
        "hold_duration": leg.hold_s or None,
        "call_end_reason": 4210 if answered is None else 1110,
        "external_call_id": "" if leg.queue else _id(call, call.legs.index(leg) + 1),
        "BlindTransfer": leg.transfer == BLIND,
        "ConsultTransfer": leg.transfer == ATTENDED,
    }
    return element("user", one.name) | times | own


def _group(exchange: Exchange, call: Conversation, queue: str, members: list[Json]) -> Json:
    """A group repeats the talk of its member who answered."""
    answers = [each["call_answer_time"] for each in members if each["call_answer_time"]]
    begun = min(each["call_start_time"] for each in members)
    ended = max(each["call_end_time"] for each in members)
    times = _times(begun, min(answers, default=None), ended)
    own = {
        "call_abonent_id": 70 + sorted(exchange.queues).index(queue),
        "call_end_reason": 1110 if answers else 4210,
        "external_call_id": _id(call, 90),
        "ModeGroup": True,
        "members": members,
    }
    return element("group", queue) | times | own


def _times(begun: int, answered: int | None, ended: int) -> Json:
    return {
        "call_start_time": begun,
        "call_answer_time": answered,
        "call_end_time": ended,
        "call_duration": ended - begun,
        "talk_duration": 0 if answered is None else ended - answered,
        "dial_duration": (ended if answered is None else answered) - begun,
    }


def _id(call: Conversation, place: int) -> str:
    return base64.b64encode(f"1:10057593:{call.id}:{place}".encode()).decode()
