"""A metric that the settings name later is counted of the past, and the CRM is not asked for it."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kpi.engine import rebuild, refresh
from kpi.explain import explain
from kpi.period import parse_period
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.server import start_sandbox
from store.table import TEAM
from tests.clock import Clock
from tests.flow.agent import Numbers, agent, shown_values, write_settings

ZONE = ZoneInfo("Europe/Moscow")
FIRST, LAST = date(2026, 1, 1), date(2026, 10, 31)
NAMES = ("big_deals", "big_sums")
FLOOR = 80_000_00
BIG_DEALS = f"""
[big_deals]
title.ru = "Крупные сделки"
category = "activity"
fact = "deal"
when = "created_at"
where = {{ base_amount__gte = {FLOOR}, currency = "RUB" }}
"""
BIG_SUMS = f"""
[big_sums]
title.ru = "Сумма крупных сделок"
category = "activity"
fact = "deal"
when = "created_at"
value = "sum:base_amount"
where = {{ base_amount__gte = {FLOOR}, currency = "RUB" }}
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Any, Clock]]:
    """An agent whose settings got a file of metrics after it had read a portal without it."""
    folder, clock = tmp_path_factory.mktemp("later"), Clock()
    with start_sandbox("bitrix24", scale="tiny", seed=3, limits=False, clock=clock) as box:
        with agent(write_settings(folder, box), clock) as app:
            assert not run_cycle(app, "main").errors
            assert not {*NAMES} & app.catalog.metrics.keys()
        clock.forward(minutes=1)
        (folder / "own.toml").write_text(BIG_DEALS + BIG_SUMS, encoding="utf-8")
        path = write_settings(folder, box, extra='[metrics]\nfiles = ["own.toml"]')
        with agent(path, clock) as app:
            yield app, box, clock


def true_numbers(box: Any) -> Numbers:
    """By the sandbox's own deals: how many of such an amount were created each month, and their
    sums in roubles."""
    counts: Counter[tuple[int | None, date]] = Counter()
    sums: Counter[tuple[int | None, date]] = Counter()
    for deal in box.portal.deals.every.values():
        is_big = deal.currency == "RUB" and deal.now.amount >= FLOOR
        if is_big and not deal.now.deleted:
            month = datetime.fromtimestamp(deal.created_at, ZONE).date().replace(day=1)
            for user in (None, deal.now.owner):
                counts[user, month] += 1
                sums[user, month] += deal.now.amount
    found: Numbers = {}
    for (user, month), number in counts.items():
        found[user, "big_deals", month] = (number, number)
        found[user, "big_sums", month] = (f"{sums[user, month] / 100:.2f}", number)
    return found


def shown(app: App) -> Numbers:
    """What the agent says of the same months, as far as there was something."""
    found = shown_values(app, since=FIRST, until=LAST, by="month", metrics=NAMES)
    return {key: value for key, value in found.items() if value[1]}


def test_a_metric_added_later_has_the_numbers_of_the_past_without_a_request(
    later: tuple[App, Any, Clock],
) -> None:
    app, box, _ = later
    expected, asked = true_numbers(box), len(box.log)
    assert len({month for _, _, month in expected}) == 3
    refresh(app.store, app.catalog, ZONE)
    assert shown(app) == expected
    assert rebuild(app.store, app.catalog) is False
    for month in (parse_period("2026-08"), parse_period("2026-09")):
        for name in NAMES:
            found = explain(
                app.store,
                app.catalog,
                manager_id=TEAM,
                metric=name,
                span=month,
                vantage=app.vantage,
            )
            assert found.agrees
            assert found.value.n == expected[None, name, month.first][1]
    assert len(box.log) == asked > 0


def test_the_cycle_after_a_metric_was_added_reads_nothing_anew(
    later: tuple[App, Any, Clock],
) -> None:
    app, box, clock = later
    asked = len(box.log)
    clock.forward(minutes=10)
    result = run_cycle(app, "main")
    assert not result.errors
    assert [each.method for each in box.log][asked:] == ["batch"]
    assert shown(app) == true_numbers(box)


def test_a_metric_that_adds_up_is_a_table_of_ten_lines_at_most() -> None:
    for table in (BIG_DEALS, BIG_SUMS):
        assert len(table.strip().splitlines()) <= 10
