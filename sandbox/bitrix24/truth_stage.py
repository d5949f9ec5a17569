"""How far deals came and what they brought to their clients, counted by plain loops.

As somebody knows who read everything once, at one moment, so that who holds a deal then always did.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.stage import CATEGORIES, STAGES
from sandbox.moment import seconds

User = int | None
Step = tuple[User, str, str, str]
"""Whose, the funnel, the earlier stage and the later one, without the funnel's prefix."""


def step_truth(
    portal: Portal, *, since: date, until: date, read: datetime, tz: str
) -> dict[Step, tuple[int, int]]:
    """(reached the later stage or one beyond, reached the earlier) of deals created these days."""
    found: dict[Step, tuple[int, int]] = {}
    for deal in _born(portal, since, until, read, tz):
        for category, _name in CATEGORIES:
            rungs = _rungs(category)
            stood = {version.stage for version in deal.versions if version.at <= seconds(read)}
            passed = [place for place, stage in enumerate(rungs) if stage in stood]
            for place in range(len(rungs) - 1):
                if not passed or max(passed) < place:
                    continue
                earlier, later = (rungs[each].split(":")[-1] for each in (place, place + 1))
                for user in _credited(portal, deal, read):
                    key = (user, str(category), earlier, later)
                    reached, of = found.get(key, (0, 0))
                    found[key] = reached + (max(passed) > place), of + 1
    return found


def entered_truth(
    portal: Portal, stages: Sequence[str], *, since: date, until: date, read: datetime, tz: str
) -> dict[User, int]:
    """Deals that came into one of the stages for the first time on these days."""
    found: dict[User, int] = {}
    for deal in _living(portal, read):
        moments = [
            after.at
            for before, after in zip((None, *deal.versions), deal.versions, strict=False)
            if after.stage in stages and (before is None or before.stage != after.stage)
        ]
        if moments and since <= _day(moments[0], tz) <= until:
            for user in _credited(portal, deal, read):
                found[user] = found.get(user, 0) + 1
    return found


def _born(portal: Portal, since: date, until: date, read: datetime, tz: str) -> Iterator[Deal]:
    for deal in _living(portal, read):
        if since <= _day(deal.created_at, tz) <= until:
            yield deal


def _living(portal: Portal, read: datetime) -> Iterator[Deal]:
    with portal.lock:
        portal.settle()
        for deal in portal.deals.every.values():
            now = deal.at(seconds(read))
            if now is not None and not now.deleted:
                yield deal


def _rungs(category: int) -> list[str]:
    """The stages of a funnel on the way to a win, the win last."""
    own = [stage for stage in STAGES.values() if stage.category == category]
    way = sorted((each for each in own if each.semantic == "P"), key=lambda each: each.sort)
    return [each.id for each in (*way, *(each for each in own if each.semantic == "S"))]


def _credited(portal: Portal, deal: Deal, read: datetime) -> tuple[User, ...]:
    now = deal.at(seconds(read))
    owner = now.owner if now else None
    return (owner, None) if owner in portal.users else (None,)


def _day(at: float, tz: str) -> date:
    return datetime.fromtimestamp(at, ZoneInfo(tz)).date()
