"""What stands open, why deals were lost and how long wins took, counted by plain loops.

As somebody knows who read everything once, at one moment.
"""

from datetime import date, datetime
from statistics import median
from zoneinfo import ZoneInfo

from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.stage import STAGES, semantic
from sandbox.bitrix24.truth_deal import known_deals, observed_facts
from sandbox.moment import day_of, seconds
from sandbox.tally import User, credited

_DAY_S = 86_400


def open_truth(portal: Portal, *, read: datetime, tz: str) -> dict[User, tuple[int, int]]:
    """(number, kopecks) of the open deals by their owner, and of all under None."""
    found: dict[User, tuple[int, int]] = {}
    moment = seconds(read)
    with portal.lock:
        portal.settle()
        money = portal.currencies.money(ZoneInfo(tz), [moment])
        for deal, now in known_deals(portal.deals.every.values(), moment):
            if semantic(now.stage) == "P":
                amount = money(now.amount, deal.currency, moment)
                for user in credited(portal.users, now.owner):
                    count, total = found.get(user, (0, 0))
                    found[user] = count + 1, total + amount
    return found


def lost_truth(
    portal: Portal, *, since: date, until: date, read: datetime, tz: str
) -> dict[tuple[User, str], int]:
    """How many deals were lost in these days by owner and name of the lost stage."""
    found: dict[tuple[User, str], int] = {}
    moment = seconds(read)
    with portal.lock:
        portal.settle()
        money = portal.currencies.money(ZoneInfo(tz), [moment])
        for deal, now in known_deals(portal.deals.every.values(), moment):
            for fact in observed_facts([deal], [moment], money):
                if fact.kind == "lost" and since <= day_of(fact.at, tz) <= until:
                    for user in credited(portal.users, fact.user):
                        key = user, STAGES[now.stage].name
                        found[key] = found.get(key, 0) + 1
    return found


def cycle_truth(
    portal: Portal, *, since: date, until: date, read: datetime, tz: str
) -> dict[User, tuple[float, int]]:
    """(median of days from creation to the win, number of wins) by owner, and of all."""
    lengths: dict[User, list[int]] = {}
    moment = seconds(read)
    with portal.lock:
        portal.settle()
        money = portal.currencies.money(ZoneInfo(tz), [moment])
        for fact in observed_facts(portal.deals.every.values(), [moment], money):
            if fact.kind == "won" and since <= day_of(fact.at, tz) <= until:
                for user in credited(portal.users, fact.user):
                    lengths.setdefault(user, []).append(fact.cycle)
    return {user: (median(found) / _DAY_S, len(found)) for user, found in lengths.items()}


def repeat_truth(
    portal: Portal, *, since: date, until: date, read: datetime, tz: str
) -> dict[User, tuple[int, int]]:
    """(wins of clients who had won before, wins) by owner, and of all."""
    moment = seconds(read)
    wins: list[tuple[float, int, int, str]] = []
    with portal.lock:
        portal.settle()
        money = portal.currencies.money(ZoneInfo(tz), [moment])
        for deal, _ in known_deals(portal.deals.every.values(), moment):
            for fact in observed_facts([deal], [moment], money):
                if fact.kind == "won":
                    client = f"company {deal.company}" if deal.company else ""
                    wins.append((fact.at, deal.id, fact.user, client))
    clients: set[str] = set()
    found: dict[User, tuple[int, int]] = {}
    for at, _, user, client in sorted(wins):
        if since <= day_of(at, tz) <= until:
            for each in credited(portal.users, user):
                repeated, count = found.get(each, (0, 0))
                found[each] = repeated + (client in clients), count + 1
        if client:
            clients.add(client)
    return found
