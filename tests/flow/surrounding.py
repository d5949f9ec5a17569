"""What may happen to clients, tasks and product rows of a portal, and the numbers of them."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

from kpi.value import Query, values
from merilo.wiring import App
from sandbox.bitrix24.merge import merge
from sandbox.bitrix24.product import Good
from tests.flow import kill
from tests.flow.agent import SURROUNDING
from tests.flow.office import Office

ANNA, IVAN = 7, 8


class Desk(Office):
    """An office whose clients, tasks and product rows are counted."""

    mine = SURROUNDING

    def read(self, app: App, *names: str) -> None:
        """What happens from now on, this reading cannot have seen."""
        super().read(app, *names)
        self.wait(seconds=1)

    def merge(self, kind: int, ids: list[int]) -> None:
        """A person merges records of this type."""
        merge(self.portal, kind, ids)


def work(desk: Desk, chance: random.Random) -> None:
    """One plausible thing happens to a client, a task or what a deal sells."""
    portal = desk.portal
    people = [user.id for user in portal.users.values() if user.id != 1]
    who, deal = chance.choice(people), portal.deals.sample(chance)
    clients = chance.choice((portal.contacts, portal.companies))
    client, task = clients.sample(chance), portal.tasks.sample(chance)
    due = desk.clock.now + timedelta(hours=chance.randrange(-3, 9))
    deeds: list[Callable[[], Any]] = [
        lambda: clients.create(who, "Новый"),
        lambda: clients.change(client.id, owner=who),
        lambda: clients.delete(client.id),
        lambda: portal.tasks.create(who, deadline=due, links=("D_1",)),
        lambda: portal.tasks.finish(task.id),
        lambda: portal.tasks.reopen(task.id),
        lambda: portal.tasks.change(task.id, owner=who),
        lambda: portal.tasks.change(task.id, deadline=due.timestamp()),
        lambda: portal.tasks.delete(task.id),
        lambda: portal.move_deal(deal.id, chance.choice(("WON", "LOSE", "NEW"))),
        lambda: portal.assign_deal(deal.id, who),
        lambda: portal.delete_deal(deal.id),
        lambda: portal.sell(deal.id, *goods(chance)),
        lambda: portal.sell(deal.id, *goods(chance)),
    ]
    chance.choice(deeds)()


def goods(chance: random.Random) -> list[Good]:
    return [
        Good(9000 + number, f"Товар {number}", chance.randrange(1, 10**6), 1500, 333)
        for number in chance.sample(range(9), chance.randrange(4))
    ]


def dying(app: App, at: int) -> AbstractContextManager[None]:
    """The process dies when it sends its request of this number."""
    return kill.dying(type(app.client("main")), "_send", at)


def stored(app: App) -> dict[str, list[Any]]:
    """What stands in the store, without our own marks of reading it."""
    found = {}
    with app.store.read() as tx:
        for table in ("client", "task", "product_line", "deal"):
            rows = tx.exec_driver_sql(f"SELECT * FROM {table} ORDER BY ref")  # noqa: S608
            found[table] = [tuple(row)[:-1] for row in rows]
    return found


def column(app: App, table: str, name: str, ref: str) -> Any:
    with app.store.read() as tx:
        query = f"SELECT {name} FROM {table} WHERE ref = '{ref}'"  # noqa: S608
        return tx.exec_driver_sql(query).scalar()


def number(app: App, metric: str) -> Any:
    """The team's number of the last 200 days."""
    return valued(app, metric).value


def valued(app: App, metric: str, since: date | None = None) -> Any:
    today = app.clock().date()
    query = Query(since=since or today - timedelta(days=200), until=today, metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next(each for each in found if each.manager_id is None)


def open_deals(app: App) -> Any:
    return this_month(app, "open_deals")


def this_month(app: App, metric: str) -> Any:
    return valued(app, metric, app.clock().date().replace(day=1))
