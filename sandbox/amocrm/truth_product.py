"""What was really sold, by the lines of the deals that are won."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sandbox.amocrm.account import Account
from sandbox.amocrm.good import goods_at
from sandbox.amocrm.product import price_of
from sandbox.amocrm.truth_lead import LeadFact, is_won, lead_facts
from sandbox.moment import day_of, seconds
from sandbox.tally import User, credited


@dataclass(frozen=True, slots=True)
class LineFact:
    """An element on a deal that is won, by the win; kopecks at the price of now, rounded half-up.

    Elements of lists that are not of products are no lines.
    """

    user: int
    at: int
    kopecks: int


def line_facts(
    account: Account, leads: Iterable[LeadFact], horizon: int | None
) -> Iterator[LineFact]:
    """The lines as they stand now, or stood at `horizon`."""
    moment = float("inf") if horizon is None else horizon
    for fact in leads:
        if not is_won(fact):
            continue
        for good in goods_at(fact.lead.goods, moment):
            if account.catalogs[good.catalog].type == "products":
                exact = Fraction(price_of(account, good)) * good.quantity / 10
                yield LineFact(fact.ended_by, fact.ended_at, int(exact + Fraction(1, 2)))


def sold_truth(
    account: Account, *, since: date, until: date, read: datetime, tz: str
) -> dict[User, tuple[int, int]]:
    """(lines, kopecks) sold in these days by owner, and by all."""
    horizon = int(seconds(read))
    found: dict[User, tuple[int, int]] = {}
    with account.lock:
        leads = lead_facts(account.leads.every(), account.pipelines, horizon)
        for line in line_facts(account, leads, horizon):
            if since <= day_of(line.at, tz) <= until:
                for user in credited(account.users, line.user):
                    count, total = found.get(user, (0, 0))
                    found[user] = count + 1, total + line.kopecks
    return found
