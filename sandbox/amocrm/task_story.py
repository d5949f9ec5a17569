"""Tasks of the simulated company: meetings above all."""

import random

from sandbox.amocrm.lead import Lead
from sandbox.amocrm.staff import Managers
from sandbox.amocrm.task import FOLLOW_UP, MEETING, Task, TaskVersion
from sandbox.amocrm.user import ADMIN_ID
from sandbox.hours import Hours

_TEXTS = {MEETING: "Встреча в офисе клиента", FOLLOW_UP: "Перезвонить и уточнить решение"}


def write_task(
    rng: random.Random, staff: Managers, hours: Hours, leads: list[Lead], task_id: int
) -> Task:
    """One task: planned, handed over at times, moved at times, mostly done in the end."""
    at = int(hours.moment(rng))
    owner = staff.known(rng, at)
    kind = MEETING if rng.random() < 0.6 else FOLLOW_UP
    due = int(hours.later(rng, at, 4))
    story = [TaskVersion(at, owner, owner, kind, due, _TEXTS[kind])]
    if rng.random() < 0.15:
        # Handed over before it is due, so that who looks once knows as much as who looks often.
        moment = at + int((due - at) * 0.5)
        if moment <= hours.now:
            heir = staff.known(rng, moment)
            story.append(story[-1]._replace(at=moment, by=ADMIN_ID, owner=heir))
    if rng.random() < 0.1:
        later = int(hours.later(rng, due, 3))
        moment = story[-1].at + 60
        if moment < due and moment <= hours.now:
            story.append(story[-1]._replace(at=moment, by=owner, due=later))
    done = story[-1].due + rng.randrange(600, 7200)
    if done <= hours.now and rng.random() < 0.75:
        result = "Договорились о следующем шаге" if rng.random() < 0.6 else None
        last = story[-1]
        story.append(last._replace(at=done, by=last.owner, completed=True, result=result))
    elif done <= hours.now and rng.random() < 0.1:
        story.append(story[-1]._replace(at=done, by=ADMIN_ID, deleted=True))
    place = ("leads", rng.choice(leads).id) if leads and rng.random() < 0.9 else None
    task = Task(task_id, story[0], place)
    task.versions = story
    return task
