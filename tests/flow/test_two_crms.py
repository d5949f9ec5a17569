"""One company with two CRMs: one person is one manager, and each CRM shows the whole number."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kpi.engine import rebuild
from kpi.value import Query, Value, values
from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback
from merilo.wiring import App
from sandbox.amocrm.truth import truth as amo_truth
from sandbox.bitrix24.truth import truth as bitrix_truth
from sandbox.server import start_sandbox
from tests.canary import canary
from tests.clock import Clock
from tests.flow.agent import agent, keep_secret, write_file

METRICS = ("calls_in", "calls_out", "talk_time", "deals_created", "deals_won", "revenue")
DAYS = {"since": date(2026, 4, 1), "until": date(2026, 10, 15)}
BOTH = {"main", "amo"}


class Company:
    """Both sandboxes with the same people, and one agent that reads them."""

    def __init__(self, folder: Path, bitrix: Any, amo: Any, clock: Clock) -> None:
        self.folder, self.bitrix, self.amo, self.clock = folder, bitrix, amo, clock

    def settings(self, extra: str = "") -> Path:
        """A settings file for both, each with a scorecard."""
        self.bitrix.portal.access.code = canary("webhook")
        keep_secret(self.folder, "webhook", self.bitrix.webhook)
        keep_secret(self.folder, "token", self.amo.token)
        return write_file(
            self.folder,
            f"""
[sources.main]
connector = "bitrix24"
url = "{self.bitrix.url}"
webhook = "file:{self.folder}/webhook"
since = "2026-03-01"
[sources.amo]
connector = "amocrm"
url = "{self.amo.url}"
token = "file:{self.folder}/token"
since = "2026-03-01"
[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["deals_won", "calls_in"]
[[destinations]]
source = "amo"
kind = "scorecard"
metrics = ["deals_won", "calls_in"]
{extra}
""",
        )

    def truth(self) -> dict[tuple[str | None, str], Any]:
        """By name of the person (None: the team): the two sandboxes' own sums together."""
        named: dict[str, Any] = {"view": "observed", "reads": [self.clock.now], "by": "total"}
        days: dict[str, Any] = {**DAYS, "tz": "Europe/Moscow"}
        rows = [*bitrix_truth(self.bitrix.portal, **days, **named)]
        names = {user.id: user.full_name for user in self.bitrix.portal.users.values()}
        found: dict[tuple[str | None, str], Any] = {}
        for source, users in ((rows, names), (amo_truth(self.amo.account, **days, **named), {
            user.id: user.name for user in self.amo.account.users.values()
        })):  # fmt: skip
            for row in source:
                if row.metric in METRICS and row.n:
                    key = (users.get(row.user), row.metric)
                    found[key] = found.get(key, 0) + float(row.value)
        return found


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    clock = Clock()
    with (
        start_sandbox("bitrix24", scale="tiny", seed=5, limits=False, clock=clock) as bitrix,
        start_sandbox("amocrm", scale="tiny", seed=5, limits=False, clock=clock) as amo,
        mock.patch("connectors.amocrm.client.BURST", 1e9),
    ):
        yield Company(tmp_path, bitrix, amo, clock)


def read(app: App) -> None:
    for source in ("main", "amo"):
        assert not run_cycle(app, source).errors


def shown(app: App) -> list[Value]:
    query = Query(since=DAYS["since"], until=DAYS["until"], by="total", metrics=METRICS)
    return values(app.store, app.catalog, query, app.vantage)


def test_people_of_one_e_mail_are_one_manager_with_the_work_of_both(company: Company) -> None:
    with agent(company.settings(), company.clock) as app:
        read(app)
        found = {(each.manager, each.metric): float(str(each.value)) for each in shown(app)
                 if each.n}  # fmt: skip
        assert found == company.truth()
        assert {frozenset(each.aliases) for each in shown(app) if each.manager} == {frozenset(BOTH)}
        assert all(each.state == "value" for each in shown(app))
        assert not rebuild(app.store, app.catalog)


def test_each_crm_shows_the_whole_number(company: Company) -> None:
    with agent(company.settings(), company.clock) as app:
        read(app)
        month = Query(
            since=date(2026, 10, 1), until=date(2026, 10, 31), by="month", metrics=("calls_in",)
        )
        wanted = {
            each.manager: each.value
            for each in values(app.store, app.catalog, month, app.vantage)
            if each.manager
        }
        for each in app.settings.destinations:
            apply_writeback(app, each)
    (elements,) = company.amo.account.elements.values()
    (fields,) = (company.amo.account.fields.of(f"catalogs/{key}")
                 for key in company.amo.account.catalogs)  # fmt: skip
    code = next(one.id for one in fields.values() if one.code == "MERILO_CALLS_IN")
    in_amo = {
        row.name.split(" · ")[0]: int(row.values[code][0]["value"])
        for row in elements.rows.values()
        if row.name.endswith("2026-10") and code in row.values
    }
    assert in_amo == wanted
    (process,) = company.bitrix.portal.smart.rows()
    items = company.bitrix.portal.items(process["entityTypeId"])
    in_bitrix = {
        item["title"].split(" · ")[0]: next(
            int(value) for name, value in item.items() if name.lower().endswith("calls_in")
            or name.lower().endswith("callsin")
        )
        for item in items
        if item["title"].endswith("2026-10")
    }  # fmt: skip
    assert in_bitrix == wanted


def test_settings_join_two_accounts_for_the_days_they_say(company: Company) -> None:
    user = next(each for each in company.amo.account.users.values() if "Анна" in each.name)
    user.email = "somebody.else@severny-veter.example"
    entry = f"""
[[managers]]
name = "Анна Петрова"
aliases = {{ main = "7", amo = "{user.id}" }}
from = "2026-07-01"
"""
    with agent(company.settings(entry), company.clock) as app:
        read(app)
        everyone = Query(
            since=date(2026, 4, 1), until=date(2026, 10, 15), by="month", metrics=("calls_in",)
        )
        found = values(app.store, app.catalog, everyone, app.vantage)
        joined = {each.period.month for each in found if each.n and set(each.aliases) == BOTH
                  and each.manager == "Анна Петрова"}  # fmt: skip
        assert joined
        assert min(joined) >= 7


def test_quiet_cycles_change_nothing_in_either(company: Company) -> None:
    with agent(company.settings(), company.clock) as app:
        read(app)
        for each in app.settings.destinations:
            apply_writeback(app, each)
        writes = len(company.amo.account.writes)
        for _ in range(5):
            company.clock.forward(minutes=5)
            for source in ("main", "amo"):
                assert not any(stream.changed for stream in run_cycle(app, source).streams)
        assert len(company.amo.account.writes) == writes
