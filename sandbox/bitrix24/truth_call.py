"""Which calls there really were: rows put together, who is credited, how long they talked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.bitrix24.call import Call

INCOMING = (2, 3)
_INFORMATION = 5


@dataclass(frozen=True, slots=True)
class CallFact:
    """One call as it counts for a user, or for the team (`user` null).

    `talk` is the user's own seconds, or everybody's; `answered` says if anybody talked.
    """

    user: int | None
    start: float
    incoming: bool
    talk: int
    answered: bool


def call_facts(calls: Iterable[Call], horizon: float | None) -> Iterator[CallFact]:
    """Every call once for the team and once for each who is credited with it.

    Rows that appeared after `horizon` (seconds) are not known yet.
    """
    for legs in conversations(calls, horizon):
        yield from _facts(legs)


def conversations(calls: Iterable[Call], horizon: float | None) -> Iterable[list[Call]]:
    """The rows of each call with a client, in the order of their ids."""
    groups: dict[tuple[str, int | str], list[Call]] = {}
    for row in calls:
        if horizon is not None and row.end > horizon:
            break
        if row.type != _INFORMATION and row.category != "internal":
            groups.setdefault(_identity(row), []).append(row)
    return groups.values()


def _identity(row: Call) -> tuple[str, int | str]:
    if row.session is not None:
        return "session", row.session
    if row.external is not None:
        return "external", row.external
    return "call", row.call_id


def first_leg(legs: list[Call]) -> Call:
    """The leg with which the call began."""
    return min(legs, key=lambda leg: (leg.start, leg.id))


def _facts(legs: list[Call]) -> Iterator[CallFact]:
    first = first_leg(legs)
    incoming = first.type in INCOMING
    own: dict[int, int] = {}
    for leg in legs:
        if leg.user:
            own[leg.user] = own.get(leg.user, 0) + talk_of(leg)
    whole = sum(talk_of(leg) for leg in legs)
    yield CallFact(None, first.start, incoming, whole, whole > 0)
    for user, talk in own.items():
        if talk > 0 or (whole == 0 and len(own) == 1):
            yield CallFact(user, first.start, incoming, talk, whole > 0)


def talk_of(leg: Call) -> int:
    """Seconds in which somebody talked on the leg."""
    return leg.duration if leg.duration > 0 and leg.code == "200" else 0
