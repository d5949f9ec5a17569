"""Contacts with clients, whatever way they went: talks, letters of people, meetings held, leads.

A client is a company, else a contact: who works for a company is that company, and what is about a
deal or a lead is about its client. A lead of whom no deal was made is a client of its own.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    func,
    literal,
    select,
    union_all,
)

from kpi.past import Past
from store.call import CALL_LEG
from store.fact import Direction, EmailKind, MeetingState, Seen
from store.surrounding import CLIENT
from store.table import CALL, DEAL, EMAIL, LEAD, MEETING, TEAM

_COUNTED = (CALL.c.manager_id == TEAM, CALL.c.seen < int(Seen.COPY))
Client = tuple[int, str]
"""A source and a client there."""


class Touch(NamedTuple):
    """One contact; `talk_s` of a call, 0 of others. `manager_id` None: nobody known."""

    client: Client
    at: datetime
    fact: str
    ref: str
    manager_id: int | None
    direction: int
    talk_s: int


class Clients:
    """Whose record a reference means: a contact's company, the client of a deal or lead."""

    def __init__(self, past: Past) -> None:
        tx = past.tx
        self._company: dict[Client, str] = {}
        self._of: dict[Client, str] = {}
        works = select(CLIENT.c.source_id, CLIENT.c.ref, CLIENT.c.company_ref)
        for source_id, ref, company in tx.execute(works.where(CLIENT.c.company_ref.is_not(None))):
            self._company[source_id, ref] = company
        deals = select(DEAL.c.source_id, DEAL.c.ref, DEAL.c.client_ref, DEAL.c.lead_ref)
        with_client = deals.where(DEAL.c.client_ref.is_not(None)).order_by(DEAL.c.created_at)
        for source_id, ref, client, lead in tx.execute(with_client):
            self._of[source_id, f"deal:{ref}"] = client
            if lead is not None:
                self._of.setdefault((source_id, f"lead:{lead}"), client)

    def client(self, source_id: int, ref: str) -> Client | None:
        """The client behind a reference; None behind a deal that has none."""
        found = self._of.get((source_id, ref), ref)
        if found.startswith("deal:"):
            return None
        return source_id, self._company.get((source_id, found), found)


def touches(tx: Connection, clients: Clients, first_day: int, last_day: int) -> Iterator[Touch]:
    """Every contact of these days; a call has one for each manager who talked in it, and one for
    the team."""
    for query in _of_days(first_day, last_day):
        for source_id, about, at, ref, manager_id, direction, talk_s, fact in tx.execute(query):
            if client := clients.client(source_id, about):
                who = None if manager_id == TEAM else manager_id
                yield Touch(client, at, fact, ref, who, direction, talk_s)


def first_touches(past: Past) -> Mapping[Client, datetime]:
    """When each client was first in contact with us, of all time that was read."""
    talked = _legs().where(CALL_LEG.c.talk_s > 0)
    return _earliest(past, talked, *map(_when, (_letters(), _meetings(), _leads())))


def first_calls(past: Past) -> Mapping[Client, datetime]:
    """When we first talked with each client by telephone."""
    return _earliest(past, _when(_calls()))


def first_entries(past: Past, talk_s: int) -> Mapping[Client, datetime]:
    """When there first was a meeting with each client, or a talk of `talk_s` seconds and more."""
    talks = _calls().where(CALL.c.talk_s >= talk_s)
    return _earliest(past, _when(talks), _when(_meetings()))


def first_parts(past: Past) -> Mapping[Client, datetime]:
    """When we first talked with each contact, or held a meeting about it; by the contact itself,
    whatever company it works for."""
    rows = union_all(_own_talks(), _twin_talks(), _when(_meetings())).subquery().c
    earliest = select(rows.source_id, rows.about, func.min(rows.at)).where(
        rows.about.startswith("contact:")
    )
    found = past.tx.execute(earliest.group_by(rows.source_id, rows.about))
    return {(source_id, about): at for source_id, about, at in found}


