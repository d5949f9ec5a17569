"""An agent pointed at a sandbox of amoCRM: its settings file and its numbers beside the truth."""

from collections.abc import Callable, Iterator
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


def write_settings(folder: Path, box: Any, *, since: str = "2020-01-01", extra: str = "") -> Path:
    """A settings file for one amoCRM source with a scorecard; the token lies beside it."""
    secret = agents.keep_secret(folder, "token", box.token)
    return agents.write_file(
        folder,
        f"""
[sources.amo]
connector = "amocrm"
url = "{box.url}"
token = "file:{secret}"
since = "{since}"
ca_bundle = "{box.ca_bundle or ""}"
{extra}
""",
    )


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


def true_values(box: Any, *, since: date, until: date, by: str, read: datetime) -> agents.Numbers:
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
        if row.metric in agents.EVERY_CRM and row.n
    }


def shown_values(app: App, *, since: date, until: date, by: By) -> agents.Numbers:
    """What the agent says, managers by their id in the account."""
    query = Query(since=since, until=until, by=by, metrics=agents.EVERY_CRM)
    found: agents.Numbers = {}
    for value in values(app.store, app.catalog, query, app.vantage):
        user = None if value.manager_id is None else int(value.aliases["amo"])
        found[user, value.metric, value.period] = (value.value, value.n or 0)
    return found
