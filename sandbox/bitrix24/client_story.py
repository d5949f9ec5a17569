"""Who the company deals with, what it has to do for them, and what it sold them."""

import random
from collections.abc import Sequence

from sandbox.bitrix24.book import Entry
from sandbox.bitrix24.client import ClientVersion
from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.product import GOODS, Good
from sandbox.bitrix24.staff import SalesPeople
from sandbox.bitrix24.task import DONE, IN_PROGRESS, TaskVersion
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.hours import DAY_S, Hours
from sandbox.person import people


class ClientWriter:
    """Writes what there is around the deals of a company."""

    def __init__(self, rng: random.Random, staff: SalesPeople, hours: Hours) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours

    def companies(self, deals: Sequence[Deal]) -> list[Entry]:
        """The companies that the deals name, each known before its first deal."""
        first: dict[int, float] = {}
        for deal in deals:
            first[deal.company] = min(first.get(deal.company, deal.created_at), deal.created_at)
        return [self._company(number, first[number]) for number in sorted(first)]

    def contacts(self, companies: Sequence[Entry]) -> list[Entry]:
        """People of the companies, and some of none."""
        rng, found = self._rng, []
        names = people(rng, 200)
        for number in range(1, len(companies) * 3 // 2 + 1):
            company = rng.choice(companies)
            name, last_name, _ = names[number % len(names)]
            link = company.id if rng.random() < 0.8 else 0
            at = max(company.created_at, float(self._hours.moment(rng)) if link else 0)
            found.append((at, name, last_name, link))
        found.sort()
        return [self._contact(number + 1, *each) for number, each in enumerate(found)]

    def tasks(self, deals: Sequence[Deal], number: int) -> list[Entry]:
        """That many tasks: done in time, late or never."""
        stories = sorted((self._task(deals) for _ in range(number)), key=lambda story: story[0].at)
        return [Entry(index + 1, story) for index, story in enumerate(stories)]

    def goods(self) -> list[Good]:
        """What a deal sells: up to five rows, some without a product of the catalogue."""
        rng = self._rng
        chosen = rng.sample(range(len(GOODS)), rng.choice((1, 1, 2, 3, 5)))
        return [self._good(index) for index in chosen]

    def _good(self, index: int) -> Good:
        rng = self._rng
        full = rng.randrange(100, 90_000) * 100 + rng.choice((0, 0, 50))
        discount = full * rng.choice((0, 0, 0, 5, 10)) // 100
        product = 0 if index == len(GOODS) - 1 else 9000 + index
        quantity = rng.choice((1000, 1000, 2000, 10_000, 1500))
        return Good(product, GOODS[index], full - discount, quantity, discount)

    def _company(self, number: int, first_deal: float) -> Entry:
        rng = self._rng
        at = max(float(self._hours.start), float(int(first_deal - rng.random() * 20 * DAY_S)))
        owner = self._staff.pick(rng, at)
        name = f"ООО «Клиент {number}»"
        story = [ClientVersion(at, at, owner, owner, name)]
        return Entry(number, self._aged(story))

    def _contact(self, number: int, at: float, name: str, last_name: str, link: int) -> Entry:
        at = max(at, float(self._hours.start))
        owner = self._staff.pick(self._rng, at)
        maker = owner if self._rng.random() < 0.8 else ADMIN_ID
        story = [ClientVersion(at, at, maker, owner, name, last_name, link)]
        if self._rng.random() < 0.04:
            gone = min(float(self._hours.now), at + DAY_S)
            story.append(story[-1]._replace(at=gone, by=ADMIN_ID, deleted=True))
            return Entry(number, story)
        return Entry(number, self._aged(story))

    def _aged(self, story: list[ClientVersion]) -> list[ClientVersion]:
        at = float(self._hours.later(self._rng, story[-1].at, 20))
        if self._rng.random() < 0.15 and at <= self._hours.now:
            heir = self._staff.pick(self._rng, at)
            story.append(story[-1]._replace(at=at, updated_at=at, by=ADMIN_ID, owner=heir))
        return story

    def _task(self, deals: Sequence[Deal]) -> list[TaskVersion]:
        rng, hours = self._rng, self._hours
        at = float(hours.moment(rng))
        owner = self._staff.pick(rng, at)
        due = None if rng.random() < 0.2 else float(hours.later(rng, at, 3))
        deal = rng.choice(deals).id
        links = (f"D_{deal}",) if rng.random() < 0.7 else ()
        story = [TaskVersion(at, at, owner, owner, "Связаться", due, links=links)]
        ends = float(hours.later(rng, at, 3))
        if rng.random() < 0.8 and ends <= hours.now:
            done = story[-1]._replace(at=ends, updated_at=ends, status=DONE, closed_at=ends)
            story.append(done)
            again = float(hours.later(rng, ends, 2))
            if rng.random() < 0.06 and again <= hours.now:
                back = story[-1]._replace(at=again, updated_at=again, status=IN_PROGRESS)
                story.append(back._replace(closed_at=None))
        if rng.random() < 0.03:
            gone = min(float(hours.now), story[-1].at + DAY_S)
            story.append(story[-1]._replace(at=gone, by=ADMIN_ID, deleted=True))
        return story