def _earliest(past: Past, *parts: Select[Any]) -> Mapping[Client, datetime]:
    """The earliest moment of each client among rows of (source, reference, moment)."""
    clients, rows = past.of(Clients), union_all(*parts).subquery().c
    earliest = select(rows.source_id, rows.about, func.min(rows.at))
    found: dict[Client, datetime] = {}
    for source_id, about, at in past.tx.execute(earliest.group_by(rows.source_id, rows.about)):
        client = clients.client(source_id, about)
        if client is not None and (client not in found or at < found[client]):
            found[client] = at
    return found


def _of_days(first_day: int, last_day: int) -> Iterator[Select[Any]]:
    for table, query in (
        (CALL, _calls()),
        (EMAIL, _letters()),
        (MEETING, _meetings()),
        (LEAD, _leads()),
    ):
        day = table.c.created_day if table is LEAD else table.c.day
        yield query.where(day.between(first_day, last_day))


def is_known_by() -> ColumnElement[bool]:
    """Joins a call with the leg that knows the client: a CRM's, of a telephone system's call."""
    leg, call = CALL_LEG.c, CALL.c
    return (leg.source_id == func.coalesce(call.twin_source_id, call.source_id)) & (
        leg.ref == func.coalesce(call.twin_ref, call.leg_ref)
    )


def _calls() -> Select[Any]:
    """Of a call that two systems tell of, the CRM's record and moment: by it the client's first
    contact is dated, too."""
    leg, call = CALL_LEG.c, CALL.c
    is_own = call.twin_ref.is_(None)
    return (
        select(
            leg.source_id,
            leg.client_ref.label("about"),
            case((is_own, call.started_at), else_=leg.started_at).label("at"),
            leg.call_ref.label("ref"),
            call.manager_id,
            call.direction,
            call.talk_s,
            literal("call").label("fact"),
        )
        .join_from(CALL, CALL_LEG, is_known_by())
        .where(leg.client_ref.is_not(None), call.talk_s > 0, call.seen < int(Seen.COPY))
    )


def _own_talks() -> Select[Any]:
    """Of every talk each leg: a CRM may show a call on a deal and on the contact, too."""
    leg, call = CALL_LEG.c, CALL.c
    is_its = (call.source_id == leg.source_id) & (call.ref == leg.call_ref)
    return _legs().join_from(CALL_LEG, CALL, is_its).where(leg.talk_s > 0, *_COUNTED)


def _twin_talks() -> Select[Any]:
    """Legs that a CRM shows of talks that a telephone system tells of, whose word on them wins."""
    twin, leg, call = CALL_LEG.alias(), CALL_LEG.c, CALL.c
    is_twin = (twin.c.source_id == call.twin_source_id) & (twin.c.ref == call.twin_ref)
    is_beside = (leg.source_id == twin.c.source_id) & (leg.call_ref == twin.c.call_ref)
    rows = _legs().join_from(CALL, twin, is_twin).join(CALL_LEG, is_beside)
    return rows.where(call.talk_s > 0, *_COUNTED)


def _legs() -> Select[Any]:
    leg = CALL_LEG.c
    about = select(leg.source_id, leg.client_ref.label("about"), leg.started_at.label("at"))
    return about.where(leg.client_ref.is_not(None))


def _letters() -> Select[Any]:
    return _activities("email", EMAIL, EMAIL.c.direction).where(
        EMAIL.c.kind == int(EmailKind.PERSONAL)
    )


def _meetings() -> Select[Any]:
    return _activities("meeting", MEETING, literal(int(Direction.OUT))).where(
        MEETING.c.state == int(MeetingState.HELD)
    )


def _activities(fact: str, table: Table, direction: ColumnElement[int]) -> Select[Any]:
    row = table.c
    return select(
        row.source_id,
        row.about_ref.label("about"),
        row.begun_at.label("at"),
        row.ref,
        row.credited_to,
        direction,
        literal(0),
        literal(fact),
    ).where(row.about_ref.is_not(None), row.removed_at.is_(None))


def _leads() -> Select[Any]:
    row = LEAD.c
    return select(
        row.source_id,
        (literal("lead:") + row.ref).label("about"),
        row.created_at.label("at"),
        row.ref,
        row.created_by,
        literal(int(Direction.IN)),
        literal(0),
        literal("lead"),
    ).where(row.removed_at.is_(None))


def _when(query: Select[Any]) -> Select[Any]:
    rows = query.subquery().c
    return select(rows.source_id, rows.about, rows.at)
