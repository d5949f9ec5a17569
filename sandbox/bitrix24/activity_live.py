"""Activities while work goes on: letters, meetings planned, moved, held, given away, deleted."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24.activity import (
    CALL_OUT,
    EMAIL,
    MAILING,
    MEETING_KIND,
    RECEIVED,
    SENT,
    TODO_KIND,
    Activity,
)
from sandbox.bitrix24.activity_story import CHORES, MEETINGS
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.moment import utc

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

_NEW = {SENT: 4, RECEIVED: 4, MAILING: 1, CALL_OUT: 1, MEETING_KIND: 2, TODO_KIND: 3}
_CHANGES = {"complete": 5, "reschedule": 2, "rename": 2, "reassign": 2, "reopen": 1, "drop": 1}


def live_activity(portal: "Portal", rng: random.Random, who: int) -> dict[str, Any]:
    """One new activity of `who`, or a change of one that is there; tells what and which."""
    found = portal.activities.sample(rng) if rng.random() < 0.45 else None
    if found is None:
        return {"what": "activity", "id": _add(portal, rng, who)}
    what = rng.choices(list(_CHANGES), list(_CHANGES.values()))[0]
    _change(portal, rng, found, what, who)
    return {"what": f"activity {what}", "id": found.id}


def _add(portal: "Portal", rng: random.Random, who: int) -> int:
    kind = rng.choices(list(_NEW), list(_NEW.values()))[0]
    if kind not in (MEETING_KIND, TODO_KIND):
        return portal.activities.add(kind, who, subject="Re: счёт", completed=True)
    event = rng.choice((0, 0, 77)) if kind == TODO_KIND else 0
    start = utc(portal.now()) + timedelta(minutes=rng.randrange(10, 3000))
    subject = rng.choice((*MEETINGS, *CHORES))
    return portal.activities.add(kind, who, start=start, subject=subject, event=event)


def _change(portal: "Portal", rng: random.Random, activity: Activity, what: str, who: int) -> None:
    if what == "drop":
        portal.activities.delete(activity.id)
    elif what == "reassign":
        portal.activities.change(activity.id, by=ADMIN_ID, responsible=who)
    elif what == "rename":
        portal.activities.change(activity.id, subject=rng.choice((*MEETINGS, *CHORES)))
    elif what == "reschedule" and activity.kind.type != EMAIL:
        start = utc(activity.now.start) + timedelta(minutes=rng.randrange(-600, 3000))
        portal.activities.change(activity.id, start=start)
    else:
        portal.activities.change(activity.id, completed=what != "reopen")
