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
from sandbox.bitrix24.truth_owner import last_version
from sandbox.bitrix24.truth_record import record_facts
from sandbox.waiting import Ring, TimeFact, answered, call_backs, last_ten


def time_facts(portal: Portal, reads: Sequence[float], zone: ZoneInfo) -> Iterator[TimeFact]:
    """As somebody can know who read at these moments; without any, as it really was."""
    horizon = reads[-1] if reads else None
    calls = [list(legs) for legs in conversations(portal.calls.every, horizon)]
    yield from _responses(portal, reads, calls, zone)
    yield from call_backs(map(_ring, calls), zone)


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
        if record.kind == "lead":
            yield from answered(acted.get(record.id, ()), record.user, record.at, zone)


def _written(portal: Portal, reads: Sequence[float]) -> Iterator[tuple[int, int]]:
    """(lead, moment) of letters sent and meetings held, of leads and of deals made from them."""
    for activity in portal.activities.every.values():
        last = last_version(activity, reads)
        if last is None or not last.completed:
            continue
        kind, ref = last.owner or (OF_DEAL, activity.deal)
        lead = ref if kind == OF_LEAD else _origin(portal, ref, reads)
        sent = (activity.kind.provider, activity.kind.direction) == (PERSONAL_MAIL, OUTGOING)
        if lead and (is_meeting(activity, last) or (activity.kind.type == EMAIL and sent)):
            yield lead, int(last.start)


def _origin(portal: Portal, deal_id: int, reads: Sequence[float]) -> int:
    deal = portal.deals.every.get(deal_id)
    if deal is None or last_version(deal, reads) is None:
        return 0
    return int((deal.extra or {}).get("leadId") or 0)


def _ring(legs: list[Call]) -> Ring:
    first = first_leg(legs)
    talked = {leg.user for leg in legs if leg.user and talk_of(leg)}
    rung = talked or {leg.user for leg in legs if leg.user}
    people = sorted(rung) if talked or len(rung) == 1 else []
    end = max(int(leg.start) + leg.duration for leg in legs)
    number, incoming = last_ten(first.phone), first.type in INCOMING
    talk = any(map(talk_of, legs))
    return Ring(number, incoming, talk, int(first.start), end, (*people, None))
