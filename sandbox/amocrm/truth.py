"""The numbers an agent should show, counted by plain loops over the account's own history.

Written from the definitions of the metrics and from nothing else. In amoCRM the ledger of
events tells every owner and every stage, so who polls knows as much as there is to know at the
moment of the last reading.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from statistics import median
from zoneinfo import ZoneInfo

from sandbox.amocrm.account import Account
from sandbox.amocrm.contact import Clients
from sandbox.amocrm.note import Note
from sandbox.amocrm.truth_call import CallFact, call_facts, letter_facts
from sandbox.amocrm.truth_lead import LeadFact, is_lost, is_won, lead_facts, meeting_facts
from sandbox.amocrm.truth_product import line_facts
from sandbox.amocrm.truth_time import time_facts
from sandbox.moment import day_of, seconds
from sandbox.tally import Row, Tally, User, credited

_VIEWS = ("actual", "observed")
_DAY_S = 86_400
NO_REASON = "Причина не указана"


def truth(
    account: Account,
    *,
    since: date,
    until: date,
    by: str,
    tz: str,
    view: str = "actual",
    reads: Sequence[datetime] = (),
    lengths: Sequence[int] = (120,),
) -> list[Row]:
    """Every number of the days `since`..`until` (both included), by day, week, month or total.

    `view` observed is what somebody can know who read last at the last of `reads`. `lengths`
    are the N of calls_<N>s. ValueError for others.
    """
    if view not in _VIEWS or (view == "observed" and not reads):
        raise ValueError(f"view is one of {_VIEWS}; observed needs reads")
    horizon = int(max(map(seconds, reads))) if view == "observed" else None
    with account.lock:
        tally = Tally(since, until, by, tz, account.users)
        calls = list(call_facts(_notes(account), account.users, horizon))
        leads = list(_leads(account, horizon))
        _count_calls(tally, calls, lengths)
        for letter in letter_facts(_notes(account), horizon):
            metric = "emails_received" if letter.incoming else "emails_sent"
            tally.add_both(letter.user, letter.at, metric)
        for held, at, holder in meeting_facts(account.tasks.every(), horizon):
            tally.add_both(holder, at, "meetings_planned")
            if held:
                tally.add_both(holder, at, "meetings_held")
        for fact in leads:
            _count_lead(tally, fact)
        for line in line_facts(account, leads, horizon):
            tally.add_both(line.user, line.at, "products_sold")
        for wait in time_facts(account, leads, calls, horizon, ZoneInfo(tz)):
            for user in wait.users:
                tally.wait(user, wait.at, wait.metric, wait.seconds)
        _count_purchases(tally, account, horizon)
        _count_clients(tally, "contacts_created", account.contacts, horizon)
        _count_clients(tally, "companies_created", account.companies, horizon)
        return tally.rows()


def _count_calls(tally: Tally, calls: Sequence[CallFact], lengths: Sequence[int]) -> None:
    for call in calls:
        names = ["calls_in" if call.incoming else "calls_out"]
        if call.incoming:
            names.append("calls_answered" if call.talk else "calls_missed")
        elif call.talk:
            names.append("calls_reached")
        names += [f"calls_{length}s" for length in lengths if call.talk >= length]
        for name in names:
            tally.add_both(call.user, call.at, name)
        if call.talk:
            tally.add_both(call.user, call.at, "talk_time", call.talk)


def _count_lead(tally: Tally, fact: LeadFact) -> None:
    for metric in ("deals_created", "leads_created"):
        tally.add_both(fact.owner, fact.at, metric)
    if is_lost(fact):
        tally.add_both(fact.ended_by, fact.ended_at, "deals_lost")
    if is_won(fact):
        tally.add_both(fact.owner, fact.at, "leads_won")
        tally.add_both(fact.ended_by, fact.ended_at, "deals_won")
        tally.add_both(fact.ended_by, fact.ended_at, "revenue", fact.price)
        tally.add_both(fact.ended_by, fact.ended_at, "days_to_win", fact.ended_at - fact.at)


def _count_purchases(tally: Tally, account: Account, horizon: int | None) -> None:
    for bought in account.transactions.rows.values():
        if horizon is None or bought.entered_at <= horizon:
            user = account.customers.rows[bought.customer].owner_at(bought.at)
            tally.add_both(user, bought.at, "purchases")
            tally.add_both(user, bought.at, "purchases_revenue", bought.price)


def _count_clients(tally: Tally, metric: str, clients: Clients, horizon: int | None) -> None:
    for client in clients.rows.values():
        if horizon is None or client.created_at <= horizon:
            tally.add_both(client.first_owner, client.created_at, metric)


def open_truth(account: Account, *, read: datetime) -> dict[User, tuple[int, int]]:
    """(number, kopecks) of the open deals by their owner, and of all under None."""
    found: dict[User, tuple[int, int]] = {}
    with account.lock:
        for fact in _leads(account, int(seconds(read))):
            if is_won(fact) or is_lost(fact):
                continue
            for user in credited(account.users, fact.holder):
                count, total = found.get(user, (0, 0))
                found[user] = count + 1, total + fact.price * 100
    return found


def lost_truth(
    account: Account, *, since: date, until: date, read: datetime, tz: str
) -> dict[tuple[User, str], int]:
    """How many deals were lost in these days by owner and name of the reason."""
    found: dict[tuple[User, str], int] = {}
    with account.lock:
        for fact in _leads(account, int(seconds(read))):
            if is_lost(fact) and since <= day_of(fact.ended_at, tz) <= until:
                reason = account.reasons.get(fact.reason or 0)
                for user in credited(account.users, fact.ended_by):
                    key = user, reason.name if reason else NO_REASON
                    found[key] = found.get(key, 0) + 1
    return found


def cycle_truth(
    account: Account, *, since: date, until: date, read: datetime, tz: str
) -> dict[User, tuple[float, int]]:
    """(median of days from creation to the win, number of wins) by owner, and of all."""
    lengths: dict[User, list[int]] = {}
    with account.lock:
        for fact in _leads(account, int(seconds(read))):
            if is_won(fact) and since <= day_of(fact.ended_at, tz) <= until:
                for user in credited(account.users, fact.ended_by):
                    lengths.setdefault(user, []).append(fact.ended_at - fact.at)
    return {user: (median(found) / _DAY_S, len(found)) for user, found in lengths.items()}


def repeat_truth(
    account: Account, *, since: date, until: date, read: datetime, tz: str
) -> dict[User, tuple[int, int]]:
    """(wins of clients who had won before, wins) by owner, and of all; the company, else the
    contact of a deal is its client, and one without either is no repeat."""
    found: dict[User, tuple[int, int]] = {}
    clients: set[tuple[int, int]] = set()
    with account.lock:
        won = [fact for fact in _leads(account, int(seconds(read))) if is_won(fact)]
        for fact in sorted(won, key=lambda one: (one.ended_at, one.lead.id)):
            lead = fact.lead
            client = (lead.company, 0) if lead.company else (0, lead.contact)
            if since <= day_of(fact.ended_at, tz) <= until:
                for user in credited(account.users, fact.ended_by):
                    repeated, count = found.get(user, (0, 0))
                    found[user] = repeated + (client in clients), count + 1
            if any(client):
                clients.add(client)
    return found


def _leads(account: Account, horizon: int | None) -> Iterator[LeadFact]:
    return lead_facts(account.leads.every(), account.pipelines, horizon)


def _notes(account: Account) -> Iterable[Note]:
    return chain.from_iterable(notes.rows.values() for notes in account.notes.values())
