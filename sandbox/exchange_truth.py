"""The numbers an agent should show of an exchange's calls, counted by plain loops.

Written from the definitions of the metrics and from nothing else.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.conversation import IN, INTERNAL, ROBOT, Conversation, own_talks
from sandbox.exchange import Exchange
from sandbox.moment import seconds
from sandbox.tally import Row, Tally, User
from sandbox.waiting import Ring, call_backs, last_ten

_VIEWS = ("actual", "observed")


def exchange_truth(
    exchange: Exchange,
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

    `user` is the id of an employee, each credited with their own leg. Calls are those of which the
    exchange tells by now, or (`view` observed) told at the last of `reads`. ValueError for others.
    """
    if view not in _VIEWS or (view == "observed" and not reads):
        raise ValueError(f"view is one of {_VIEWS}; observed needs reads")
    with exchange.lock:
        horizon = max(map(seconds, reads)) if view == "observed" else exchange.now()
        ids = {each.extension: each.id for each in exchange.employees.values()}
        calls = [
            each
            for each in exchange.conversations
            if exchange.known_at(each) <= horizon and _counts(each)
        ]
    tally = Tally(since, until, by, tz, ids.values())
    for call in calls:
        for user, talk_s in shares(call, ids):
            _count(tally, call, user, talk_s, lengths)
    for wait in call_backs((_ring(call, ids) for call in calls), ZoneInfo(tz)):
        for user in wait.users:
            tally.wait(user, wait.at, wait.metric, wait.seconds)
    return tally.rows()


def shares(call: Conversation, ids: dict[str, int]) -> list[tuple[User, int]]:
    """(employee's id, own seconds of talk) of everybody credited; the team (None) always, first.

    Who talked is credited, or, when nobody talked, the one person who was rung.
    """
    own = own_talks(call.legs)
    alone = not call.answered and len(own) == 1
    found: list[tuple[User, int]] = [(None, call.talk_s)]
    for extension, talk_s in own.items():
        if (talk_s or alone) and extension in ids:
            found.append((ids[extension], talk_s))
    return found


def _counts(call: Conversation) -> bool:
    return call.direction != INTERNAL and call.kind != ROBOT


def _count(
    tally: Tally, call: Conversation, user: User, talk_s: int, lengths: Iterable[int]
) -> None:
    names = ["calls_in" if call.direction == IN else "calls_out"]
    if call.direction == IN:
        names.append("calls_answered" if call.answered else "calls_missed")
    elif call.answered:
        names.append("calls_reached")
    names += [f"calls_{length}s" for length in lengths if talk_s >= length]
    for name in names:
        tally.add(user, call.started_at, name)
    if talk_s:
        tally.add(user, call.started_at, "talk_time", talk_s)


def _ring(call: Conversation, ids: dict[str, int]) -> Ring:
    users = tuple(user for user, _ in shares(call, ids))
    start, end = int(call.started_at), int(call.ended_at)
    return Ring(last_ten(call.client), call.direction == IN, call.answered, start, end, users)
