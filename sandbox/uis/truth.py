"""What an agent should show of an account: the exchange's calls, without the client's waiting.

The vendor's `clean_talk_duration` counts only seconds in which the client talked with an employee,
so seconds on hold are no talk here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sandbox.conversation import Leg
from sandbox.exchange import Exchange
from sandbox.exchange_truth import exchange_truth
from sandbox.tally import Row
from sandbox.uis.account import Account


def truth(
    account: Account,
    *,
    since: date,
    until: date,
    by: str,
    tz: str,
    view: str = "actual",
    reads: Sequence[datetime] = (),
) -> list[Row]:
    """See `exchange_truth`; calls loaded from another system are not this one's."""
    told = heard(account)
    return exchange_truth(told, since=since, until=until, by=by, tz=tz, view=view, reads=reads)


def heard(account: Account) -> Exchange:
    """The exchange as the reports of the account tell of it."""
    exchange = account.exchange
    with exchange.lock:
        told = Exchange(exchange.clock, exchange.employees)
        for call in exchange.conversations:
            if call.id not in account.uploaded:
                legs = tuple(map(_talking, call.legs))
                told.add(replace(call, legs=legs), published_at=exchange.known_at(call))
        return told


def _talking(leg: Leg) -> Leg:
    """The leg as if the client had been answered later by what they waited on hold."""
    if leg.answered_at is None:
        return leg
    return replace(leg, answered_at=leg.answered_at + leg.hold_s, hold_s=0)
