"""How leads and quotes live: before a deal, beside it, or without ever becoming one."""

import random
from collections.abc import Sequence

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.record import Record, RecordVersion
from sandbox.bitrix24.staff import SalesPeople
from sandbox.bitrix24.stage import semantic
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.hours import DAY_S, Hours

Story = list[RecordVersion]


class RecordWriter:
    """Writes the leads and quotes around the deals of a company."""

    def __init__(self, rng: random.Random, staff: SalesPeople, hours: Hours) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours

    def leads(self, deals: Sequence[Deal], number: int) -> list[Record]:
        """That many leads: nearly half of them became deals, some became two."""
        rng = self._rng
        origins: list[tuple[Story, list[Deal]]] = []
        for deal in rng.sample(deals, min(len(deals), number * 9 // 20)):
            if origins and rng.random() < 0.06 and origins[-1][0][-1].at < deal.created_at:
                origins[-1][1].append(deal)
            else:
                origins.append((self._converted(deal), [deal]))
        while len(origins) < number:
            origins.append((self._unconverted(), []))
        origins.sort(key=lambda each: each[0][0].at)
        return [
            self._record(index + 1, story, made, "leadId")
            for index, (story, made) in enumerate(origins)
        ]

    def quotes(self, deals: Sequence[Deal], number: int) -> list[Record]:
        """At most that many quotes; a few of them name no deal, or are named by it."""
        stories = [self._quote(deal) for deal in self._rng.sample(deals, min(len(deals), number))]
        known = sorted((each for each in stories if each[0]), key=lambda each: each[0][0].at)
        return [
            self._record(index + 1, story, made, "quoteId")
            for index, (story, made) in enumerate(known)
        ]

    def _record(self, number: int, story: Story, made: list[Deal], link: str) -> Record:
        for deal in made:
            deal.extra = (deal.extra or {}) | {link: number}
        record = Record(number, story[0])
        record.versions = story
        return record

    def _converted(self, deal: Deal) -> Story:
        ends = deal.created_at
        began = max(self._hours.start, ends - self._rng.expovariate(1 / (3 * DAY_S)) - 900)
        story = [self._first(float(int(min(began, ends))), "NEW", "Заявка с сайта")]
        middle = float(int((story[0].at + ends) / 2))
        if self._rng.random() < 0.7:
            self._move(story, middle, "IN_PROCESS")
        if self._rng.random() < 0.2:
            self._hand_over(story, middle, deal.versions[0].owner)
        self._move(story, ends, "CONVERTED")
        return self._maybe_deleted(story)

    def _unconverted(self) -> Story:
        rng = self._rng
        story = [self._first(float(self._hours.moment(rng)), "NEW", "Входящее обращение")]
        end = rng.choice(("JUNK", "JUNK", "UC_DOUBLE", "PROCESSED", "CONVERTED"))
        for stage in ("IN_PROCESS", end):
            at = float(self._hours.later(rng, story[-1].at, 2))
            if at > self._hours.now or rng.random() < 0.1:
                break
            self._move(story, at, stage)
            if rng.random() < 0.08:
                self._hand_over(story, at, self._staff.pick(rng, at))
        return self._maybe_deleted(story)

    def _quote(self, deal: Deal) -> tuple[Story, list[Deal]]:
        rng = self._rng
        at = float(self._hours.later(rng, deal.created_at, 3))
        version = deal.at(at)
        if at > self._hours.now or version is None or version.deleted:
            return [], []
        chance = rng.random()
        story = [self._first(at, "DRAFT", "Коммерческое предложение", version.owner)]
        story[0] = story[0]._replace(amount=version.amount, deal=deal.id if chance < 0.85 else None)
        self._send(story, deal)
        return self._maybe_deleted(story), [deal] if 0.85 <= chance < 0.95 else []

    def _send(self, story: Story, deal: Deal) -> None:
        ends = {"S": "APPROVED", "F": "DECLAINED"}
        for stage in ("SENT", ends.get(semantic(deal.now.stage))):
            at = float(self._hours.later(self._rng, story[-1].at, 4))
            if stage is None or at > self._hours.now:
                return
            self._move(story, at, stage)

    def _first(self, at: float, stage: str, title: str, owner: int | None = None) -> RecordVersion:
        owner = self._staff.pick(self._rng, at) if owner is None else owner
        maker = owner if self._rng.random() < 0.6 else ADMIN_ID
        return RecordVersion(at, at, maker, owner, stage, at, maker, title)

    def _move(self, story: Story, at: float, stage: str) -> None:
        owner = story[-1].owner
        moved = story[-1]._replace(stage=stage, moved_at=at, moved_by=owner)
        story.append(moved._replace(at=at, updated_at=at, by=owner))

    def _hand_over(self, story: Story, at: float, owner: int) -> None:
        story.append(story[-1]._replace(at=at, updated_at=at, by=ADMIN_ID, owner=owner))

    def _maybe_deleted(self, story: Story) -> Story:
        if self._rng.random() < 0.02:
            at = min(float(self._hours.now), story[-1].at + DAY_S)
            story.append(story[-1]._replace(at=at, by=ADMIN_ID, deleted=True))
        return story
