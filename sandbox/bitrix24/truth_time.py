"""How long clients really waited: for an answer to a lead, and for a call back after a missed one.

Written from the definitions alone, call by call and day by day.
"""

from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from sandbox.bitrix24.activity import EMAIL, OF_DEAL, OF_LEAD, OUTGOING, PERSONAL_MAIL
from sandbox.bitrix24.call import Call
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth_activity import is_meeting
from sandbox.bitrix24.truth_call import INCOMING, conversations, first_leg, talk_of
from sandbox.bitrix24.truth_record import record_facts
from sandbox.waiting import Ring, TimeFact, call_backs, worked


def time_facts(portal: Portal, reads: Sequence[float], zone: ZoneInfo) -> Iterator[TimeFact]:
    """As somebody can know who read at these moments; without any, as it really was."""
    horizon = reads[-1] if reads else None
    calls = [list(legs) for legs in conversations(portal.calls.every, horizon)]
    yield from _responses(portal, reads, calls, zone)
    yield from _call_backs(calls)


def _responses(
    portal: Portal, reads: Sequence[float], calls: Iterable[list[Call]], zone: ZoneInfo
) -> Iterator[TimeFact]:
    acted: dict[int, list[tuple[int, bool]]] = {}
    for lead, at in _written(portal, reads):
        acted.setdefault(lead, []).append((at, False))
    for leg in (leg for legs in calls for leg in legs if leg.lead and leg.user):
        if talk_of(leg) or leg.type not in INCOMING:
            acted.setdefault(leg.lead, []).append((int(leg.start), talk_of(leg) > 0))
    for record in record_facts(portal, reads):
        if record.kind != "lead":
            continue
        created, users = int(record.at), (record.user, None)
        found = [
            max(at, created) for at, talked in acted.get(record.id, ()) if talked or at >= created
        ]
        if found:
            first = min(found)
            yield TimeFact("response_time", users, record.at, first - created)
            yield TimeFact("response_time_work", users, record.at, worked(created, first, zone))
            yield TimeFact("leads_answered", users, record.at)


def _written(portal: Portal, reads: Sequence[float]) -> Iterator[tuple[int, int]]:
    """(lead, moment) of letters sent and meetings held, of leads and of deals made from them."""
    for activity in portal.activities.every.values():
        last = activity.at(reads[-1]) if reads else activity.now
        if last is None or last.deleted or not last.completed:
            continue
        kind, ref = last.owner or (OF_DEAL, activity.deal)
        lead = ref if kind == OF_LEAD else _origin(portal, ref, reads)
        sent = (activity.kind.provider, activity.kind.direction) == (PERSONAL_MAIL, OUTGOING)
        if lead and (is_meeting(activity, last) or (activity.kind.type == EMAIL and sent)):
            yield lead, int(last.start)


def _origin(portal: Portal, deal_id: int, reads: Sequence[float]) -> int:
    deal = portal.deals.every.get(deal_id)
    if deal is None:
        return 0
    last = deal.at(reads[-1]) if reads else deal.now
    if last is None or last.deleted:
        return 0
    return int((deal.extra or {}).get("leadId") or 0)


def _call_backs(calls: Iterable[list[Call]]) -> Iterator[TimeFact]:
    numbers: dict[str, tuple[list[Ring], list[Ring]]] = {}
    for legs in calls:
        first = first_leg(legs)
        digits = "".join(each for each in first.phone if each.isdigit())
        missed, talks = numbers.setdefault(digits[-10:], ([], []))
        ring = _ring(legs, int(first.start))
        if any(map(talk_of, legs)):
            talks.append(ring)
        elif first.type in INCOMING:
            missed.append(ring)
    for digits, (missed, talks) in numbers.items():
        if len(digits) == 10:
            yield from call_backs(missed, talks)


def _ring(legs: list[Call], start: int) -> Ring:
    talked = {leg.user for leg in legs if leg.user and talk_of(leg)}
    rung = talked or {leg.user for leg in legs if leg.user}
    people = sorted(rung) if talked or len(rung) == 1 else []
    return Ring(start, max(int(leg.start) + leg.duration for leg in legs), (*people, None))
