"""How a deal lives: created, worked through stages, won or lost, and what happens after."""

import random

from sandbox.bitrix24.deal import Deal, Version, changed
from sandbox.bitrix24.staff import SalesPeople
from sandbox.bitrix24.stage import LOST, PATHS, semantic, won
from sandbox.bitrix24.user import ADMIN_ID, ROBOT_ID
from sandbox.hours import Hours

_STEP_DAYS = 4.0


class DealWriter:
    """Writes the histories of deals that people of `staff` worked on in `hours`."""

    def __init__(
        self, rng: random.Random, staff: SalesPeople, hours: Hours, titles: list[str]
    ) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._titles = titles

    def write(self) -> list[Version]:
        """One deal's versions, the first its creation."""
        story = [self._first()]
        while self._step(story):
            if semantic(story[-1].stage) != "P" and not self._afterlife(story):
                break
        if self._rng.random() < 0.02:
            at = self._hours.later(self._rng, story[-1].at, 10)
            if at <= self._hours.now:
                story.append(story[-1]._replace(at=at, by=ADMIN_ID, deleted=True))
        return story

    def _first(self) -> Version:
        rng = self._rng
        at = float(self._hours.moment(rng))
        owner = self._staff.pick(rng, at)
        category = 0 if rng.random() < 0.7 else 1
        chance = rng.random()
        maker = owner if chance < 0.75 else ADMIN_ID if chance < 0.9 else ROBOT_ID
        title = self._titles[int(rng.random() * len(self._titles))]
        stage = PATHS[category][0]
        return Version(at, at, maker, owner, category, stage, self._amount(), at, maker, title)

    def _amount(self) -> int:
        """Kopecks: mostly round, some to the kopeck, a few zero."""
        rng = self._rng
        chance = rng.random()
        if chance < 0.04:
            return 0
        roubles = min(rng.lognormvariate(11.6, 0.9), 9e6)
        if chance < 0.2:
            return int(roubles * 100)
        return int(roubles / 500) * 50000 or 50000

    def _step(self, story: list[Version]) -> bool:
        """Add the next change; False when it would lie in the future."""
        rng = self._rng
        at = self._hours.later(rng, story[-1].at, _STEP_DAYS)
        self._hand_over(story, at)
        at = max(at, int(story[-1].at) + 60)
        if at > self._hours.now:
            return False
        last = story[-1]
        story.append(changed(last, float(at), last.owner, **self._change(last, at)))
        return True

    def _change(self, last: Version, at: float) -> dict[str, object]:
        rng = self._rng
        chance = rng.random()
        if chance < 0.10:
            return {"amount": self._amount()}
        if chance < 0.16:
            return {"owner": self._staff.pick(rng, at)}
        if chance < 0.18:
            other = 1 - last.category
            return {"category": other, "stage": PATHS[other][1]}
        if chance < 0.31:
            return {"stage": rng.choice(LOST[last.category])}
        path = PATHS[last.category]
        index = path.index(last.stage) + (1 if chance < 0.85 else 2)
        return {"stage": path[index] if index < len(path) else won(last.category)}

    def _afterlife(self, story: list[Version]) -> bool:
        """What happens to a finished deal; True when it was reopened and goes on."""
        rng = self._rng
        at = float(self._hours.later(rng, story[-1].at, 8))
        chance = rng.random()
        last = story[-1]
        if at > self._hours.now or chance > 0.16:
            return False
        if chance < 0.05:
            story.append(changed(last, at, ADMIN_ID, owner=self._staff.pick(rng, at)))
        elif chance < 0.09:
            story.append(changed(last, at, last.owner, stage=PATHS[last.category][2]))
            return True
        elif chance < 0.12 and last.stage == won(last.category):
            story.append(changed(last, at, last.owner, stage=LOST[last.category][0]))
        else:
            story.append(changed(last, at, last.owner, amount=self._amount()))
        return False

    def _hand_over(self, story: list[Version], before: float) -> None:
        """Give the deal of somebody dismissed to somebody else."""
        left = self._staff.left_at(story[-1].owner)
        at = left + self._rng.randrange(3600, 2 * 86400)
        if left < before and story[-1].at < at <= self._hours.now:
            heir = self._staff.pick(self._rng, at)
            story.append(changed(story[-1], at, ADMIN_ID, owner=heir))


def write_deals(writer: DealWriter, rng: random.Random, number: int) -> list[Deal]:
    """That many deals, numbered in the order of their creation, with gaps."""
    stories = [writer.write() for _ in range(number)]
    stories.sort(key=lambda story: story[0].at)
    deals = []
    deal_id = 0
    for story in stories:
        deal_id += 1 if rng.random() < 0.96 else rng.randrange(2, 5)
        deal = Deal(deal_id, story[0], 1 + int(rng.random() * 170))
        deal.versions = story
        deals.append(deal)
    return deals
