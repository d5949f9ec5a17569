"""Purchases of customers, from an account over sockets to the numbers of who held the customer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from kpi.value import Query, Value, values
from merilo.cycle import run_sweep
from merilo.wiring import App
from tests.flow.test_amocrm_change import Office, agree, office

PURCHASES = ("purchases", "purchases_revenue")


def told(app: App) -> dict[str, Value]:
    """The team's purchases of today."""
    today = app.clock().date()
    query = Query(since=today, until=today, by="day", manager_ids=(0,), metrics=PURCHASES)
    return {each.metric: each for each in values(app.store, app.catalog, query, app.vantage)}


def people(one: Office) -> list[int]:
    return [each.id for each in one.account.users.values() if not each.admin]


def bought(one: Office, app: App) -> dict[int | None, tuple[Any, Any]]:
    """(number, sum) of today's purchases by manager and of the team, which are the truth."""
    numbers, today = agree(app, one), one.clock.now.date()
    return {
        user: (value, numbers[user, "purchases_revenue", day][0])
        for (user, metric, day), (value, _) in numbers.items()
        if metric == "purchases" and day == today
    }


def test_a_purchase_is_of_who_held_the_customer_when_it_was_made(tmp_path: Path) -> None:
    with office(tmp_path / "held") as one, one.opened() as app:
        account, (anna, boris, *_) = one.account, people(one)
        customer = account.add_customer(anna, "Завод")
        one.clock.forward(minutes=1)
        account.add_purchase(customer, 100)
        one.clock.forward(minutes=1)
        account.assign_customer(customer, boris)
        account.add_purchase(customer, 20)
        one.read(app)
        assert bought(one, app) == {anna: (1, "100.00"), boris: (1, "20.00"), None: (2, "120.00")}
        account.add_purchase(customer, 3)
        late = one.clock.now - timedelta(minutes=6)
        account.add_purchase(customer, 4, completed=late)
        one.clock.forward(minutes=1)
        account.assign_customer(customer, anna)
        one.read(app)
        assert bought(one, app) == {anna: (2, "104.00"), boris: (2, "23.00"), None: (4, "127.00")}
        assert not any(stream.changed for stream in one.read(app).streams)


def test_a_purchase_that_was_taken_back_is_found_by_the_sweep(tmp_path: Path) -> None:
    with office(tmp_path / "back", paid=False) as one, one.opened() as app:
        (anna, *_) = people(one)
        customer = one.account.add_customer(anna, "Завод")
        first = one.account.add_purchase(customer, 100)
        one.account.add_purchase(customer, 20)
        one.read(app)
        one.account.take_back(first)
        assert {each.stream: each.removed for each in run_sweep(app, "amo")}["purchases"] == 1
        assert bought(one, app) == {anna: (1, "20.00"), None: (1, "20.00")}


def test_without_customers_nobody_knows_of_purchases(tmp_path: Path) -> None:
    with office(tmp_path / "off") as one, one.opened() as app:
        one.account.customers_mode = "disabled"
        one.read(app)
        assert {each.state for each in told(app).values()} == {"unknown"}
        one.account.customers_mode = "periodicity"
        one.read(app)
        assert {each.state for each in told(app).values()} == {"value"}
        one.account.customers_mode = "disabled"
        one.read(app)
        assert [each.value for each in told(app).values()] == [None, None]


def test_a_purchase_of_no_moment_is_set_aside_and_counts_once_it_has_one(tmp_path: Path) -> None:
    with office(tmp_path / "aside") as one, one.opened() as app:
        (anna, *_) = people(one)
        customer = one.account.add_customer(anna, "Завод")
        broken = one.account.transactions.rows[one.account.add_purchase(customer, 100)]
        one.account.add_purchase(customer, 20)
        at, broken.at = broken.at, 1 << 40
        result = {each.stream: each for each in one.read(app).streams}
        assert result["purchases"].quarantined == 1
        assert told(app)["purchases_revenue"].value == "20.00"
        broken.at = at
        assert not {each.stream: each for each in one.read(app, full=True).streams}[
            "purchases"
        ].quarantined
        assert bought(one, app) == {anna: (2, "120.00"), None: (2, "120.00")}
