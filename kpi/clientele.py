"""Metrics of clients: who is new, who was in contact, who bought, who stays and who leaves."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from kpi.own import Ask, Case
from kpi.snapshot import holders
from kpi.touch import Client, Clients, Touch, first_touches, touches
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


def new_contacts(ask: Ask) -> Iterator[Case]:
    """The first contact ever with each client; with `direction` only those that came in (1) or
    went out (2)."""
    for touch in _first_of(ask):
        if touch.direction == ask.options.get("direction", touch.direction):
            yield _case(touch)


def entered(ask: Ask) -> Iterator[Case]:
    """The first meeting held, or talk of `talk_s` seconds and more, ever with each company."""
    clients, least = Clients(ask.tx), ask.options["talk_s"]
    found: dict[Client, list[Touch]] = {}
    for touch in touches(ask.tx, clients, 0, ask.days[1]):
        counts = touch.fact == "meeting" or touch.talk_s >= least
        if counts and touch.client[1].startswith("company:"):
            found.setdefault(touch.client, []).append(touch)
    begins_at = ask.span.begins_at(ask.vantage.zone)
    for each in found.values():
        first = min(each, key=_order)
        if first.at >= begins_at:
            yield _case(first)


def without_deal(ask: Ask) -> Iterator[Case]:
    """Talks of `talk_s` seconds and more with clients who never had a deal before them."""
    clients = Clients(ask.tx)
    first_deal: dict[Client, datetime] = {}
    born = select(DEAL.c.source_id, DEAL.c.client_ref, DEAL.c.created_at).where(
        DEAL.c.client_ref.is_not(None), DEAL.c.removed_at.is_(None)
    )
    for source_id, ref, at in ask.tx.execute(born):
        if client := clients.client(source_id, ref):
            first_deal[client] = min(at, first_deal.get(client, at))
    for touch in touches(ask.tx, clients, *ask.days):
        had = first_deal.get(touch.client)
        if touch.talk_s >= ask.options["talk_s"] and (had is None or had > touch.at):
            yield _case(touch)._replace(team=touch.manager_id is None)


def covered(ask: Ask) -> Iterator[Case]:
    """Of the active clients, for who had them when the period began, those who were in contact."""
    clients = Clients(ask.tx)
    active = set(_active(_wins(ask, clients), ask.span.begins_at(ask.vantage.zone)))
    met = {touch.client for touch in touches(ask.tx, clients, *ask.days) if touch.fact != "lead"}
    rows: dict[int, list[tuple[str, str | None, datetime]]] = {}
    for row in ask.tx.execute(select(CLIENT).where(CLIENT.c.removed_at.is_(None))):
        if (row.source_id, row.ref) in active:
            rows.setdefault(row.source_id, []).append((row.ref, row.owner_ref, row.created_at))
    begins_at = ask.span.begins_at(ask.vantage.zone)
    for source_id, found in rows.items():
        people = holders(ask.tx, source_id, day_number(ask.span.first))
        changes = owner_changes(ask.tx, CLIENT, source_id, [ref for ref, _, _ in found])
        for ref, owner, at in found:
            holder = owner_at(begins_at, changes.get(ref, ()), owner)
            who = people.get(holder or "")
            yield Case(who, source_id, ref, at, amount=int((source_id, ref) in met))


def called_before_win(ask: Ask) -> Iterator[Case]:
    """Deals won whose client talked with us by telephone before the win."""
    clients = Clients(ask.tx)
    first: dict[Client, datetime] = {}
    for touch in touches(ask.tx, clients, 0, ask.days[1]):
        if touch.fact == "call":
            first[touch.client] = min(touch.at, first.get(touch.client, touch.at))
    for win in _won_in(ask, _wins(ask, clients)):
        if win.client in first and first[win.client] < win.at:
            yield Case(win.manager_id, win.client[0], win.ref, win.at)


def from_first_contact(ask: Ask) -> Iterator[Case]:
    """Seconds from the first contact with the client, or the deal's creation if that was earlier,
    to the win; of a client who bought before, from the deal's creation."""
    clients = Clients(ask.tx)
    first = first_touches(ask.tx, clients)
    born = {
        (row[0], row[1]): row[2]
        for row in ask.tx.execute(select(DEAL.c.source_id, DEAL.c.ref, DEAL.c.created_at))
    }
    wins = _wins(ask, clients)
    begun = {client: each[0].ref for client, each in wins.items()}
    for win in _won_in(ask, wins):
        created_at = born[win.client[0], win.ref]
        is_first = begun[win.client] == win.ref
        start = min(created_at, first.get(win.client, created_at)) if is_first else created_at
        seconds = round((win.at - start).total_seconds())
        yield Case(win.manager_id, win.client[0], win.ref, win.at, amount=max(seconds, 0))


