"""Metrics of clients: who is new, who was in contact, who bought, who stays and who leaves."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import func, select

from kpi.own import Ask, Case
from kpi.past import Past
from kpi.snapshot import holders
from kpi.touch import (
    Client,
    Clients,
    Touch,
    first_calls,
    first_entries,
    first_touches,
    touches,
)
from store.fact import DealState
from store.moment import day_number
from store.record import owner_at, owner_changes
from store.surrounding import CLIENT
from store.table import DEAL

ACTIVE = timedelta(days=365)
"""A client is active for so long after a win."""
JUDGED = timedelta(days=60)
"""Whether a client left after the first month is judged when so much time has passed."""
MONTH = timedelta(days=30)


class Win(NamedTuple):
    """A won deal of a client."""

    client: Client
    ref: str
    at: datetime
    manager_id: int | None
    amount: int | None
    born_at: datetime


def new_contacts(ask: Ask) -> Iterator[Case]:
    """The first contact ever with each client; with `direction` only those that came in (1) or
    went out (2)."""
    for touch in _first_of(ask, ask.past.of(first_touches)):
        if touch.direction == ask.options.get("direction", touch.direction):
            yield _case(touch)


def entered(ask: Ask) -> Iterator[Case]:
    """The first meeting held, or talk of `talk_s` seconds and more, ever with each company."""
    least = ask.options["talk_s"]

    def counts(touch: Touch) -> bool:
        is_company = touch.client[1].startswith("company:")
        return is_company and (touch.fact == "meeting" or touch.talk_s >= least)

    yield from map(_case, _first_of(ask, ask.past.of(first_entries, least), counts))


def without_deal(ask: Ask) -> Iterator[Case]:
    """Talks of `talk_s` seconds and more with clients who never had a deal before them."""
    first = ask.past.of(_first_deals)
    for touch in touches(ask.tx, ask.past.of(Clients), *ask.days):
        had = first.get(touch.client)
        if touch.talk_s >= ask.options["talk_s"] and (had is None or had > touch.at):
            yield _case(touch)._replace(team=touch.manager_id is None)


def covered(ask: Ask) -> Iterator[Case]:
    """Of the active clients, for who had them when the period began, those who were in contact."""
    begins_at = ask.span.begins_at(ask.vantage.zone)
    active = _active(ask.past.of(read_wins), begins_at)
    found_in = touches(ask.tx, ask.past.of(Clients), *ask.days)
    met = {touch.client for touch in found_in if touch.fact != "lead"}
    rows: dict[int, list[tuple[str, str | None, datetime]]] = {}
    owners = ask.past.of(_owners)
    for client in filter(owners.__contains__, active):
        rows.setdefault(client[0], []).append((client[1], *owners[client]))
    for source_id, found in rows.items():
        people = holders(ask.tx, source_id, day_number(ask.span.first))
        changes = owner_changes(ask.tx, CLIENT, source_id, [ref for ref, _, _ in found])
        for ref, owner, at in found:
            holder = owner_at(begins_at, changes.get(ref, ()), owner)
            who = people.get(holder or "")
            yield Case(who, source_id, ref, at, amount=int((source_id, ref) in met))


def called_before_win(ask: Ask) -> Iterator[Case]:
    """Deals won whose client talked with us by telephone before the win."""
    first = ask.past.of(first_calls)
    for win in won_in(ask, ask.past.of(read_wins)):
        if win.client in first and first[win.client] < win.at:
            yield Case(win.manager_id, win.client[0], win.ref, win.at)


def from_first_contact(ask: Ask) -> Iterator[Case]:
    """Seconds from the first contact with the client, or the deal's creation if that was earlier,
    to the win; of a client who bought before, from the deal's creation."""
    first, wins = ask.past.of(first_touches), ask.past.of(read_wins)
    for win in won_in(ask, wins):
        is_first = wins[win.client][0].ref == win.ref
        start = win.born_at
        if is_first:
            start = min(start, first.get(win.client, start))
        seconds = round((win.at - start).total_seconds())
        yield Case(win.manager_id, win.client[0], win.ref, win.at, amount=max(seconds, 0))


def retained(ask: Ask) -> Iterator[Case]:
    """Of the clients active when the period began, those active when it ended; for who won the
    last deal of them before. With `lost`, those who were not."""
    wins = ask.past.of(read_wins)
    begins_at, ends_at = _ends(ask)
    still = set(_active(wins, ends_at))
    for client, last in _active(wins, begins_at).items():
        amount = int((client in still) is not ask.options.get("lost", False))
        yield _bought(last, amount=amount)


def grown(ask: Ask) -> Iterator[Case]:
    """Clients who first bought in the period minus those who ceased to be active in it, of those
    active when it began."""
    wins = ask.past.of(read_wins)
    begins_at, ends_at = _ends(ask)
    still = set(_active(wins, ends_at))
    for client, last in _active(wins, begins_at).items():
        yield _bought(last, amount=0 if client in still else -1)
    for first in _acquired(ask, wins):
        yield _bought(first, weight=0)


