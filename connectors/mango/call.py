"""The stream of calls: windows of the extended statistics, one row a call with its legs."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain, count

from connectors.base import Context, Page, Record, Since
from connectors.field import required_ref, senseless, text_of
from connectors.mango.client import MangoClient
from connectors.mango.leg import at_of, legs_of, moment_of
from connectors.mango.part import Call, Part, incoming, outgoing
from connectors.mango.phone import plain
from connectors.mango.report import LONGEST, REFUSALS, halves, rows_of
from connectors.mango.user import numbers_of
from connectors.telephony import optional_length_s
from connectors.window import Window, windows
from store.fact import CallLeg, Direction, Fact

_DIRECTIONS = {"1": Direction.IN, "2": Direction.OUT}
"""context_type of the extended statistics; webhooks and summaries have other codes."""

_INTERNAL = "3"
_ORDERED = "4"
"""context_init_type of a call ordered in the CRM or on a site: the employee's own telephone answers
first, then the client is dialled."""

_OUTCOMES = (("2", "no_money"), ("32", "wrong_number"), ("42", "unavailable"), ("50", "other"))
"""Beginnings of call_end_reason, of outgoing calls without talk; others nobody answered."""


def pages(client: MangoClient, since: Since) -> Iterator[Page]:
    """Calls begun since, whole windows at a time: a call appears when it has ended."""
    now = client.now()
    for window in windows(since, now, LONGEST):
        yield from _read(client, window, now)


def _read(client: MangoClient, window: Window, served_at: datetime) -> Iterator[Page]:
    """The reports of a window, or of its halves where the vendor refuses so long a one."""
    longest: timedelta = client.notes.get("longest", LONGEST)
    parts = halves(window)
    if parts is None or window.ends_at - window.begins_at <= longest:
        try:
            yield from _ask(client, window, served_at)
            return
        except REFUSALS:
            if parts is None:
                raise
            _shorten(client, max(part.ends_at - part.begins_at for part in parts))
    for part in parts:
        yield from _read(client, part, served_at)


def _ask(client: MangoClient, window: Window, served_at: datetime) -> Iterator[Page]:
    numbers = numbers_of(client)
    for rows, is_last in rows_of(client, window):
        place = window.ends_at if is_last else window.begins_at
        records = [{**row, "numbers": numbers} for row in rows]
        yield Page(records=records, checkpoint=place.isoformat(), served_at=served_at)


def _shorten(client: MangoClient, longest: timedelta) -> None:
    """Remembers what is short enough, and lets the lock end that a refusal brings."""
    client.notes["longest"] = longest
    if left_s := client.lock.left_s():
        client.wait(left_s)


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """One leg for everybody rung, and one of nobody where the call began before the first ring.

    Internal calls and those of robots make none.
    """
    direction = _direction(record)
    call = _call(record)
    if direction is None or any(leg.robot for leg in call.legs):
        return
    parts = incoming(call) if direction is Direction.IN else outgoing(call)
    number = _number(record, "caller") if direction is Direction.IN else call.client
    phone = context.mark_phone(plain(number))
    for part in _whole(call, parts):
        yield CallLeg(
            ref=part.ref,
            call_ref=call.ref,
            user_ref=part.user_ref,
            direction=direction,
            started_at=moment_of(part.begun),
            talk_s=part.talk_s,
            outcome=_outcome(part, direction),
            client_hash=phone.hash,
            client_last4=phone.last4,
            client_ref=None,
            lasted_s=max(part.ended - part.begun, part.talk_s),
            ring_s=part.ring_s,
            hold_s=part.hold_s,
            transfer=part.transfer,
            queue=part.queue,
        )


def _direction(record: Record) -> Direction | None:
    """None for an internal call; an ordered one is outgoing."""
    kind = text_of(record, "context_type")
    if kind == _INTERNAL:
        return None
    if kind not in _DIRECTIONS:
        raise senseless("context_type", "is none of 1, 2, 3")
    return Direction.OUT if _is_ordered(record) else _DIRECTIONS[kind]


def _call(record: Record) -> Call:
    begun = at_of(record, "context_start_time")
    if not begun:
        raise senseless("context_start_time", "is empty")
    numbers = record.get("numbers") or {}
    caller = text_of(record, "caller_id")
    return Call(
        ref=required_ref(record, "entry_id"),
        begun=begun,
        ended=begun + (optional_length_s(record, "duration") or 0),
        talk_s=optional_length_s(record, "talk_duration") or 0,
        caller_ref=caller if caller not in ("", "0") else numbers.get(_number(record, "caller")),
        client=_number(record, "caller")
        if _is_turned(record, numbers)
        else _number(record, "called"),
        legs=legs_of(record, numbers),
    )


def _is_turned(record: Record, numbers: Mapping[str, str]) -> bool:
    """Whether our own telephone is the one called: so some ordered calls are told."""
    return _is_ordered(record) and _number(record, "called") in numbers


def _is_ordered(record: Record) -> bool:
    return text_of(record, "context_init_type") == _ORDERED


def _number(record: Record, whose: str) -> str:
    return text_of(record, f"{whose}_number")


def _whole(call: Call, parts: list[Part]) -> list[Part]:
    """The parts with refs of their own; first one of nobody when the call began before them."""
    if not parts or min(part.begun for part in parts) > call.begun:
        parts = [Part(call.ref, None, call.begun, call.ended), *parts]
    taken = set[str]()
    return [part._replace(ref=_own_ref(call, part, taken)) for part in parts]


def _own_ref(call: Call, part: Part, taken: set[str]) -> str:
    """The vendor's id of the leg, else whose it is and when it began; two of those are counted."""
    own = f"{call.ref}#{part.user_ref or ''}@{part.begun}"
    choices = chain([part.ref, own], (f"{own}.{number}" for number in count(2)))
    ref = next(each for each in choices if each and each not in taken)
    taken.add(ref)
    return ref


def _outcome(part: Part, direction: Direction) -> str:
    if part.talk_s:
        return "answered"
    if direction is Direction.OUT:
        for beginning, meaning in _OUTCOMES:
            if part.reason.startswith(beginning):
                return meaning
    return "missed"
