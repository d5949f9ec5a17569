"""Conversions between stages, of the deals or leads created in a period: cohorts."""

from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, select, tuple_

from kpi.ladder import Climb, climbs
from kpi.own import Ask, Case
from kpi.past import Past
from store.table import CUSTOM_VALUE, DEAL, LEAD, SourceRow, table_of

_SOURCE = table_of(SourceRow)
WON = "won"
"""The role of the last rung of every funnel."""


def steps(ask: Ask) -> Iterator[Case]:
    """Of the deals that reached a stage or one beyond it, which reached the next, by funnel."""
    found = sorted(climbs(ask.past, _born(ask)), key=lambda each: each.ladder.name)
    for climb in found:
        ladder = climb.ladder
        for at, (earlier, later) in enumerate(zip(ladder.stages, ladder.stages[1:], strict=False)):
            if climb.highest >= at:
                of = (("funnel", ladder.name), ("from", _short(earlier)), ("to", _short(later)))
                yield _case(climb, reached=climb.highest > at)._replace(of=of)


def roles(ask: Ask) -> Iterator[Case]:
    """Of the deals that reached a stage of role `start` (none: all of the funnel), which reached
    one of role `end`, or a win; a funnel without such stages has no cases. A deal that changed its
    funnel is one deal."""
    start, end = ask.options.get("start"), ask.options["end"]
    found: dict[tuple[int, str], Case] = {}
    for climb in climbs(ask.past, _born(ask)):
        first = _rung(ask, climb, start) if start else -1
        last = _rung(ask, climb, end)
        if first is not None and last is not None and climb.highest >= first:
            case = _case(climb, reached=climb.highest >= last)
            known = found.setdefault((case.source_id, case.ref), case)
            found[case.source_id, case.ref] = max(known, case, key=lambda each: each.amount)
    yield from found.values()


def by_field(ask: Ask) -> Iterator[Case]:
    """As `roles`, told apart by the custom field `field`."""
    name = ask.options["field"]
    texts = ask.past.of(_texts, name)
    for case in roles(ask):
        yield case._replace(of=((name, texts.get((case.source_id, case.ref))),))


def _texts(past: Past, name: str) -> Mapping[tuple[int, str], str]:
    """What a custom field of deals holds."""
    value = CUSTOM_VALUE.c
    query = select(value.source_id, value.ref, value.text).where(
        value.kind == DEAL.name, value.name == name
    )
    return {(source_id, ref): text for source_id, ref, text in past.tx.execute(query)}


def leads(ask: Ask) -> Iterator[Case]:
    """Of the leads, which are in a stage of the role, or have a deal that reached one."""
    role = ask.options["end"]
    reached = set(_leads_of_deals(ask, role))
    query = select(LEAD, _SOURCE.c.name.label("source")).join(
        _SOURCE, _SOURCE.c.id == LEAD.c.source_id
    )
    days = LEAD.c.created_day.between(*ask.days)
    for lead in ask.tx.execute(query.where(days, LEAD.c.removed_at.is_(None))):
        stages = ask.vantage.stages(lead.source, role)
        if stages:
            there = lead.stage_ref in stages or (lead.source_id, lead.ref) in reached
            head = (lead.created_by, lead.source_id, lead.ref, lead.created_at)
            yield Case(*head, amount=int(there))


def _leads_of_deals(ask: Ask, role: str) -> Iterator[tuple[int, str]]:
    """Leads of deals that reached the role; a deal is made on the day of its lead or later."""
    born = select(LEAD.c.source_id, LEAD.c.ref).where(LEAD.c.created_day.between(*ask.days))
    of_them = tuple_(DEAL.c.source_id, DEAL.c.lead_ref).in_(born)
    for climb in climbs(ask.past, of_them, DEAL.c.created_day >= ask.days[0]):
        last = _rung(ask, climb, role)
        if climb.lead_ref is not None and last is not None and climb.highest >= last:
            yield climb.source_id, climb.lead_ref


def _born(ask: Ask) -> ColumnElement[bool]:
    return DEAL.c.created_day.between(*ask.days)


def _rung(ask: Ask, climb: Climb, role: str) -> int | None:
    if role == WON:
        return len(climb.ladder.stages) - 1
    return climb.ladder.first_of(ask.vantage.stages(climb.source, role))


def _case(climb: Climb, *, reached: bool) -> Case:
    return Case(climb.manager_id, climb.source_id, climb.ref, climb.at, amount=int(reached))


def _short(stage: str) -> str:
    """A stage without its funnel: that is told beside it."""
    return stage.rpartition(":")[2]
