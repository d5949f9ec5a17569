"""An agent pointed at a sandbox: its settings file, its data directory, its store."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from kpi.period import By
from kpi.value import Query, values
from merilo.context import Context
from merilo.wiring import App, build_app, settings_from
from sandbox.bitrix24 import listing
from sandbox.bitrix24.truth import truth
from store.directory import source_ids
from tests.canary import canary

EVERY_CRM = (
    "calls_in",
    "calls_out",
    "calls_answered",
    "calls_missed",
    "calls_reached",
    "talk_time",
    "calls_120s",
    "emails_sent",
    "emails_received",
    "meetings_held",
    "meetings_planned",
    "deals_created",
    "deals_won",
    "deals_lost",
    "revenue",
    "average_deal",
    "days_to_win",
    "sales_cycle",
    "win_rate",
    "leads_created",
    "leads_won",
    "lead_conversion",
)
"""What each CRM feeds."""

SURROUNDING = (
    "contacts_created",
    "companies_created",
    "tasks_created",
    "tasks_done",
    "tasks_overdue",
    "products_sold",
    "discounts",
)
"""What clients, tasks and product rows feed."""

METRICS = (
    *EVERY_CRM,
    "quotes_created",
    "quotes_won",
    "quote_conversion",
    "response_time",
    "response_time_work",
    "leads_answered",
    "lead_answer_share",
    "callback_time",
    "callback_time_work",
    "calls_missed_unreturned",
    *SURROUNDING,
)


def keep_secret(folder: Path, name: str, value: str) -> Path:
    """The file of a secret, which nobody else may read."""
    path = folder / name
    path.write_text(value)
    path.chmod(0o600)
    return path


def write_file(folder: Path, tables: str) -> Path:
    """A settings file of these tables, with data and a vault of its own, in Moscow's time."""
    path = folder / "merilo.toml"
    path.write_text(
        f"""
[merilo]
data_dir = "./data"
timezone = "Europe/Moscow"

[secrets]
backend = "vault"
master_key = "generated"
{tables}""",
        encoding="utf-8",
    )
    return path


def write_settings(
    folder: Path, box: Any, *, since: str = "2020-01-01", extra: str = "", store: str = "sqlite"
) -> Path:
    """A settings file for one Bitrix24 source with a scorecard; the webhook lies beside it."""
    box.portal.access.code = canary("webhook")
    secret = keep_secret(folder, "webhook", box.webhook)
    return write_file(
        folder,
        f"""
[store]
url = "{store}"

[sources.main]
connector = "bitrix24"
url = "{box.url}"
auth = "webhook"
webhook = "file:{secret}"
since = "{since}"
ca_bundle = "{box.ca_bundle or ""}"

[[destinations]]
source = "main"
kind = "scorecard"
metrics = {list(METRICS)}
today = ["calls_120s", "deals_won"]
every = "1s"
{extra}
""".replace("'", '"'),
    )


@contextmanager
def agent(path: Path, clock: Callable[[], datetime] | None = None) -> Iterator[App]:
    """The opened agent; it never sleeps, so a test that makes it wait fails by its budget."""
    app = build_app(settings_from(Context(config_path=path), require_secrets=True))
    if clock is not None:
        app.clock = clock
    try:
        yield app
    finally:
        app.close()


def living_deals(box: Any) -> set[str]:
    """What there is to read: some of the deals of a company may be deleted on the day of a run."""
    return {str(deal.id) for deal in box.portal.deals.rows(listing.Query())}


def rows_of(app: App, source: str, table: str, columns: str) -> set[tuple[Any, ...]]:
    """These columns of what the source told and what has not been removed."""
    known = SQLModel.metadata.tables[table].columns
    living = "AND removed_at IS NULL" if "removed_at" in known else ""
    with app.store.read() as tx:
        told = f"WHERE source_id = {source_ids(tx)[source]} {living}"
        rows = tx.exec_driver_sql(f"SELECT {columns} FROM {table} {told}")  # noqa: S608
        return {tuple(row) for row in rows}


Numbers = dict[tuple[int | None, str, date], tuple[Any, int]]
"""(value, number of records) by (vendor's user or None for the team, metric, period)."""


def true_values(box: Any, *, since: date, until: date, by: str, reads: list[datetime]) -> Numbers:
    """What an observer who read at these moments can know, by the sandbox's own reckoning."""
    rows = truth(
        box.portal,
        since=since,
        until=until,
        by=by,
        tz="Europe/Moscow",
        view="observed",
        reads=reads,
    )
    return {
        (row.user, row.metric, row.period_start): (row.value, row.n)
        for row in rows
        if row.metric in METRICS and row.n
    }


def shown_values(
    app: App, *, since: date, until: date, by: By, metrics: Sequence[str] = METRICS
) -> Numbers:
    """What the agent says, managers by their id in the portal."""
    query = Query(since=since, until=until, by=by, metrics=tuple(metrics))
    found: Numbers = {}
    for value in values(app.store, app.catalog, query, app.vantage):
        user = None if value.manager_id is None else int(value.aliases["main"])
        found[user, value.metric, value.period] = (value.value, value.n or 0)
    return found
