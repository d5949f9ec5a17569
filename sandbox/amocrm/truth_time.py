"""How long clients of the account waited: for an answer to a deal, and for a call back."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from sandbox.amocrm.account import Account
from sandbox.amocrm.note import MAIL, Letter
from sandbox.amocrm.task import MEETING
from sandbox.amocrm.truth_call import CallFact, talks_of
from sandbox.amocrm.truth_lead import LeadFact, completed_at
from sandbox.waiting import Ring, TimeFact, call_backs, worked

_DIGITS = 10


def time_facts(
    account: Account,
    leads: Iterable[LeadFact],
    calls: Iterable[CallFact],
    horizon: int | None,
    zone: ZoneInfo,
) -> Iterator[TimeFact]:
    """What was first done on each deal's own card, and which missed calls were returned."""
    acted = _acted(account, horizon)
    for fact in leads:
        found = [
            max(at, fact.at)
            for at, talked in acted.get(fact.lead.id, ())
            if talked or at >= fact.at
        ]
        if found:
            first, users = min(found), (fact.owner, None)
            yield TimeFact("response_time", users, fact.at, first - fact.at)
            yield TimeFact("response_time_work", users, fact.at, worked(fact.at, first, zone))
            yield TimeFact("leads_answered", users, fact.at)
    yield from _returned(calls)


def _acted(account: Account, horizon: int | None) -> dict[int, list[tuple[int, bool]]]:
    """(moment, whether somebody talked) of human work on the card of a deal, by the deal.

    Calls answered or made, letters sent, meetings held.
    """
    acted: dict[int, list[tuple[int, bool]]] = {}
    for note in account.notes["leads"].rows.values():
        if horizon is not None and note.created_at > horizon:
            continue
        body = note.body
        if isinstance(body, Letter):
            counts, talked = note.note_type == MAIL and not body.incoming, False
        elif isinstance(body, dict):
            continue
        else:
            talked = talks_of(body) > 0
            counts = talked or not body.incoming
        if counts:
            acted.setdefault(note.entity, []).append((note.created_at, talked))
    for task in account.tasks.every():
        last = task.now if horizon is None else task.at(horizon)
        held = last is not None and last.type == MEETING and last.completed and not last.deleted
        if last is not None and held and task.entity_type == "leads":
            acted.setdefault(task.entity_id, []).append((completed_at(task, last), False))
    return acted


def _returned(calls: Iterable[CallFact]) -> Iterator[TimeFact]:
    numbers: dict[str, tuple[list[Ring], list[Ring]]] = {}
    for call in calls:
        missed, talks = numbers.setdefault(call.number, ([], []))
        ring = Ring(call.at, call.at + call.lasted, (call.user, None))
        if call.talk:
            talks.append(ring)
        elif call.incoming:
            missed.append(ring)
    for number, (missed, talks) in numbers.items():
        if len(number) == _DIGITS:
            yield from call_backs(missed, talks)
