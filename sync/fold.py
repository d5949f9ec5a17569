"""Folds the legs of one conversation attempt into one call, and credits the people in it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from store.fact import CallLeg
from store.table import TEAM

Share = tuple[int, int, str]
"""(manager id, seconds of talk, first leg) of one credited manager, or of the team."""


def in_order(legs: Sequence[CallLeg]) -> Sequence[CallLeg]:
    """Legs in the order they began; those of one moment in the vendor's order of ids.

    Of the copies of one stretch of talk only the one that tells most is left.
    """
    return sorted(_originals(legs), key=_place) if len(legs) > 1 else legs


def shares(legs: Sequence[CallLeg], manager_of: Callable[[str], int | None]) -> list[Share]:
    """Who is credited with the call of these legs, which are in order; the team always, first.

    A manager is credited who talked on a leg of their own, or, when nobody talked, the one person
    who was rung.
    """
    first = legs[0]
    if len(legs) == 1:
        manager_id = manager_of(first.user_ref) if first.user_ref else None
        whole = (TEAM, first.talk_s, first.ref)
        return [whole] if manager_id is None else [whole, (manager_id, *whole[1:])]
    talk_s = sum(leg.talk_s for leg in legs)
    rung = _rung(legs, manager_of)
    if talk_s > 0:
        credited = [share for share in rung if share[1] > 0]
    else:
        credited = rung if len(rung) == 1 else []
    return [(TEAM, talk_s, first.ref), *(share for share in credited if share[0] != TEAM)]


def lasts_s(legs: Sequence[CallLeg]) -> int:
    """Seconds from the start of the first leg to the last end, as far as the vendor tells."""
    first, *more = legs
    lasted = max(first.lasted_s, first.talk_s)
    for leg in more:
        after = int((leg.started_at - first.started_at).total_seconds())
        lasted = max(lasted, after + max(leg.lasted_s, leg.talk_s))
    return lasted


def _originals(legs: Sequence[CallLeg]) -> Sequence[CallLeg]:
    best: dict[str, CallLeg] = {}
    for leg in legs:
        key = leg.ref if leg.stretch is None else f"stretch {leg.stretch}"
        best[key] = min(leg, best.get(key, leg), key=_worth)
    return list(best.values())


def _worth(leg: CallLeg) -> tuple[int, bool, tuple[datetime, int, str]]:
    return -leg.talk_s, leg.user_ref is None, _place(leg)


def _rung(legs: Sequence[CallLeg], manager_of: Callable[[str], int | None]) -> list[Share]:
    """One share for each person who was rung; strangers have the team's number."""
    rung: dict[int | str, Share] = {}
    for leg in legs:
        if leg.user_ref is None:
            continue
        manager_id = manager_of(leg.user_ref)
        # Two accounts of one person are one person; strangers stay apart by their own id.
        person = leg.user_ref if manager_id is None else manager_id
        who, talk_s, leg_ref = rung.get(person, (manager_id or TEAM, 0, leg.ref))
        rung[person] = (who, talk_s + leg.talk_s, leg_ref)
    return list(rung.values())


def _place(leg: CallLeg) -> tuple[datetime, int, str]:
    return leg.started_at, len(leg.ref), leg.ref