def retained(ask: Ask) -> Iterator[Case]:
    """Of the clients active when the period began, those active when it ended; for who won the
    last deal of them before. With `lost`, those who were not."""
    wins = _wins(ask, Clients(ask.tx))
    begins_at, ends_at = _ends(ask)
    still = set(_active(wins, ends_at))
    for client, last in _active(wins, begins_at).items():
        amount = int((client in still) is not ask.options.get("lost", False))
        yield _bought(last, amount=amount)


def grown(ask: Ask) -> Iterator[Case]:
    """Clients who first bought in the period minus those who ceased to be active in it, of those
    active when it began."""
    wins = _wins(ask, Clients(ask.tx))
    begins_at, ends_at = _ends(ask)
    still = set(_active(wins, ends_at))
    for client, last in _active(wins, begins_at).items():
        yield _bought(last, amount=0 if client in still else -1)
    for first in _acquired(ask, wins):
        yield _bought(first, weight=0)


def lifetime(ask: Ask) -> Iterator[Case]:
    """Everything the clients bought so far whose first win was in the period, for who won it."""
    wins = _wins(ask, Clients(ask.tx))
    for first in _acquired(ask, wins):
        amounts = [win.amount for win in wins[first.client]]
        known = sum(amount or 0 for amount in amounts)
        yield _bought(first, amount=known)._replace(gap=None in amounts)


def churned(ask: Ask) -> Iterator[Case]:
    """Of the clients whose first win was in the period, those who bought nothing after 30 days;
    judged when 60 days have passed."""
    wins = _wins(ask, Clients(ask.tx))
    for first in _acquired(ask, wins):
        if first.at + JUDGED <= ask.vantage.now:
            again = any(win.at > first.at + MONTH for win in wins[first.client])
            yield _bought(first, amount=int(not again))


def _first_of(ask: Ask) -> Iterator[Touch]:
    clients = Clients(ask.tx)
    first = first_touches(ask.tx, clients)
    told = set[Client]()
    for touch in sorted(touches(ask.tx, clients, *ask.days), key=_order):
        if first.get(touch.client) == touch.at and touch.client not in told:
            told.add(touch.client)
            yield touch


def _wins(ask: Ask, clients: Clients) -> Mapping[Client, Sequence[Win]]:
    """The won deals of every client, the oldest first."""
    won = select(DEAL).where(
        DEAL.c.state == int(DealState.WON),
        DEAL.c.removed_at.is_(None),
        DEAL.c.closed_at.is_not(None),
        DEAL.c.client_ref.is_not(None),
    )
    found: dict[Client, list[Win]] = {}
    for row in ask.tx.execute(won.order_by(DEAL.c.closed_at, DEAL.c.ref)):
        if client := clients.client(row.source_id, row.client_ref):
            win = Win(client, row.ref, row.closed_at, row.closed_by, row.base_amount)
            found.setdefault(client, []).append(win)
    return found


def _won_in(ask: Ask, wins: Mapping[Client, Sequence[Win]]) -> Iterator[Win]:
    begins_at, ends_at = ask.span.begins_at(ask.vantage.zone), ask.span.ends_at(ask.vantage.zone)
    for each in wins.values():
        yield from (win for win in each if begins_at <= win.at < ends_at)


def _acquired(ask: Ask, wins: Mapping[Client, Sequence[Win]]) -> Iterator[Win]:
    """The first wins of clients that are in the period."""
    firsts = {client: each[:1] for client, each in wins.items()}
    yield from _won_in(ask, firsts)


def _active(wins: Mapping[Client, Sequence[Win]], at: datetime) -> Mapping[Client, Win]:
    """The clients active at a moment, with the last win before it."""
    found = {}
    for client, each in wins.items():
        before = [win for win in each if at - ACTIVE <= win.at < at]
        if before:
            found[client] = before[-1]
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
