"""Arrivals of deals in stages that the settings give a role: counted on the day they happened, for
who held the deal then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from kpi.ladder import read_ladders
from kpi.own import Ask, Case
from kpi.snapshot import holders
from store.fact import DealState, MeetingState
from store.moment import to_day
from store.record import owner_at, owner_changes
from store.table import CUSTOM_VALUE, DEAL, MEETING, SourceRow, StageChangeRow, table_of

_CHANGE, _SOURCE = table_of(StageChangeRow), table_of(SourceRow)
_ABOUT_DEAL = "deal:"


class Arrival(NamedTuple):
    """A deal came into a stage; `state` is what the stage meant then."""

    source_id: int
    source: str
    ref: str
    at: datetime
    funnel: str
    stage: str
    state: int
    owner_ref: str | None


def entered(ask: Ask) -> Iterator[Case]:
    """Deals that came for the first time into a stage of role `role`; with `filled`, those alone
    of which this custom field is filled in."""
    filled = _filled(ask, ask.options.get("filled"))
    for case in _credited(ask, _within(ask, _firsts(ask, ask.options["role"]).values())):
        if filled is None or (case.source_id, case.ref) in filled:
            yield case


def between(ask: Ask) -> Iterator[Case]:
    """Seconds from a deal's first arrival in a stage of role `start` to that of role `end`."""
    begun = _firsts(ask, ask.options["start"])
    ended = _within(ask, _firsts(ask, ask.options["end"]).values())
    for case in _credited(ask, ended):
        start = begun.get((case.source_id, case.ref))
        if start is not None and start.at <= case.at:
            yield case._replace(amount=round((case.at - start.at).total_seconds()))


def returned(ask: Ask) -> Iterator[Case]:
    """Of the deals that were first won in the period, which came into a stage of role `role`
    afterwards: the loss is that of the period of the win."""
    won: dict[tuple[int, str], Arrival] = {}
    back: dict[tuple[int, str], datetime] = {}
    for each in _arrivals(ask):
        if each.state == DealState.WON:
            won.setdefault((each.source_id, each.ref), each)
        elif each.stage in ask.vantage.stages(each.source, ask.options["role"]):
            back[each.source_id, each.ref] = each.at
    for case in _credited(ask, _within(ask, won.values())):
        later = back.get((case.source_id, case.ref))
        yield case._replace(amount=int(later is not None and later > case.at))


def progress(ask: Ask) -> Iterator[Case]:
    """Moves of deals to a stage higher than any before, and meetings held about them, in the
    funnels of role `role`."""
    ladders = read_ladders(ask.tx)
    highest: dict[tuple[int, str, str], int] = {}
    advances, deals = [], set[tuple[int, str]]()
    for each in _arrivals(ask):
        if each.funnel not in ask.vantage.stages(each.source, ask.options["role"]):
            continue
        deals.add((each.source_id, each.ref))
        place = (each.source_id, each.ref, each.funnel)
        ladder = ladders.get((each.source_id, each.funnel))
        rank = ladder.rank(each.stage) if ladder else -1
        # Where it was created it did not move to.
        if rank > highest.get(place, rank):
            advances.append(each)
        highest[place] = max(rank, highest.get(place, -1))
    yield from _credited(ask, _within(ask, advances))
    first, _ = ask.days
    meetings = _meetings(ask)
    yield from (
        each
        for each in meetings
        if (each.source_id, each.ref) in deals and to_day(each.at, ask.vantage.zone) >= first
    )


def created(ask: Ask) -> Iterator[Case]:
    """Deals created in the funnels of role `role`; with `filled` also whether this custom field is
    filled in: its share of them."""
    filled = _filled(ask, ask.options.get("filled"))
    query = select(DEAL, _SOURCE.c.name.label("source")).join(
        _SOURCE, _SOURCE.c.id == DEAL.c.source_id
    )
    days = DEAL.c.created_day.between(*ask.days)
    for deal in ask.tx.execute(query.where(days, DEAL.c.removed_at.is_(None))):
        if deal.pipeline_ref in ask.vantage.stages(deal.source, ask.options["role"]):
            counts = filled is None or (deal.source_id, deal.ref) in filled
            head = (deal.created_by, deal.source_id, deal.ref, deal.created_at)
            yield Case(*head, amount=int(counts))


