"""Currency rates and stage history of a portal, read live: the agent's numbers stay the truth."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import By, month_of
from kpi.person import find_manager
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.flow.agent import agent, shown_values, true_values, write_settings

ANNA = 7
MINE = frozenset(
    {"deals_won", "deals_lost", "revenue", "average_deal", "days_to_win", "sales_cycle"}
)
BY: tuple[By, ...] = ("day", "week", "month", "total")


class Kill(BaseException):
    """The process died here."""


class Clock:
    """The time on both sides; it moves only when told."""

    now = datetime(2026, 10, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class Company:
    """A portal, its agent's settings, and the moments at which the agent read it."""

    def __init__(self, folder: Path, box: Any, clock: Clock) -> None:
        self.box, self.portal, self.clock = box, box.portal, clock
        self.settings = write_settings(folder, box)
        self.reads: list[datetime] = []

    @contextmanager
    def opened(self) -> Iterator[App]:
        with agent(self.settings, self.clock) as app:
            yield app

    def read(self, app: App, *names: str) -> None:
        assert not run_cycle(app, "main", names=names).errors
        self.reads.append(self.clock.now)

    def agree(self, app: App) -> None:
        asked = {"since": date(2026, 3, 1), "until": self.clock.now.date()}
        for by in BY:
            expected = true_values(self.box, **asked, by=by, reads=self.reads)
            found = shown_values(app, **asked, by=by)
            assert {key: value for key, value in found.items() if key[1] in MINE and value[1]} == {
                key: value for key, value in expected.items() if key[1] in MINE
            }, by
        assert not rebuild(app.store, app.catalog), "the cells were wrong"

    def revenue(self, app: App) -> Any:
        first, last = date(2026, 10, 1), date(2026, 10, 31)
        query = Query(since=first, until=last, manager_ids=(0,), metrics=("revenue",))
        (value,) = values(app.store, app.catalog, query, app.vantage)
        return value


@contextmanager
def company(folder: Path, scale: str) -> Iterator[Company]:
    clock = Clock()
    with start_sandbox("bitrix24", scale=scale, seed=5, limits=False, clock=clock) as box:
        yield Company(folder, box, clock)


def misdate(company: Company, chance: random.Random) -> int:
    """Lets deals tell another time of their last move than the history, as imported ones do."""
    number = 0
    for deal in company.portal.deals.every.values():
        if not deal.now.deleted and chance.random() < 0.3:
            days = chance.choice((-40, -3, 2))
            moved_at = min(deal.now.moved_at + days * 86_400, company.clock.now.timestamp() - 60)
            deal.versions[-1] = deal.now._replace(moved_at=max(moved_at, deal.created_at))
            number += 1
    return number


def test_wins_are_dated_by_the_history_whatever_the_deals_say(tmp_path: Path) -> None:
    with company(tmp_path, "small") as one, one.opened() as app:
        assert misdate(one, random.Random(1)) > 50
        one.read(app)
        one.agree(app)
        with app.store.read() as tx:
            query = "SELECT count(*) FROM deal WHERE closed_at <> moved_at"
            assert tx.exec_driver_sql(query).scalar_one() > 20


@pytest.mark.parametrize("streams", [("stage_history", "deals"), ("deals", "stage_history")])
def test_history_and_deals_may_be_read_in_either_order(
    tmp_path: Path, streams: tuple[str, str]
) -> None:
    with company(tmp_path, "small") as one, one.opened() as app:
        misdate(one, random.Random(2))
        one.read(app, "users")
        for name in (*streams, "currencies"):
            one.read(app, name)
        one.agree(app)


def test_rates_that_change_while_people_work_leave_every_number_true(tmp_path: Path) -> None:
    chance = random.Random(4)
    with company(tmp_path, "small") as one, one.opened() as app:
        one.read(app)
        for _ in range(6):
            for _ in range(40):
                one.portal.live_step(chance)
                one.clock.pass_by(minutes=11)
            one.portal.set_rate("USD", chance.uniform(80, 120))
            one.clock.pass_by(hours=chance.choice((1, 9, 17)))
            one.read(app)
        one.read(app)
        one.agree(app)
        with app.store.read() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM rate").scalar_one() > 8


