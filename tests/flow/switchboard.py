"""An agent pointed at a telephone vendor's sandbox: its settings, its numbers beside the truth."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from kpi.period import By
from kpi.value import Query, values
from merilo.wiring import App
from sandbox.conversation import IN, Conversation, Leg
from sandbox.exchange import Exchange
from sandbox.exchange_truth import exchange_truth
from tests.clock import Clock
from tests.flow import agent as agents

METRICS = (
    "calls_in",
    "calls_out",
    "calls_answered",
    "calls_missed",
    "calls_reached",
    "talk_time",
    "calls_120s",
    "callback_time",
    "callback_time_work",
    "calls_missed_unreturned",
)
"""What calls alone feed."""

NO_PACE = {
    "connectors.amocrm.client.BURST": 1e9,
    "connectors.uis.client.BURST": 1e9,
    "connectors.itoolabs.client.BURST": 1e9,
    "connectors.zadarma.client.REPORTS": (1e9, 1.0),
    "connectors.zadarma.client.OTHERS": (1e9, 1.0),
}
"""Room for all requests at once: pace is not what is tested."""


def write_settings(
    folder: Path,
    box: Any,
    connector: str,
    secrets: Mapping[str, str],
    *,
    since: str = "2020-01-01",
    extra: str = "",
    people: str = "",
) -> Path:
    """A settings file for one exchange called `pbx`; its secrets lie beside it."""
    keys = "\n".join(
        f'{name} = "file:{agents.keep_secret(folder, name, value)}"'
        for name, value in secrets.items()
    )
    return agents.write_file(
        folder,
        f"""
[sources.pbx]
connector = "{connector}"
url = "{box.url}"
since = "{since}"
ca_bundle = "{box.ca_bundle or ""}"
{keys}
{extra}

{people}
""",
    )


@contextmanager
def agent(path: Path, clock: Callable[[], datetime] | None = None) -> Iterator[App]:
    """The opened agent, in no hurry and with no need to wait."""
    with ExitStack() as stack:
        for name, value in NO_PACE.items():
            stack.enter_context(mock.patch(name, value))
        yield stack.enter_context(agents.agent(path, clock))


@contextmanager
def unhurried(app: App, clock: Clock) -> Iterator[None]:
    """What the agent waits for comes at once: its waiting moves the clock."""
    with mock.patch.object(app.stopping, "wait", lambda seconds: clock.forward(seconds=seconds)):
        yield


def ring_up(
    box: Any, at: float, *, talk: int = 200, told_later: float = 0, client: str = "79161234567"
) -> Conversation:
    """A client rings somebody, and is told of so many seconds after the call began."""
    extension = next(iter(box.exchange.employees))
    leg = Leg(extension, at, at + 5, at + 5 + talk)
    call = Conversation(0, IN, client, "74951000001", at, at + 5 + talk, (leg,))
    kept: Conversation = box.exchange.add(call, published_at=at + told_later)
    return kept


def by_id_or_extension(box: Any) -> dict[str, int]:
    """The exchange's employees by what most vendors may call them."""
    people = box.exchange.employees.values()
    return {name: one.id for one in people for name in (str(one.id), one.extension)}


def true_values(exchange: Exchange, *, since: date, until: date, by: str) -> agents.Numbers:
    """What the exchange tells by now, by its own reckoning."""
    rows = exchange_truth(exchange, since=since, until=until, by=by, tz="Europe/Moscow")
    return {
        (row.user, row.metric, row.period_start): (row.value, row.n)
        for row in rows
        if row.metric in METRICS and row.n
    }


def shown_values(
    app: App, ids: Mapping[str, int], *, since: date, until: date, by: By
) -> agents.Numbers:
    """What the agent says; `ids`: the exchange's employees by what the vendor calls them."""
    query = Query(since=since, until=until, by=by, metrics=METRICS)
    found: agents.Numbers = {}
    for value in values(app.store, app.catalog, query, app.vantage):
        user = None if value.manager_id is None else ids[value.aliases["pbx"]]
        if value.n:
            found[user, value.metric, value.period] = (value.value, value.n)
    return found


def stored_legs(app: App) -> set[tuple[Any, ...]]:
    """Every leg that is kept: id, call, whose, talk, length, outcome."""
    columns = "ref, call_ref, user_ref, talk_s, lasted_s, outcome"
    with app.store.read() as tx:
        rows = tx.exec_driver_sql(f"SELECT {columns} FROM call_leg")  # noqa: S608
        return {tuple(row) for row in rows}
