"""A portal with clients, tasks and product rows, what may happen to them, and the true numbers."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from kpi.engine import rebuild
from kpi.period import By
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.bitrix24.merge import merge
from sandbox.bitrix24.product import Good
from sandbox.bitrix24.truth import truth
from sandbox.server import start_sandbox
from tests.flow.agent import Numbers, agent, write_settings

ANNA, IVAN = 7, 8
MINE = (
    "contacts_created",
    "companies_created",
    "tasks_created",
    "tasks_done",
    "tasks_overdue",
    "products_sold",
    "discounts",
)
BY: tuple[By, ...] = ("day", "week", "month", "total")


class Kill(BaseException):
    """The process died here."""


class Clock:
    """The time on both sides."""

    now = datetime(2026, 10, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Office:
    """A portal and its agent's settings, with one clock that moves only when told."""

    def __init__(self, folder: Path, box: Any, clock: Clock, since: str) -> None:
        self.box, self.clock, self.portal = box, clock, box.portal
        self.settings = write_settings(folder, box, since=since)
        self.reads: list[datetime] = []

    @contextmanager
    def opened(self) -> Iterator[App]:
        with agent(self.settings, self.clock) as app:
            yield app

    def read(self, app: App) -> None:
        assert not run_cycle(app, "main").errors
        self.reads.append(self.clock.now)
        self.wait(seconds=1)  # what happens from now on, this reading cannot have seen

    def merge(self, kind: int, ids: list[int]) -> None:
        merge(self.portal, kind, ids)

    def wait(self, **span: float) -> None:
        self.clock.now += timedelta(**span)

    def agree(self, app: App) -> None:
        """The numbers are the truth, and the cells are the store's."""
        today = self.clock.now.date()
        span: Any = {"since": today - timedelta(days=200), "until": today}
        for by in BY:
            rows = truth(
                self.portal, **span, by=by, tz="Europe/Moscow", view="observed", reads=self.reads
            )
            expected = {
                (row.user, row.metric, row.period_start): (row.value, row.n)
                for row in rows
                if row.metric in MINE and row.n
            }
            assert shown(app, by=by, **span) == expected, by
            assert {metric for _, metric, _ in expected} == {*MINE}
        assert not rebuild(app.store, app.catalog), "the cells were wrong"


def shown(app: App, *, by: By, **span: Any) -> Numbers:
    found: Numbers = {}
    for each in values(app.store, app.catalog, Query(by=by, metrics=MINE, **span), app.vantage):
        if each.n:
            user = None if each.manager_id is None else int(each.aliases["main"])
            found[user, each.metric, each.period] = (each.value, each.n)
    return found


@contextmanager
def office(folder: Path, scale: str = "tiny", since: str = "2020-01-01") -> Iterator[Office]:
    folder.mkdir(exist_ok=True)
    clock = Clock()
    with start_sandbox("bitrix24", scale=scale, seed=5, limits=False, clock=clock) as box:
        yield Office(folder, box, clock, since)


def work(office: Office, chance: random.Random) -> None:
    """One plausible thing happens to a client, a task or what a deal sells."""
    portal = office.portal
    people = [user.id for user in portal.users.values() if user.id != 1]
    who, deal = chance.choice(people), portal.deals.sample(chance)
    clients = chance.choice((portal.contacts, portal.companies))
    client, task = clients.sample(chance), portal.tasks.sample(chance)
    due = office.clock.now + timedelta(hours=chance.randrange(-3, 9))
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


@contextmanager
def dying(app: App, number: int) -> Iterator[None]:
    """The process dies when it sends its request of this number."""
    client = app.client("main")
    send, sent = type(client)._send, iter(range(1, 1_000_000))

    def counted(self: Any, *given: Any, **named: Any) -> Any:
        if next(sent) == number:
            raise Kill
        return send(self, *given, **named)

    with mock.patch.object(type(client), "_send", counted):
        yield


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


def valued(app: App, metric: str) -> Any:
    today = app.clock().date()
    query = Query(since=today - timedelta(days=200), until=today, metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next(each for each in found if each.manager_id is None)


def open_deals(app: App) -> Any:
    return this_month(app, "open_deals")


def this_month(app: App, metric: str) -> Any:
    today = app.clock().date()
    query = Query(since=today.replace(day=1), until=today, metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next(each for each in found if each.manager_id is None)
