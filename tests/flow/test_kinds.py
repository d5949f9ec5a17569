"""Numbers that are no sums of days are the sandbox's truth too."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from kpi.value import Query, Value, values
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.bitrix24.truth_open import cycle_truth, lost_truth, open_truth, repeat_truth
from sandbox.server import start_sandbox
from tests.flow.agent import agent, write_settings

ZONE = "Europe/Moscow"


@pytest.fixture(scope="module")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any, datetime]]:
    """A small company read in one pass."""
    folder = tmp_path_factory.mktemp("kinds")
    with (
        start_sandbox("bitrix24", scale="small", seed=11, limits=False) as box,
        agent(write_settings(folder, box)) as app,
    ):
        assert not run_cycle(app, "main").errors
        yield app, box, app.clock()


def ask(app: App, *metrics: str) -> list[Value]:
    until = app.clock().date()
    query = Query(since=until - timedelta(days=200), until=until, metrics=metrics)
    return values(app.store, app.catalog, query, app.vantage)


def user_of(value: Value) -> int | None:
    return None if value.manager_id is None else int(value.aliases["main"])


def days(read: datetime) -> tuple[date, date]:
    return read.date() - timedelta(days=200), read.date()


def test_open_deals_are_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    expected = open_truth(box.portal, read=read, tz=ZONE)
    found = ask(app, "open_deals", "open_pipeline")
    counts = {user_of(each): each.value for each in found if each.metric == "open_deals"}
    money = {
        user_of(each): Fraction(str(each.value)) * 100
        for each in found
        if each.metric == "open_pipeline"
    }
    assert {user: number for user, number in counts.items() if number} == {
        user: number for user, (number, _) in expected.items()
    }
    assert {user: total for user, total in money.items() if total} == {
        user: total for user, (_, total) in expected.items()
    }
    assert {each.state for each in found} == {"value"}


def test_loss_reasons_are_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    since, until = days(read)
    expected = lost_truth(box.portal, since=since, until=until, read=read, tz=ZONE)
    found = ask(app, "loss_reasons")
    assert {(user_of(each), (each.of or {})["reason"]): each.value for each in found} == expected
    assert len({reason for _, reason in expected}) > 1


def test_the_median_cycle_is_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    since, until = days(read)
    expected = cycle_truth(box.portal, since=since, until=until, read=read, tz=ZONE)
    found = {user_of(each): each for each in ask(app, "sales_cycle_median") if each.n}
    assert {user: each.n for user, each in found.items()} == {
        user: number for user, (_, number) in expected.items()
    }
    for user, each in found.items():
        assert abs(float(each.value or 0) - expected[user][0]) <= 0.005 + 1e-9


def test_repeat_sales_are_the_truth(read_once: tuple[App, Any, datetime]) -> None:
    app, box, read = read_once
    since, until = days(read)
    expected = repeat_truth(box.portal, since=since, until=until, read=read, tz=ZONE)
    found = {user_of(each): each for each in ask(app, "repeat_share") if each.n}
    assert {user: (each.numerator, each.n) for user, each in found.items()} == expected
    assert 0 < expected[None][0] < expected[None][1]
