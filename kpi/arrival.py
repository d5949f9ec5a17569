"""Arrivals of deals in stages that the settings give a role: counted on the day they happened, for
who held the deal then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple, TypeVar

from sqlalchemy import ColumnElement, and_, false, or_, select

from kpi.ladder import read_ladders
from kpi.own import Ask, Case
from kpi.past import Past
from kpi.snapshot import holders
from store.fact import DealState, MeetingState
from store.moment import to_day
from store.record import owner_at, owner_changes
from store.table import CUSTOM_VALUE, DEAL, MEETING, SourceRow, StageChangeRow, table_of

_CHANGE, _SOURCE = table_of(StageChangeRow), table_of(SourceRow)
_ABOUT_DEAL = "deal:"
Deal = tuple[int, str]
"""A source and a deal there."""
Named = tuple[tuple[str, tuple[str, ...]], ...]
"""Sources, and stages or funnels of each."""


class Arrival(NamedTuple):
    """A deal came into a stage; `state` is what the stage meant then."""

    source_id: int
    ref: str
    at: datetime
    funnel: str
    stage: str
    state: int
    owner_ref: str | None


T = TypeVar("T", Arrival, Case)


def entered(ask: Ask) -> Iterator[Case]:
    """Deals that came for the first time into a stage of role `role`; with `filled`, those alone
    of which this custom field is filled in."""
    filled = _filled(ask)
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
    came = ask.past.of(_into, _named(ask, ask.options["role"]))
    back = _lasts(each for each in came if each.state != DealState.WON)
    for case in _credited(ask, _within(ask, ask.past.of(_first_wins).values())):
        later = back.get((case.source_id, case.ref))
        yield case._replace(amount=int(later is not None and later > case.at))


def progress(ask: Ask) -> Iterator[Case]:
    """Moves of deals to a stage higher than any before, and meetings held about them, in the
    funnels of role `role`."""
    advances, deals = ask.past.of(_advances, _named(ask, ask.options["role"]))
    yield from _credited(ask, _within(ask, advances))
    for case in _within(ask, ask.past.of(_meetings)):
        if (case.source_id, case.ref) in deals:
            yield case


def created(ask: Ask) -> Iterator[Case]:
    """Deals created in the funnels of role `role`; with `filled` also whether this custom field is
    filled in: its share of them."""
    filled = _filled(ask)
    query = select(DEAL, _SOURCE.c.name.label("source")).join(
        _SOURCE, _SOURCE.c.id == DEAL.c.source_id
    )
    days = DEAL.c.created_day.between(*ask.days)
    for deal in ask.tx.execute(query.where(days, DEAL.c.removed_at.is_(None))):
        if deal.pipeline_ref in ask.vantage.stages(deal.source, ask.options["role"]):
            counts = filled is None or (deal.source_id, deal.ref) in filled
            head = (deal.created_by, deal.source_id, deal.ref, deal.created_at)
            yield Case(*head, amount=int(counts))


def met(ask: Ask) -> Iterator[Case]:
    """Of the deals whose first meeting was held in the period, which came into a stage of role
    `role` after it; for who held the meeting."""
    came = _lasts(ask.past.of(_into, _named(ask, ask.options["role"])))
    first: dict[Deal, Case] = {}
    for case in ask.past.of(_meetings):
        first.setdefault((case.source_id, case.ref), case)
    for case in _within(ask, first.values()):
        later = came.get((case.source_id, case.ref))
        yield case._replace(amount=int(later is not None and later >= case.at))


def came_last(ask: Ask) -> Iterator[Case]:
    """Deals that came in the period into the last open stage of a funnel, each once."""
    yield from _credited(ask, _first_of(_within(ask, ask.past.of(_into_last))).values())


def _into_last(past: Past) -> Sequence[Arrival]:
    lasts = {place: each.last_open for place, each in past.of(read_ladders).items()}
    came = _arrivals(past, _CHANGE.c.stage_ref.in_(set(filter(None, lasts.values()))))
    return [each for each in came if lasts.get((each.source_id, each.funnel)) == each.stage]


def _named(ask: Ask, role: str) -> Named:
    """The stages, or funnels, of a role in each source that has some."""
    found = ((source, ask.vantage.stages(source, role)) for source in ask.vantage.settings)
    return tuple(sorted((source, stages) for source, stages in found if stages))


def _arrivals(past: Past, *where: ColumnElement[bool]) -> Iterator[Arrival]:
    """The arrivals of deals that exist, whenever they were, the oldest first."""
    query = (
        select(
            _CHANGE.c.source_id,
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
        .where(_CHANGE.c.kind == DEAL.name, DEAL.c.removed_at.is_(None), *where)
        .order_by(_CHANGE.c.at, _CHANGE.c.source_id, _CHANGE.c.ref)
    )
    return (Arrival(*row) for row in past.tx.execute(query))


def _among(column: ColumnElement[str], named: Named) -> ColumnElement[bool]:
    """Whether a stage, or a funnel, is one of those of its source."""
    each = (and_(_SOURCE.c.name == source, column.in_(refs)) for source, refs in named)
    return or_(false(), *each)


def _firsts(ask: Ask, role: str) -> Mapping[Deal, Arrival]:
    """The first arrival of each deal in a stage of a role."""
    return ask.past.of(_first_arrivals, _named(ask, role))


def _into(past: Past, named: Named) -> Sequence[Arrival]:
    """The arrivals in these stages."""
    return list(_arrivals(past, _among(_CHANGE.c.stage_ref, named)))


def _first_arrivals(past: Past, named: Named) -> Mapping[Deal, Arrival]:
    return _first_of(past.of(_into, named))


def _first_wins(past: Past) -> Mapping[Deal, Arrival]:
    return _first_of(_arrivals(past, _CHANGE.c.state == DealState.WON))


def _first_of(arrivals: Iterable[Arrival]) -> Mapping[Deal, Arrival]:
    found: dict[Deal, Arrival] = {}
    for each in arrivals:
        found.setdefault((each.source_id, each.ref), each)
    return found


def _lasts(arrivals: Iterable[Arrival]) -> Mapping[Deal, datetime]:
    """When the last arrival of each deal was."""
    return {(each.source_id, each.ref): each.at for each in arrivals}


def _advances(past: Past, named: Named) -> tuple[Sequence[Arrival], Set[Deal]]:
    """The moves in these funnels to a stage higher than any before, and the deals there."""
    ladders = past.of(read_ladders)
    highest: dict[tuple[int, str, str], int] = {}
    advances, deals = [], set[Deal]()
    for each in _arrivals(past, _among(_CHANGE.c.pipeline_ref, named)):
        deals.add((each.source_id, each.ref))
        place = (each.source_id, each.ref, each.funnel)
        ladder = ladders.get((each.source_id, each.funnel))
        rank = ladder.rank(each.stage) if ladder else -1
        # Where it was created it did not move to.
        if rank > highest.get(place, rank):
            advances.append(each)
        highest[place] = max(rank, highest.get(place, -1))
    return advances, deals


def _within(ask: Ask, happened: Iterable[T]) -> Sequence[T]:
    """What happened in the period."""
    zone = ask.vantage.zone
    begins_at, ends_at = ask.span.begins_at(zone), ask.span.ends_at(zone)
    return [each for each in happened if begins_at <= each.at < ends_at]


def _credited(ask: Ask, arrivals: Iterable[Arrival]) -> Iterator[Case]:
    """For who held the deal at that moment."""
    by_source: dict[int, list[Arrival]] = {}
    for each in arrivals:
        by_source.setdefault(each.source_id, []).append(each)
    for source_id, found in by_source.items():
        histories = owner_changes(ask.tx, DEAL, source_id, {each.ref for each in found})
        for each in found:
            people = ask.past.of(_people, source_id, to_day(each.at, ask.vantage.zone))
            owner = owner_at(each.at, histories.get(each.ref, ()), each.owner_ref)
            yield Case(people.get(owner or ""), source_id, each.ref, each.at)


def _people(past: Past, source_id: int, day: int) -> Mapping[str, int]:
    return holders(past.tx, source_id, day)


def _filled(ask: Ask) -> Set[Deal] | None:
    """The deals of which the custom field `filled` is filled in; None where none is asked for."""
    name = ask.options.get("filled")
    return None if name is None else ask.past.of(_with_field, name)


def _with_field(past: Past, name: str) -> Set[Deal]:
    value = CUSTOM_VALUE.c
    query = select(value.source_id, value.ref).where(value.kind == DEAL.name, value.name == name)
    return {(row[0], row[1]) for row in past.tx.execute(query)}


def _meetings(past: Past) -> Sequence[Case]:
    """Meetings held about a deal, the oldest first, by the deal."""
    of = MEETING.c
    held = select(of.credited_to, of.source_id, of.about_ref, of.begun_at).where(
        of.state == int(MeetingState.HELD),
        of.removed_at.is_(None),
        of.about_ref.startswith(_ABOUT_DEAL),
    )
    rows = past.tx.execute(held.order_by(of.begun_at, of.ref))
    return [Case(who, source, ref.removeprefix(_ABOUT_DEAL), at) for who, source, ref, at in rows]
