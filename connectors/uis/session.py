"""A call as facts: one leg for each employee rung or talking, and one for the call where needed.

Neither a name nor a number nor a link of a recording is kept.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.base import Context, Record
from connectors.uis.employee import digits_of
from connectors.uis.leg import Leg, rung_s
from connectors.uis.reason import ANSWERED, outcome_of
from connectors.uis.talk import SILENT, Talk, talks_of
from connectors.uis.told import Call, call_of
from store.fact import CallLeg, Direction, Fact, Transfer

ROBOTS = frozenset(
    {"ivr_informer", "auto_out_calls", "callapi_informer_call", "faxout", "private_number"}
)
"""`source` of calls that a machine makes; nobody's work."""

DIALLER = "progressive_call"
"""A machine dials and hands the call over: work once an employee was rung."""

_SHORTEST_WHOLE = 11


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A call (get.calls_report, get.call_legs_report); none of robots, none among employees."""
    source = record.get("source")
    if source in ROBOTS or record.get("is_internal") or not record.get("finish_time"):
        return
    call = call_of(record)
    if source == DIALLER and not call.people:
        return
    talks = talks_of(call)
    shared = _shared(record, call, context)
    made = [
        _of_person(record, call, who, talk, shared)
        for who in call.people
        if (talk := talks.get(who, SILENT)).talk_s or not call.was_only_asked(who)
    ]
    yield from made
    if None in talks or not _cover(made, call):
        is_answered = any(talk.talk_s for talk in talks.values())
        outcome = ANSWERED if is_answered else outcome_of(record)
        yield _of_nobody(call, talks.get(None, SILENT), outcome, shared)


def _shared(record: Record, call: Call, context: Context) -> dict[str, Any]:
    """What all legs of a call have in common."""
    digits = digits_of(record.get("contact_phone_number"))
    # The vendor leaves out the plus of a whole number
    phone = context.mark_phone(f"+{digits}" if len(digits) >= _SHORTEST_WHOLE else digits)
    return {
        "call_ref": call.ref,
        "direction": call.direction,
        "client_hash": phone.hash,
        "client_last4": phone.last4,
        "client_ref": None,
    }


def _of_person(record: Record, call: Call, who: str, talk: Talk, shared: dict[str, Any]) -> CallLeg:
    own = [leg for leg in call.rung if leg.who == who]
    begins = max(call.begins, min((leg.begins for leg in own), default=call.begins))
    ends = max((leg.ends for leg in own), default=call.ends)
    reason = own[-1].reason if own and call.direction is Direction.IN else None
    return CallLeg(
        **shared,
        ref=f"{call.ref}#{who}",
        user_ref=who,
        started_at=datetime.fromtimestamp(begins, UTC),
        lasted_s=max(0, ends - begins),
        talk_s=talk.talk_s,
        hold_s=talk.hold_s,
        quality=talk.quality,
        outcome=ANSWERED if talk.talk_s else outcome_of(record, reason),
        ring_s=_ring_s(call, own),
        transfer=_transfer(call, own),
        queue=next((leg.queue for leg in own if leg.queue), None),
    )


def _of_nobody(call: Call, talk: Talk, outcome: str, shared: dict[str, Any]) -> CallLeg:
    """The call itself: before anybody was rung, after everybody, or with nobody we know."""
    return CallLeg(
        **shared,
        ref=call.ref,
        user_ref=None,
        started_at=datetime.fromtimestamp(call.begins, UTC),
        lasted_s=call.ends - call.begins,
        talk_s=talk.talk_s,
        hold_s=talk.hold_s,
        quality=talk.quality,
        outcome=outcome,
    )


def _cover(made: Sequence[CallLeg], call: Call) -> bool:
    """Whether people's legs begin with the call and last to its end."""
    begins = [int(leg.started_at.timestamp()) for leg in made]
    ends = [at + leg.lasted_s for at, leg in zip(begins, made, strict=True)]
    return bool(made) and min(begins) == call.begins and max(ends) >= call.ends


def _ring_s(call: Call, own: Sequence[Leg]) -> int | None:
    """Seconds that the client heard it ring: the employee's telephone, or their own."""
    rang = own if call.direction is Direction.IN else call.client
    return rung_s(rang) if rang else None


def _transfer(call: Call, own: Sequence[Leg]) -> Transfer:
    """Both talked at once where a colleague was asked before."""
    leg = next((leg for leg in own if leg.is_transferred), None)
    if leg is None:
        return Transfer.NONE
    before = [each for each in call.talked if each.begins < leg.begins and each.who != leg.who]
    asked = leg.picked_up is not None and any(leg.picked_up < each.ends for each in before)
    return Transfer.ATTENDED if asked else Transfer.BLIND
