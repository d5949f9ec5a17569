"""How a deal lives in amoCRM: it comes in or is created, moves, is won or lost, and after that."""

import random

from sandbox.amocrm.lead import Version, changed
from sandbox.amocrm.pipeline import CLOSED, LOST, WON, Pipeline
from sandbox.amocrm.staff import Managers
from sandbox.amocrm.user import ADMIN_ID
from sandbox.hours import Hours

_STEP_DAYS = 4.0
_UNSORTED = 0.12


class LeadWriter:
    """Writes the histories of leads that managers of `staff` worked on in `hours`."""

    def __init__(
        self,
        rng: random.Random,
        staff: Managers,
        hours: Hours,
        pipelines: list[Pipeline],
        reasons: list[int],
        titles: list[str],
    ) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._pipelines = pipelines
        self._paths = {one.id: one.path for one in pipelines}
        self._reasons = reasons
        self._titles = titles

    def write(self) -> list[Version]:
        """One lead's versions, the first its creation."""
        rng = self._rng
        story = [self._first()]
        if story[0].status not in self._paths[story[0].pipeline] and not self._sort(story):
            return story
        while self._step(story):
            if story[-1].status in CLOSED and not self._afterlife(story):
                break
        if rng.random() < 0.02:
            at = self._hours.later(rng, story[-1].at, 10)
            if at <= self._hours.now:
                story.append(story[-1]._replace(at=at, by=ADMIN_ID, deleted=True))
        return story

    def _first(self) -> Version:
        rng = self._rng
        at = int(self._hours.moment(rng))
        pipeline = self._pipelines[0 if rng.random() < 0.7 else 1]
        title = self._titles[int(rng.random() * len(self._titles))]
        chance = rng.random()
        if chance < _UNSORTED:
            owner = self._staff.known(rng, at)
            return Version(at, 0, owner, pipeline.id, pipeline.unsorted, 0, "Заявка с сайта")
        owner = self._staff.pick(rng, at)
        maker = owner if chance < 0.85 else ADMIN_ID if chance < 0.95 else 0
        return Version(at, maker, owner, pipeline.id, pipeline.path[0], self._price(), title)

    def _sort(self, story: list[Version]) -> bool:
        """What came in waits, is accepted, maybe by somebody else, or declined."""
        rng = self._rng
        first = story[0]
        at = first.at + 300 + int(rng.expovariate(1 / 14400.0))
        chance = rng.random()
        if at > self._hours.now or chance < 0.06:
            return False
        if chance < 0.2:
            story.append(first._replace(at=at, by=ADMIN_ID, deleted=True))
            return False
        taker = first.owner if chance < 0.7 else self._staff.known(rng, at)
        stage = self._paths[first.pipeline][0]
        story.append(changed(first, at, taker, owner=taker, status=stage))
        return True

    def _price(self) -> int:
        """Roubles: mostly round, a few zero."""
        rng = self._rng
        chance = rng.random()
        if chance < 0.05:
            return 0
        roubles = min(rng.lognormvariate(11.6, 0.9), 9e6)
        return int(roubles) if chance < 0.2 else int(roubles / 500) * 500 or 500

    def _step(self, story: list[Version]) -> bool:
        """Add the next change; False when it would lie in the future."""
        rng = self._rng
        at = self._hours.later(rng, story[-1].at, _STEP_DAYS)
        self._hand_over(story, at)
        at = max(at, story[-1].at + 60)
        if at > self._hours.now:
            return False
        last = story[-1]
        story.append(changed(last, int(at), last.owner, **self._change(last, at)))
        return True

    def _change(self, last: Version, at: float) -> dict[str, object]:
        rng = self._rng
        chance = rng.random()
        path = self._paths[last.pipeline]
        if chance < 0.10:
            return {"price": self._price()}
        if chance < 0.16:
            return {"owner": self._staff.pick(rng, at)}
        if chance < 0.18:
            other = next(one for one in self._pipelines if one.id != last.pipeline)
            return {"pipeline": other.id, "status": other.path[1]}
        if chance < 0.31:
            reason = None if rng.random() < 0.25 else rng.choice(self._reasons)
            return {"status": LOST, "reason": reason}
        index = path.index(last.status) + (1 if chance < 0.85 else 2)
        return {"status": path[index] if index < len(path) else WON}

    def _afterlife(self, story: list[Version]) -> bool:
        """What happens to a closed deal; True when it was reopened and goes on."""
        rng = self._rng
        at = int(self._hours.later(rng, story[-1].at, 8))
        chance = rng.random()
        last = story[-1]
        if at > self._hours.now or chance > 0.16:
            return False
        if chance < 0.05:
            story.append(changed(last, at, ADMIN_ID, owner=self._staff.pick(rng, at)))
        elif chance < 0.09:
            story.append(changed(last, at, last.owner, status=self._paths[last.pipeline][1]))
            return True
        elif chance < 0.12 and last.status == WON:
            story.append(changed(last, at, last.owner, status=LOST, reason=self._reasons[0]))
        else:
            story.append(changed(last, at, last.owner, price=self._price()))
        return False

    def _hand_over(self, story: list[Version], before: float) -> None:
        """Give the deal of somebody dismissed to somebody else."""
        left = self._staff.left_at(story[-1].owner)
        if left == float("inf"):
            return
        at = int(left) + self._rng.randrange(3600, 2 * 86400)
        if left < before and story[-1].at < at <= self._hours.now:
            heir = self._staff.known(self._rng, at)
            story.append(changed(story[-1], at, ADMIN_ID, owner=heir))
