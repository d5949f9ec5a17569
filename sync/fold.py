"""Folds the legs of one conversation attempt into one call, and credits the people in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from store.fact import CallLeg, TalkQuality, Transfer
from store.table import TEAM

EACH_LEG, LAST_TALKED, FIRST_TALKED, LONGEST = "each_leg", "last_talked", "first_talked", "longest"
"""Rules of credit, as `credit` of the settings spells them."""

Person = int | str
"""A manager, or a stranger by their own id: two accounts of one person are one person."""

Share = tuple[int, int, str]
"""(manager id, seconds of talk, first leg) of one credited manager, or of the team."""


class Told(NamedTuple):
    """What stands on every row of a call; the fields as in `store.table.CallRow`."""

    ring_s: int | None
    hold_s: int | None
    quality: TalkQuality
    transfer: Transfer
    queue: str | None


def in_order(legs: Sequence[CallLeg]) -> Sequence[CallLeg]:
    """Legs in the order they began; those of one moment in the vendor's order of ids.

    Of the copies of one stretch of talk only the one that tells most is left.
    """
    return sorted(_originals(legs), key=_place) if len(legs) > 1 else legs


def shares(
    legs: Sequence[CallLeg], manager_of: Callable[[str], int | None], rule: str = EACH_LEG
) -> list[Share]:
    """Who is credited with the call of these legs, which are in order; the team always, first.

    A manager is credited who talked on a leg of their own, or, when nobody talked, the one person
    who was rung. `rule`: of several who talked everyone, or only one: `credit` of the settings.
    """
    first = legs[0]
    if len(legs) == 1:
        manager_id = manager_of(first.user_ref) if first.user_ref else None
        whole = (TEAM, first.talk_s, first.ref)
        return [whole] if manager_id is None else [whole, (manager_id, *whole[1:])]
    talk_s = sum(leg.talk_s for leg in legs)
    rung = _rung(legs, manager_of)
    if talk_s > 0:
        credited = [rung[each] for each in _credited(legs, manager_of, rung, rule)]
    else:
        credited = list(rung.values()) if len(rung) == 1 else []
    return [(TEAM, talk_s, first.ref), *(share for share in credited if share[0] != TEAM)]


def tell(legs: Sequence[CallLeg]) -> Told:
    """What the legs, which are in order, tell of their whole call."""
    first = legs[0]
    if len(legs) == 1:
        return Told(first.ring_s, first.hold_s, first.quality, first.transfer, first.queue)
    talks = [leg for leg in legs if leg.talk_s > 0]
    rings = [_after_s(first, leg) + leg.ring_s for leg in talks or legs if leg.ring_s is not None]
    holds = [leg.hold_s for leg in legs if leg.hold_s is not None]
    return Told(
        ring_s=(min if talks else max)(rings, default=None),
        hold_s=sum(holds) if holds else None,
        quality=max((leg.quality for leg in talks), default=first.quality),
        transfer=max(legs, key=lambda leg: (leg.transfer > 0, _place(leg))).transfer,
        queue=next((leg.queue for leg in legs if leg.queue), None),
    )


def lasts_s(legs: Sequence[CallLeg]) -> int:
    """Seconds from the start of the first leg to the last end, as far as the vendor tells."""
    first, *more = legs
    lasted = max(first.lasted_s, first.talk_s)
    for leg in more:
        lasted = max(lasted, _after_s(first, leg) + max(leg.lasted_s, leg.talk_s))
    return lasted


def _after_s(first: CallLeg, leg: CallLeg) -> int:
    return int((leg.started_at - first.started_at).total_seconds())


def _originals(legs: Sequence[CallLeg]) -> Sequence[CallLeg]:
    best: dict[str, CallLeg] = {}
    for leg in legs:
        key = leg.ref if leg.stretch is None else f"stretch {leg.stretch}"
        best[key] = min(leg, best.get(key, leg), key=_worth)
    return list(best.values())


def _worth(leg: CallLeg) -> tuple[int, bool, tuple[datetime, int, str]]:
    return -leg.talk_s, leg.user_ref is None, _place(leg)


def _rung(legs: Sequence[CallLeg], manager_of: Callable[[str], int | None]) -> dict[Person, Share]:
    """One share for each person who was rung; strangers have the team's number."""
    rung: dict[Person, Share] = {}
    for leg in legs:
        if leg.user_ref is None:
            continue
        manager_id = manager_of(leg.user_ref)
        person = leg.user_ref if manager_id is None else manager_id
        who, talk_s, leg_ref = rung.get(person, (manager_id or TEAM, 0, leg.ref))
        rung[person] = (who, talk_s + leg.talk_s, leg_ref)
    return rung


def _credited(
    legs: Sequence[CallLeg],
    manager_of: Callable[[str], int | None],
    rung: Mapping[Person, Share],
    rule: str,
) -> Iterable[Person]:
    """Those who talked and are credited by the rule."""
    spoke = [leg.user_ref for leg in legs if leg.talk_s > 0 and leg.user_ref is not None]
    talkers = [manager_of(ref) or ref for ref in spoke]
    if rule == FIRST_TALKED:
        return talkers[:1]
    if rule == LAST_TALKED:
        return talkers[-1:]
    if rule == LONGEST:
        return sorted(talkers, key=lambda each: -rung[each][1])[:1]
    return dict.fromkeys(talkers)


def _place(leg: CallLeg) -> tuple[datetime, int, str]:
    return leg.started_at, len(leg.ref), leg.ref
