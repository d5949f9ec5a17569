"""An agent pointed at a sandbox of amoCRM: its settings file and its numbers beside the truth."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from kpi.period import By
from kpi.value import Query, values
from merilo.wiring import App
from sandbox.amocrm.truth import truth
from tests.clock import Clock
from tests.flow import agent as agents

COUNTED = (*agents.EVERY_CRM, "purchases", "purchases_revenue", "products_sold")
"""What amoCRM feeds and cells or facts add up."""

METRICS = (
    *COUNTED,
    "response_time",
    "response_time_work",
    "leads_answered",
    "lead_answer_share",
    "callback_time",
    "callback_time_work",
    "calls_missed_unreturned",
)
"""All that the sandbox reckons and amoCRM feeds."""


SCORECARD = f"""
[[destinations]]
source = "amo"
kind = "scorecard"
metrics = {list(agents.EVERY_CRM)}
today = ["calls_120s", "deals_won"]
every = "1s"
""".replace("'", '"')


def source_table(folder: Path, box: Any, *, since: str = "2020-01-01") -> str:
    """The settings of one amoCRM source; the token lies beside them."""
    secret = agents.keep_secret(folder, "token", box.token)
    return f"""
[sources.amo]
connector = "amocrm"
url = "{box.url}"
token = "file:{secret}"
since = "{since}"
ca_bundle = "{box.ca_bundle or ""}"
"""


def write_settings(folder: Path, box: Any, *, since: str = "2020-01-01", extra: str = "") -> Path:
    """A settings file for one amoCRM source, and what else is told."""
    return agents.write_file(folder, source_table(folder, box, since=since) + extra)


@contextmanager
def agent(path: Path, clock: Callable[[], datetime] | None = None) -> Iterator[App]:
    """The opened agent, with room for all its requests at once: pace is not what is tested."""
    with mock.patch("connectors.amocrm.client.BURST", 1e9), agents.agent(path, clock) as app:
        yield app


class Office:
    """An account and its agent's settings, with one clock that moves only when told."""

    def __init__(self, box: Any, clock: Clock, settings: Path) -> None:
        self.box, self.account, self.clock = box, box.account, clock
        self.settings = settings

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent, started anew."""
        with agent(self.settings, self.clock) as app:
            yield app


def true_values(
    box: Any, *, since: date, until: date, by: str, read: datetime, metrics: Sequence[str] = COUNTED
) -> agents.Numbers:
    """What can be known to who read last at this moment, by the sandbox's own reckoning."""
    rows = truth(
        box.account,
        since=since,
        until=until,
        by=by,
        tz="Europe/Moscow",
        view="observed",
        reads=[read],
    )
    return {
        (row.user, row.metric, row.period_start): (row.value, row.n)
        for row in rows
        if row.metric in metrics and row.n
    }


def shown_values(
    app: App, *, since: date, until: date, by: By, metrics: Sequence[str] = COUNTED
) -> agents.Numbers:
    """What the agent says, managers by their id in the account."""
    query = Query(since=since, until=until, by=by, metrics=tuple(metrics))
    found: agents.Numbers = {}
    for value in values(app.store, app.catalog, query, app.vantage):
        user = None if value.manager_id is None else int(value.aliases["amo"])
        found[user, value.metric, value.period] = (value.value, value.n or 0)
    return found
