"""Which letters and meetings there really were, when, and whose they were."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.bitrix24.activity import (
    EMAIL,
    MEETING,
    OUTGOING,
    PERSONAL_MAIL,
    TO_DO,
    Activity,
    Version,
)
from sandbox.bitrix24.truth_owner import last_version, version_at

TITLE = re.compile("встреч|meeting|zoom", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActivityFact:
    """Something that counts once for `metric`, at `at`, for a user and for the team."""

    metric: str
    user: int
    at: float


def activity_facts(activities: Iterable[Activity], reads: list[float]) -> Iterator[ActivityFact]:
    """What happened, credited to whom it belonged at that moment.

    With `reads`, ascending moments, as far as somebody who read then can know.
    """
    for activity in activities:
        last = last_version(activity, reads)
        if last is None:
            continue
        if activity.kind.type == EMAIL:
            yield from _letter(activity, last, reads)
        elif is_meeting(activity, last):
            holder = version_at(activity, last.start, reads).responsible
            yield ActivityFact("meetings_planned", holder, last.start)
            if last.completed:
                yield ActivityFact("meetings_held", holder, last.start)


def _letter(activity: Activity, last: Version, reads: list[float]) -> Iterator[ActivityFact]:
    if activity.kind.provider != PERSONAL_MAIL:
        return
    if activity.kind.direction == OUTGOING:
        if last.completed:
            yield ActivityFact("emails_sent", activity.author, last.start)
        return
    holder = version_at(activity, last.start, reads).responsible
    yield ActivityFact("emails_received", holder, last.start)


def is_meeting(activity: Activity, last: Version) -> bool:
    """Whether it is a meeting, or a to-do that is one by its event or its title."""
    if activity.kind.type == MEETING:
        return True
    bound = last.event > 0 or TITLE.search(last.subject) is not None
    return activity.kind.provider == TO_DO and bound
