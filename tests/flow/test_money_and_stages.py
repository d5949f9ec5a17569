"""Currency rates and stage history of a portal, read live: the agent's numbers stay the truth."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import month_of
from kpi.person import find_manager
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.bitrix24.listing import Query as Everything
from tests.flow.kill import Kill, dying
from tests.flow.office import Office

ANNA = 7


class Company(Office):
    """A company whose wins and money are counted."""

    mine = frozenset(
        {"deals_won", "deals_lost", "revenue", "average_deal", "days_to_win", "sales_cycle"}
    )
    first_day = date(2026, 3, 1)

    def revenue(self, app: App) -> Any:
        first, last = date(2026, 10, 1), date(2026, 10, 31)
        query = Query(since=first, until=last, manager_ids=(0,), metrics=("revenue",))
        (value,) = values(app.store, app.catalog, query, app.vantage)
        return value


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
    with Company.at(tmp_path, "small") as one, one.opened() as app:
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
    with Company.at(tmp_path, "small") as one, one.opened() as app:
        assert misdate(one, random.Random(2)) > 50
        one.read(app, "users")
        for name in (*streams, "currencies"):
            one.read(app, name)
        agreed = one.agree(app)
    assert {metric for _, metric, _ in agreed["total"]} == one.mine


def test_rates_that_change_while_people_work_leave_every_number_true(tmp_path: Path) -> None:
    chance = random.Random(4)
    with Company.at(tmp_path, "small") as one, one.opened() as app:
        one.read(app)
        for _ in range(6):
            for _ in range(40):
                one.portal.live_step(chance)
                one.wait(minutes=11)
            one.portal.set_rate("USD", chance.uniform(80, 120))
            one.wait(hours=chance.choice((1, 9, 17)))
            one.read(app)
        one.read(app)
        one.agree(app)
        with app.store.read() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM rate").scalar_one() > 8


def test_a_new_rate_values_only_what_is_won_since_and_is_told(tmp_path: Path) -> None:
    with Company.at(tmp_path, "empty") as one, one.opened() as app:
        old = one.portal.create_deal(ANNA, "10.01", currency="USD")
        one.portal.move_deal(old, "WON")
        one.read(app)
        assert one.revenue(app).value == "925.93"
        one.wait(days=1)
        one.portal.set_rate("USD", 100)
        new = one.portal.create_deal(ANNA, 1, currency="USD")
        one.portal.move_deal(new, "WON")
        one.read(app)
        assert one.revenue(app).value == "1025.93"
        one.agree(app)


def test_what_has_no_rate_makes_the_sum_partial_until_there_is_one(tmp_path: Path) -> None:
    with Company.at(tmp_path, "empty") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 7, currency="USD")
        one.portal.move_deal(deal, "WON")
        for name in ("users", "deals"):
            one.read(app, name)
        assert (one.revenue(app).value, one.revenue(app).state) == ("0.00", "partial")
        one.read(app)
        assert (one.revenue(app).value, one.revenue(app).state) == ("647.50", "value")


def test_a_number_of_days_is_explained_by_its_deals(tmp_path: Path) -> None:
    with Company.at(tmp_path, "empty") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 7)
        one.wait(hours=36)
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
    with Company.at(tmp_path, "small") as one, one.opened() as app:
        for _ in range(2):
            one.read(app)
            one.wait(minutes=5)
        requests = len(one.box.log)
        one.read(app)
        (request,) = list(one.box.log)[requests:]
        assert request.method == "batch"
        assert {"crm.currency.list", "crm.stagehistory.list"} <= set(request.commands)
        assert len(request.commands) <= 50


@pytest.mark.parametrize("numbers", [(2,), pytest.param((1, 3, 4), marks=pytest.mark.long)])
def test_killed_at_any_request_and_read_again_nothing_is_lost(
    tmp_path: Path, numbers: tuple[int, ...]
) -> None:
    for number in numbers:
        folder = tmp_path / str(number)
        with Company.at(folder, "small") as one:
            chance = random.Random(number)
            misdate(one, chance)
            with (
                one.opened() as app,
                dying(app.client("main"), "batch", number),
                pytest.raises(Kill),
            ):
                run_cycle(app, "main")
            one.reads.append(one.clock.now)
            for _ in range(30):
                one.wait(minutes=chance.choice((0.01, 3, 200)))
                one.portal.live_step(chance)
            with one.opened() as app:
                for _ in range(2):
                    one.wait(minutes=5)
                    assert not run_cycle(app, "main").errors
                history = {str(move.id) for move in one.portal.moves.rows(Everything())}
                with app.store.read() as tx:
                    kept = set(tx.exec_driver_sql("SELECT ref FROM stage_change").scalars())
                assert kept == history
                assert not rebuild(app.store, app.catalog)
