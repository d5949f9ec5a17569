"""Metrics of the parts that people of a client play: the custom field `role` of contacts.

A contact took part when we talked with it, or held a meeting about it, itself: a talk with its
company, or a meeting about a deal, does not tell who was there. Each line of the field is a role;
upper and lower case are one.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from kpi.arrival import came_last
from kpi.clientele import read_wins, won_in
from kpi.own import Ask, Case
from kpi.past import Past
from kpi.touch import Client, Clients, first_parts
from store.fact import MeetingState
from store.surrounding import CLIENT
from store.table import CUSTOM_VALUE, MEETING, QUOTE

_KIND, _FIELD = "contact", "role"
Roles = Set[str]


class Part(NamedTuple):
    """A contact of a client that took part, and since when; `roles` None: it was never read."""

    at: datetime
    roles: Roles | None


def in_won(ask: Ask) -> Iterator[Case]:
    """Of the deals won that have a client, those in which one of its contacts with a role among
    `words` took part before the win."""
    for win in won_in(ask, ask.past.of(read_wins)):
        case = Case(win.manager_id, win.client[0], win.ref, win.at)
        yield _decided(ask, win.client, case)


def in_hot(ask: Ask) -> Iterator[Case]:
    """The same of the deals that came into the last open stage of their funnel, before they did."""
    clients = ask.past.of(Clients)
    for case in came_last(ask):
        if client := clients.client(case.source_id, f"deal:{case.ref}"):
            yield _decided(ask, client, case)


def in_quotes(ask: Ask) -> Iterator[Case]:
    """Quotes created with whose client at least `roles` different roles took part until the period
    ends."""
    clients, parts, quote = ask.past.of(Clients), ask.past.of(_parts), QUOTE.c
    ends_at = ask.span.ends_at(ask.vantage.zone)
    query = select(
        quote.created_by, quote.source_id, quote.ref, quote.created_at, quote.deal_ref
    ).where(
        quote.created_day.between(*ask.days),
        quote.removed_at.is_(None),
        quote.deal_ref.is_not(None),
    )
    for *head, deal in ask.tx.execute(query.order_by(quote.source_id, quote.ref)):
        client = clients.client(head[1], f"deal:{deal}")
        met = parts.get(client, ()) if client else ()
        there = [each.roles for each in met if each.at < ends_at]
        roles = set[str]().union(*(each for each in there if each is not None))
        if len(roles) >= ask.options["roles"]:
            yield Case(*head)
        elif None in there:
            yield Case(*head)._replace(amount=0, gap=True)


def in_meetings(ask: Ask) -> Iterator[Case]:
    """Meetings held about a contact with a role among `words`; with `by_role` told apart by it, of
    several such roles by the first in the alphabet."""
    roles, words, row = ask.past.of(_roles), _words(ask), MEETING.c
    by_role = ask.options.get("by_role", False)
    query = select(row.credited_to, row.source_id, row.ref, row.begun_at, row.about_ref).where(
        row.day.between(*ask.days),
        row.state == int(MeetingState.HELD),
        row.removed_at.is_(None),
        row.about_ref.startswith(f"{_KIND}:"),
    )
    for *head, about in ask.tx.execute(query.order_by(row.source_id, row.ref)):
        told = roles.get((head[1], about))
        if told is None:
            of = ((_FIELD, None),) if by_role else ()
            yield Case(*head)._replace(amount=0, gap=True, of=of)
        elif found := sorted(told & words):
            yield Case(*head)._replace(of=((_FIELD, found[0]),) if by_role else ())


def _decided(ask: Ask, client: Client, case: Case) -> Case:
    """Whether a role among `words` took part before the moment of the case; unknown while only
    somebody who was never read did."""
    parts = ask.past.of(_parts).get(client, ())
    there = [each.roles for each in parts if each.at < case.at]
    words = _words(ask)
    is_there = any(each & words for each in there if each is not None)
    return case._replace(amount=int(is_there), gap=not is_there and None in there)


def _words(ask: Ask) -> Roles:
    words = ask.options["words"]
    return {_spelt(word) for word in ([words] if isinstance(words, str) else words)}


def _spelt(word: str) -> str:
    return word.strip().casefold()


def _parts(past: Past) -> Mapping[Client, Sequence[Part]]:
    """Who of each client took part."""
    clients, roles = past.of(Clients), past.of(_roles)
    found: dict[Client, list[Part]] = {}
    for (source_id, ref), at in past.of(first_parts).items():
        if client := clients.client(source_id, ref):
            found.setdefault(client, []).append(Part(at, roles.get((source_id, ref))))
    return found


def _roles(past: Past) -> Mapping[Client, Roles]:
    """The roles of every contact that was read, by the contact."""
    of, value = CLIENT.c, CUSTOM_VALUE.c
    known = select(of.source_id, of.ref).where(of.ref.startswith(f"{_KIND}:"))
    found: dict[Client, Roles] = {
        (source, ref): frozenset() for source, ref in past.tx.execute(known)
    }
    filled = select(value.source_id, value.ref, value.text).where(
        value.kind == _KIND, value.name == _FIELD
    )
    for source_id, ref, text in past.tx.execute(filled):
        found[source_id, ref] = frozenset(filter(None, map(_spelt, text.splitlines())))
    return found
