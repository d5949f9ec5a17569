"""How long clients of the account waited: for an answer to a deal, and for a call back."""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from sandbox.amocrm.account import Account
from sandbox.amocrm.note import MAIL, Letter
from sandbox.amocrm.task import MEETING
from sandbox.amocrm.truth_call import CallFact, talks_of
from sandbox.amocrm.truth_lead import LeadFact, completed_at
from sandbox.waiting import Ring, TimeFact, answered, call_backs


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
        yield from answered(acted.get(fact.lead.id, ()), fact.owner, fact.at, zone)
    yield from call_backs(map(_ring, calls), zone)


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


def _ring(call: CallFact) -> Ring:
    users = (call.user, None)
    return Ring(call.number, call.incoming, call.talk > 0, call.at, call.at + call.lasted, users)