def _arrivals(ask: Ask) -> Iterator[Arrival]:
    """Every arrival of deals that exist, whenever it was, the oldest first."""
    query = (
        select(
            _CHANGE.c.source_id,
            _SOURCE.c.name,
            DEAL.c.ref,
            _CHANGE.c.at,
            _CHANGE.c.pipeline_ref,
            _CHANGE.c.stage_ref,
            _CHANGE.c.state,
            DEAL.c.owner_ref,
        )
        .join(
            DEAL,
            (DEAL.c.source_id == _CHANGE.c.source_id) & (DEAL.c.ref == _CHANGE.c.record_ref),
        )
        .join(_SOURCE, _SOURCE.c.id == _CHANGE.c.source_id)
        .where(_CHANGE.c.kind == DEAL.name, DEAL.c.removed_at.is_(None))
        .order_by(_CHANGE.c.at, _CHANGE.c.source_id, _CHANGE.c.ref)
    )
    for row in ask.tx.execute(query):
        yield Arrival(*row)


def _firsts(ask: Ask, role: str) -> Mapping[tuple[int, str], Arrival]:
    """The first arrival of each deal in a stage of a role."""
    found: dict[tuple[int, str], Arrival] = {}
    for each in _arrivals(ask):
        if each.stage in ask.vantage.stages(each.source, role):
            found.setdefault((each.source_id, each.ref), each)
    return found


def _within(ask: Ask, arrivals: Iterable[Arrival]) -> Sequence[Arrival]:
    first, last = ask.days
    zone = ask.vantage.zone
    return [each for each in arrivals if first <= to_day(each.at, zone) <= last]


def _credited(ask: Ask, arrivals: Iterable[Arrival]) -> Iterator[Case]:
    """For who held the deal at that moment."""
    by_source: dict[int, list[Arrival]] = {}
    for each in arrivals:
        by_source.setdefault(each.source_id, []).append(each)
    people: dict[tuple[int, int], Mapping[str, int]] = {}
    for source_id, found in by_source.items():
        histories = owner_changes(ask.tx, DEAL, source_id, {each.ref for each in found})
        for each in found:
            day = to_day(each.at, ask.vantage.zone)
            if (source_id, day) not in people:
                people[source_id, day] = holders(ask.tx, source_id, day)
            owner = owner_at(each.at, histories.get(each.ref, ()), each.owner_ref)
            manager_id = people[source_id, day].get(owner or "")
            yield Case(manager_id, source_id, each.ref, each.at)


def _filled(ask: Ask, name: str | None) -> set[tuple[int, str]] | None:
    """The deals of which a custom field is filled in; None where none is asked for."""
    if name is None:
        return None
    value = CUSTOM_VALUE.c
    query = select(value.source_id, value.ref).where(value.kind == DEAL.name, value.name == name)
    return {(row[0], row[1]) for row in ask.tx.execute(query)}


def _meetings(ask: Ask) -> Iterator[Case]:
    """Meetings held about a deal up to the end of the period, the oldest first, by the deal."""
    held = select(MEETING).where(
        MEETING.c.day <= ask.days[1],
        MEETING.c.state == int(MeetingState.HELD),
        MEETING.c.removed_at.is_(None),
        MEETING.c.about_ref.startswith(_ABOUT_DEAL),
    )
    for row in ask.tx.execute(held.order_by(MEETING.c.begun_at, MEETING.c.ref)):
        ref = row.about_ref.removeprefix(_ABOUT_DEAL)
        yield Case(row.credited_to, row.source_id, ref, row.begun_at)


def met(ask: Ask) -> Iterator[Case]:
    """Of the deals whose first meeting was held in the period, which came into a stage of role
    `role` after it; for who held the meeting."""
    came: dict[tuple[int, str], datetime] = {}
    for each in _arrivals(ask):
        if each.stage in ask.vantage.stages(each.source, ask.options["role"]):
            came[each.source_id, each.ref] = each.at
    first: dict[tuple[int, str], Case] = {}
    for case in _meetings(ask):
        first.setdefault((case.source_id, case.ref), case)
    begins_at = ask.span.begins_at(ask.vantage.zone)
    for place, case in first.items():
        if case.at >= begins_at:
            later = came.get(place)
            yield case._replace(amount=int(later is not None and later >= case.at))
