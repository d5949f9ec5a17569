"""How activities come about: letters, meetings planned and moved, things to do, calls, tasks."""

import random
from collections.abc import Sequence
from itertools import accumulate

from sandbox.bitrix24.activity import (
    CALL_IN,
    CALL_OUT,
    CHAT,
    EMAIL,
    MAILING,
    MEETING_KIND,
    RECEIVED,
    ROBOT_MAIL,
    SENT,
    TASK_KIND,
    TO_DO,
    TODO_KIND,
    Activity,
    Kind,
    Version,
)
from sandbox.bitrix24.staff import SalesPeople
from sandbox.bitrix24.user import ADMIN_ID, ROBOT_ID
from sandbox.hours import DAY_S, Hours

_WEIGHTS = (
    (SENT, 260), (RECEIVED, 240), (MAILING, 50), (ROBOT_MAIL, 30), (MEETING_KIND, 90),
    (TODO_KIND, 170), (CALL_OUT, 60), (CALL_IN, 40), (TASK_KIND, 40), (CHAT, 20),
)  # fmt: skip
MEETINGS = ("Встреча в офисе", "Zoom: показ системы", "встреча на складе", "Meeting with client")
CHORES = ("Отправить договор", "Уточнить сроки", "Напомнить об оплате", "Подготовить смету")
_DAYS_AHEAD = 4.0

Story = tuple[Kind, list[Version]]


class ActivityWriter:
    """Writes the activities of people of `staff` on `deals` in `hours`."""

    def __init__(self, rng: random.Random, staff: SalesPeople, hours: Hours, deals: int) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._deals = max(1, deals)
        self._kinds = [kind for kind, _ in _WEIGHTS]
        self._weights = list(accumulate(weight for _, weight in _WEIGHTS))

    def write(self, number: int, more: Sequence[Story] = ()) -> list[Activity]:
        """That many and `more`, numbered in the order of their creation, with gaps."""
        stories = [self._story() for _ in range(number)] + list(more)
        stories.sort(key=lambda story: story[1][0].at)
        written, activity_id = [], 0
        for kind, versions in stories:
            activity_id += 1 if self._rng.random() < 0.95 else 3
            deal = 1 + int(self._rng.random() * self._deals)
            activity = Activity(activity_id, kind, versions[0], deal)
            activity.versions = versions
            written.append(activity)
        return written

    def _story(self) -> Story:
        rng = self._rng
        kind = rng.choices(self._kinds, cum_weights=self._weights)[0]
        at = float(self._hours.moment(rng))
        if kind in (MEETING_KIND, TODO_KIND):
            story = self._plan(kind, at)
        else:
            story = [self._done(kind, at)]
        if rng.random() < 0.03:
            self._hand_over(story)
        if rng.random() < 0.02:
            gone = self._hours.later(rng, story[-1].at, 5)
            if gone <= self._hours.now:
                story.append(story[-1]._replace(at=float(gone), by=ADMIN_ID, deleted=True))
        return kind, story

    def _done(self, kind: Kind, at: float) -> Version:
        """A letter, call or chat: it is over when it appears. Some letters appear late."""
        who = self._staff.pick(self._rng, at)
        author = ROBOT_ID if kind == ROBOT_MAIL else who
        sent = at - self._rng.choice((0, 0, 0, 40, 900)) if kind == RECEIVED else at
        completed = kind.type != EMAIL or kind != RECEIVED or self._rng.random() < 0.7
        return Version(at, at, author, who, "Re: счёт", sent, completed)

    def _plan(self, kind: Kind, at: float) -> list[Version]:
        """Something ahead: moved, renamed, given away and done, or forgotten."""
        rng = self._rng
        who = self._staff.pick(rng, at)
        maker = who if rng.random() < 0.9 else ROBOT_ID
        begins = float(self._hours.later(rng, at, _DAYS_AHEAD))
        subject = rng.choice(MEETINGS if kind == MEETING_KIND or rng.random() < 0.5 else CHORES)
        event = rng.randrange(1, 9999) if kind.provider == TO_DO and rng.random() < 0.3 else 0
        story = [Version(at, at, maker, who, subject, begins, False, event)]
        if rng.random() < 0.2:
            self._then(story, at + rng.uniform(600, DAY_S), start=begins + 2 * DAY_S)
        if rng.random() < 0.08:
            self._hand_over(story)
        if kind.provider == TO_DO and rng.random() < 0.05:
            self._then(story, story[-1].at + 600, subject=rng.choice((*MEETINGS, *CHORES)))
        if rng.random() < 0.75:
            self._then(story, story[-1].start + rng.uniform(-3600, 2 * DAY_S), completed=True)
        return story

    def _hand_over(self, story: list[Version]) -> None:
        at = float(self._hours.later(self._rng, story[-1].at, 3))
        self._then(story, at, responsible=self._staff.pick(self._rng, at), by=ADMIN_ID)

    def _then(self, story: list[Version], at: float, **values: object) -> None:
        last = story[-1]
        moment = float(int(max(at, last.at + 60)))
        if moment <= self._hours.now:
            wanted: dict[str, object] = {"by": last.responsible, **values}
            story.append(last._replace(at=moment, updated_at=moment, **wanted))  # type: ignore[arg-type]