def test_a_new_rate_values_only_what_is_won_since_and_is_told(tmp_path: Path) -> None:
    with company(tmp_path, "empty") as one, one.opened() as app:
        old = one.portal.create_deal(ANNA, "10.01", currency="USD")
        one.portal.move_deal(old, "WON")
        one.read(app)
        assert one.revenue(app).value == "925.93"
        one.clock.pass_by(days=1)
        one.portal.set_rate("USD", 100)
        new = one.portal.create_deal(ANNA, 1, currency="USD")
        one.portal.move_deal(new, "WON")
        one.read(app)
        assert one.revenue(app).value == "1025.93"
        one.agree(app)


def test_what_has_no_rate_makes_the_sum_partial_until_there_is_one(tmp_path: Path) -> None:
    with company(tmp_path, "empty") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 7, currency="USD")
        one.portal.move_deal(deal, "WON")
        for name in ("users", "deals"):
            one.read(app, name)
        assert (one.revenue(app).value, one.revenue(app).state) == ("0.00", "partial")
        one.read(app)
        assert (one.revenue(app).value, one.revenue(app).state) == ("647.50", "value")


def test_a_number_of_days_is_explained_by_its_deals(tmp_path: Path) -> None:
    with company(tmp_path, "empty") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 7)
        one.clock.pass_by(hours=36)
        one.portal.move_deal(deal, "WON")
        one.read(app)
        person = find_manager(app.store, f"main:{ANNA}")
        told = explain(
            app.store, app.catalog, manager_id=person, metric="sales_cycle",
            span=month_of(date(2026, 10, 1)), vantage=app.vantage,
        )  # fmt: skip
        assert (told.value.value, told.value.unit, told.value.n, told.agrees) == (
            1.5, "days", 1, True,
        )  # fmt: skip
        (record,) = told.parts[0].records
        assert (record.ref, record.contribution) == (str(deal), 1.5)


def test_a_quiet_cycle_is_still_one_batch_of_few_commands(tmp_path: Path) -> None:
    with company(tmp_path, "small") as one, one.opened() as app:
        for _ in range(2):
            one.read(app)
            one.clock.pass_by(minutes=5)
        requests = len(one.box.log)
        one.read(app)
        (request,) = list(one.box.log)[requests:]
        assert request.method == "batch"
        assert {"crm.currency.list", "crm.stagehistory.list"} <= set(request.commands)
        assert len(request.commands) <= 50


def test_killed_at_any_request_and_read_again_nothing_is_lost(tmp_path: Path) -> None:
    for number in range(1, 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        with company(folder, "small") as one:
            chance = random.Random(number)
            misdate(one, chance)
            with one.opened() as app, _dying(app, number), pytest.raises(Kill):
                run_cycle(app, "main")
            one.reads.append(one.clock.now)
            for _ in range(30):
                one.clock.pass_by(minutes=chance.choice((0.01, 3, 200)))
                one.portal.live_step(chance)
            with one.opened() as app:
                for _ in range(2):
                    one.clock.pass_by(minutes=5)
                    assert not run_cycle(app, "main").errors
                history = {str(move.id) for move in one.portal.moves.rows(_everything())}
                with app.store.read() as tx:
                    kept = set(tx.exec_driver_sql("SELECT ref FROM stage_change").scalars())
                assert kept == history
                assert not rebuild(app.store, app.catalog)


@contextmanager
def _dying(app: App, number: int) -> Iterator[None]:
    client, count = app.client("main"), 0
    batch = client.batch

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            raise Kill
        return batch(*given, **named)

    with mock.patch.object(client, "batch", counted):
        yield


def _everything() -> Any:
    from sandbox.bitrix24.listing import Query as Wanted

    return Wanted()
