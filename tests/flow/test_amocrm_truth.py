"""The agent's numbers are the truth of the amoCRM sandbox, which no engine of ours computes."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kpi.period import By
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.amocrm.truth_product import sold_truth
from sandbox.server import start_sandbox
from tests.flow.amo import METRICS, agent, shown_values, true_values, write_settings


@pytest.fixture(scope="module", params=[True, False], ids=["with the filter", "without it"])
def read_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Any, date]]:
    """A small company read in one pass."""
    folder = tmp_path_factory.mktemp("truth")
    with start_sandbox("amocrm", scale="small", seed=7, limits=False) as box:
        box.account.filter_paid = request.param
        since = datetime.now(UTC).date() - timedelta(days=300)
        with agent(write_settings(folder, box, since=since.isoformat())) as app:
            assert not run_cycle(app, "amo").errors
            yield app, box, app.clock().date()


@pytest.mark.parametrize("by", ["day", "week", "month", "total"])
def test_every_number_of_every_manager_and_the_team_is_the_truth(
    read_once: tuple[App, Any, date], by: By
) -> None:
    app, box, today = read_once
    since = today - timedelta(days=200)
    days = {"since": since, "until": today}
    expected = true_values(box, **days, by=by, read=app.clock(), metrics=METRICS)
    found = shown_values(app, **days, by=by, metrics=METRICS)
    assert {metric for _, metric, _ in expected} == set(METRICS)
    assert {key: value for key, value in found.items() if value[1]} == expected


def test_what_every_manager_sold_by_lines_is_the_truth(read_once: tuple[App, Any, date]) -> None:
    app, box, today = read_once
    since, metrics = today - timedelta(days=200), ("products_sold", "sold_by_lines")
    query = Query(since=since, until=today, by="total", metrics=metrics)
    found: dict[int | None, dict[str, Any]] = {}
    for each in values(app.store, app.catalog, query, app.vantage):
        user = None if each.manager_id is None else int(each.aliases["amo"])
        found.setdefault(user, {})[each.metric] = each.value
    sold = sold_truth(box.account, since=since, until=today, read=app.clock(), tz="Europe/Moscow")
    expected = {
        user: {"products_sold": lines, "sold_by_lines": f"{sum_ // 100}.{sum_ % 100:02d}"}
        for user, (lines, sum_) in sold.items()
    }
    assert len(expected) > 3
    assert {user: each for user, each in found.items() if each["products_sold"]} == expected