def lifetime(ask: Ask) -> Iterator[Case]:
    """Everything the clients bought so far whose first win was in the period, for who won it."""
    wins = ask.past.of(read_wins)
    for first in _acquired(ask, wins):
        amounts = [win.amount for win in wins[first.client]]
        known = sum(amount or 0 for amount in amounts)
        yield _bought(first, amount=known)._replace(gap=None in amounts)


def churned(ask: Ask) -> Iterator[Case]:
    """Of the clients whose first win was in the period, those who bought nothing after 30 days;
    judged when 60 days have passed."""
    wins = ask.past.of(read_wins)
    for first in _acquired(ask, wins):
        if first.at + JUDGED <= ask.vantage.now:
            again = any(win.at > first.at + MONTH for win in wins[first.client])
            yield _bought(first, amount=int(not again))


def _first_of(
    ask: Ask, first: Mapping[Client, datetime], counts: Callable[[Touch], bool] | None = None
) -> Iterator[Touch]:
    """Of each client whose first touch is in the period that one; `counts`: which may be it."""
    told = set[Client]()
    found = filter(counts, touches(ask.tx, ask.past.of(Clients), *ask.days))
    for touch in sorted(found, key=_order):
        if first.get(touch.client) == touch.at and touch.client not in told:
            told.add(touch.client)
            yield touch


def _first_deals(past: Past) -> Mapping[Client, datetime]:
    """When the first deal of each client was created."""
    clients, deal = past.of(Clients), DEAL.c
    born = select(deal.source_id, deal.client_ref, func.min(deal.created_at)).where(
        deal.client_ref.is_not(None), deal.removed_at.is_(None)
    )
    found: dict[Client, datetime] = {}
    for source_id, ref, at in past.tx.execute(born.group_by(deal.source_id, deal.client_ref)):
        if client := clients.client(source_id, ref):
            found[client] = min(at, found.get(client, at))
    return found


def _owners(past: Past) -> Mapping[Client, tuple[str | None, datetime]]:
    """The owner of every client, and when it was created."""
    of = CLIENT.c
    query = select(of.source_id, of.ref, of.owner_ref, of.created_at)
    rows = past.tx.execute(query.where(of.removed_at.is_(None)))
    return {(source_id, ref): (owner, at) for source_id, ref, owner, at in rows}


def read_wins(past: Past) -> Mapping[Client, Sequence[Win]]:
    """The won deals of every client, the oldest first."""
    clients, deal = past.of(Clients), DEAL.c
    told = (deal.ref, deal.closed_at, deal.closed_by, deal.base_amount, deal.created_at)
    won = select(deal.source_id, deal.client_ref, *told).where(
        DEAL.c.state == int(DealState.WON),
        DEAL.c.removed_at.is_(None),
        DEAL.c.closed_at.is_not(None),
        DEAL.c.client_ref.is_not(None),
    )
    found: dict[Client, list[Win]] = {}
    for source_id, client_ref, *told_of in past.tx.execute(won.order_by(deal.closed_at, deal.ref)):
        if client := clients.client(source_id, client_ref):
            found.setdefault(client, []).append(Win(client, *told_of))
    return found


def won_in(ask: Ask, wins: Mapping[Client, Sequence[Win]]) -> Iterator[Win]:
    """Those of the wins that are in the period."""
    begins_at, ends_at = ask.span.begins_at(ask.vantage.zone), ask.span.ends_at(ask.vantage.zone)
    for each in wins.values():
        yield from (win for win in each if begins_at <= win.at < ends_at)


def _acquired(ask: Ask, wins: Mapping[Client, Sequence[Win]]) -> Iterator[Win]:
    """The first wins of clients that are in the period."""
    firsts = {client: each[:1] for client, each in wins.items()}
    yield from won_in(ask, firsts)


def _active(wins: Mapping[Client, Sequence[Win]], at: datetime) -> Mapping[Client, Win]:
    """The clients active at a moment, with the last win before it."""
    found = {}
    for client, each in wins.items():
        before = bisect_left(each, at, key=attrgetter("at"))
        if before and at - ACTIVE <= each[before - 1].at:
            found[client] = each[before - 1]
    return found


def _ends(ask: Ask) -> tuple[datetime, datetime]:
    """When the period begins and ends; one that lasts ends now."""
    zone = ask.vantage.zone
    return ask.span.begins_at(zone), min(ask.span.ends_at(zone), ask.vantage.now)


def _bought(win: Win, *, amount: int = 1, weight: int = 1) -> Case:
    return Case(win.manager_id, win.client[0], win.ref, win.at, amount=amount, weight=weight)


def _order(touch: Touch) -> tuple[datetime, str, bool]:
    """By time; of a call the people in it before the team."""
    return touch.at, touch.ref, touch.manager_id is None


def _case(touch: Touch) -> Case:
    head = (touch.manager_id, touch.client[0], touch.ref, touch.at)
    return Case(*head, key=touch.client, fact=touch.fact)
