"""How far deals came and what they brought to their clients, counted by plain loops.

As somebody knows who read everything once, at one moment, so that who holds a deal then always did.
"""

from collections.abc import Iterator, Sequence, Set
from datetime import date, datetime

from sandbox.bitrix24.deal import Deal, Version
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.stage import CATEGORIES, STAGES
from sandbox.bitrix24.truth_deal import known_deals
from sandbox.moment import day_of, seconds
from sandbox.tally import User, climbed, credited

Step = tuple[User, str, str, str]
"""Whose, the funnel, the earlier stage and the later one, without the funnel's prefix."""


def step_truth(
    portal: Portal, *, since: date, until: date, read: datetime, tz: str
) -> dict[Step, tuple[int, int]]:
    """(reached the later stage or one beyond, reached the earlier) of deals created these days."""
    found: dict[Step, tuple[int, int]] = {}
    for deal, now in _living(portal, read):
        if not since <= day_of(deal.created_at, tz) <= until:
            continue
        stood = {version.stage for version in deal.versions if version.at <= seconds(read)}
        for step, reached in _steps(stood):
            for user in credited(portal.users, now.owner):
                above, below = found.get((user, *step), (0, 0))
                found[user, *step] = above + reached, below + 1
    return found


def entered_truth(
    portal: Portal, stages: Sequence[str], *, since: date, until: date, read: datetime, tz: str
) -> dict[User, int]:
    """Deals that came into one of the stages for the first time on these days."""
    found: dict[User, int] = {}
    for deal, now in _living(portal, read):
        moments = [
            after.at
            for before, after in zip((None, *deal.versions), deal.versions, strict=False)
            if after.stage in stages and (before is None or before.stage != after.stage)
        ]
        if moments and since <= day_of(moments[0], tz) <= until:
            for user in credited(portal.users, now.owner):
                found[user] = found.get(user, 0) + 1
    return found


def _living(portal: Portal, read: datetime) -> Iterator[tuple[Deal, Version]]:
    with portal.lock:
        portal.settle()
        yield from known_deals(portal.deals.every.values(), seconds(read))


def _steps(stood: Set[str]) -> Iterator[tuple[tuple[str, str, str], bool]]:
    for category, _name in CATEGORIES:
        for earlier, later, reached in climbed(_rungs(category), stood):
            yield (str(category), earlier.split(":")[-1], later.split(":")[-1]), reached


def _rungs(category: int) -> list[str]:
    """The stages of a funnel on the way to a win, the win last."""
    own = [stage for stage in STAGES.values() if stage.category == category]
    way = sorted((each for each in own if each.semantic == "P"), key=lambda each: each.sort)
    return [each.id for each in (*way, *(each for each in own if each.semantic == "S"))]
