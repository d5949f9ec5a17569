"""A telephone exchange and the CRM that shows some of its calls: every conversation counts once."""

import random
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import month_of
from kpi.value import Query, values
from merilo.cycle import run_cycle
from merilo.doctor import find_problems
from merilo.status import read_status
from merilo.wiring import App
from sandbox.bitrix24.call import Leg as Row
from sandbox.conversation import IN, OUT, Conversation, Leg, own_talks
from sandbox.exchange import Exchange
from sandbox.exchange_truth import exchange_truth
from sandbox.server import start_sandbox
from store.table import TEAM
from tests.canary import canary
from tests.clock import Clock
from tests.flow.agent import keep_secret, write_file
from tests.flow.switchboard import agent, by_id_or_extension, shown_values, true_values

SINCE, SEED = date(2026, 8, 20), 5
BY_ID, BY_LIKENESS, NOWHERE = "by id", "by likeness", "nowhere"


class Company:
    """A portal and an exchange of the same people, and one agent that reads both."""

    def __init__(self, folder: Path, bitrix: Any, mango: Any, clock: Clock) -> None:
        self.folder, self.bitrix, self.mango, self.clock = folder, bitrix, mango, clock
        self.exchange: Exchange = mango.exchange
        self.typed: list[Conversation] = []
        self.kept: Counter[str] = Counter()
        users = {each.email: each.id for each in bitrix.portal.users.values()}
        people = self.exchange.employees.items()
        self.users = {extension: users[each.email] for extension, each in people}

    def settings(self) -> Path:
        """A settings file for both."""
        self.bitrix.portal.access.code = canary("webhook")
        product = self.mango.product
        product.key, product.salt = canary("mango-key"), canary("mango-salt")
        secrets = {"webhook": self.bitrix.webhook, "key": product.key, "salt": product.salt}
        for name, secret in secrets.items():
            keep_secret(self.folder, name, secret)
        return write_file(
            self.folder,
            f"""
[sources.main]
connector = "bitrix24"
url = "{self.bitrix.url}"
webhook = "file:{self.folder}/webhook"
since = "{SINCE}"
[sources.pbx]
connector = "mango"
url = "{self.mango.url}"
api_key = "file:{self.folder}/key"
api_salt = "file:{self.folder}/salt"
since = "{SINCE}"
""",
        )

    def note(self, chance: random.Random, how: str, call: Conversation) -> None:
        """A call of the exchange as the CRM shows it: when, how long and whose it was told."""
        own = own_talks(call.legs)
        who = max(own, key=lambda each: (own[each], each), default=None)
        if how == NOWHERE or who is None or not (call.client or how == BY_ID):
            self.kept["alone"] += 1
            return
        length = int(call.ended_at - call.started_at)
        start = call.started_at + chance.randrange(-50, length + 170)
        talk = max(0, call.talk_s + chance.randrange(-9, 40)) if call.talk_s else 0
        row = Row(
            self.users[who],
            type=2 if call.direction == IN else 1,
            duration=talk,
            code="200" if talk else "304",
            start=datetime.fromtimestamp(start, UTC),
            phone=f"+{call.client}",
        )
        if how == BY_ID:
            row.external = b64encode(f"{call.id:010d}".encode()).decode()
        self.bitrix.portal.add_call(row)
        self.kept["both"] += 1

    def type_in(self, chance: random.Random, number: int) -> None:
        """A call that the exchange never saw, typed into the CRM by hand."""
        at = int((self.clock.now - timedelta(days=chance.randrange(2, 30))).timestamp())
        who, talk = chance.choice([*self.users]), chance.choice((30, 119, 120, 400))
        client, begin = f"7901000{number:04d}", float(at)
        row = Row(
            self.users[who],
            type=1,
            duration=talk,
            start=datetime.fromtimestamp(at, UTC),
            phone=f"+{client}",
        )
        self.bitrix.portal.add_call(row)
        leg = Leg(who, begin, begin, begin + talk)
        self.typed.append(Conversation(0, OUT, client, "", begin, begin + talk, (leg,)))

    def truth(self) -> Exchange:
        """The exchange as if it knew what was typed into the CRM, too."""
        whole = Exchange(self.clock, self.exchange.employees)
        for call in (*self.exchange.conversations, *self.typed):
            whole.add(replace(call), published_at=self.exchange.known_at(call))
        return whole

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent; whoever waits moves the clock that it shares with both."""
        with agent(self.settings(), self.clock) as app:
            app.wait = lambda seconds: self.clock.forward(seconds=seconds)  # type: ignore[method-assign]
            yield app

    def agree(self, app: App) -> None:
        """Every number is the truth, and the cells are the facts'."""
        days = {"since": SINCE, "until": self.clock.now.date()}
        expected = true_values(self.truth(), **days, by="day")
        assert expected
        assert shown_values(app, by_id_or_extension(self.mango), **days, by="day") == expected
        assert not rebuild(app.store, app.catalog), "the cells were wrong"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    clock = Clock()
    asked: dict[str, Any] = {"seed": SEED, "limits": False, "clock": clock}
    with (
        start_sandbox("bitrix24", scale="empty", **asked) as bitrix,
        start_sandbox("mango", scale="empty", **asked) as mango,
    ):
        yield Company(tmp_path, bitrix, mango, clock)


def read(app: App, *sources: str) -> None:
    for source in sources:
        assert not run_cycle(app, source).errors


def number(app: App, metric: str) -> tuple[Any, str]:
    """The team's number of all days, and how sure it is."""
    query = Query(since=SINCE, until=app.clock().date(), by="total", metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return next((each.value, each.state) for each in found if each.manager_id is None)


@pytest.mark.parametrize("order", [("main", "pbx"), ("pbx", "main")])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_both_show_counts_once_by_the_word_of_the_exchange(
    company: Company, order: tuple[str, str], seed: int
) -> None:
    chance = random.Random(seed)
    with company.opened() as app:
        for _ in range(3):
            for _ in range(25):
                company.clock.forward(minutes=chance.choice((9, 60, 700)))
                company.exchange.live_step(chance)
                call = company.exchange.conversations[-1]
                if call.direction in (IN, OUT) and not call.kind:
                    how = chance.choice((BY_ID, BY_LIKENESS, BY_LIKENESS, NOWHERE))
                    company.note(chance, how, call)
            company.clock.forward(minutes=30)
            read(app, *order)
            company.agree(app)
        assert company.kept["both"] > 20
        assert company.kept["alone"] > 5


def test_what_only_one_of_them_shows_is_told_a_day_later(company: Company) -> None:
    chance = random.Random(4)
    with company.opened() as app:
        for turn in range(30):
            company.clock.forward(minutes=400)
            company.exchange.live_step(chance)
            call = company.exchange.conversations[-1]
            if turn % 3 and call.direction in (IN, OUT) and not call.kind:
                company.note(chance, BY_ID, call)
        company.clock.forward(days=2)
        for each in range(7):
            company.type_in(chance, each)
        read(app, "main", "pbx", "main")
        company.agree(app)
        days: dict[str, Any] = {"since": SINCE, "until": company.clock.now.date(), "by": "total"}
        rows = exchange_truth(company.exchange, **days, tz="Europe/Moscow")
        told: dict[str, Any] = {row.metric: row.value for row in rows if row.user is None}
        whole = told["calls_in"] + told["calls_out"]
        assert number(app, "calls_pbx_only") == (whole - company.kept["both"], "value")
        assert number(app, "calls_crm_only") == (7, "value")


def test_both_values_of_a_call_are_shown_with_the_number(company: Company) -> None:
    begin = company.clock.now.timestamp() - 4000
    leg = Leg(next(iter(company.users)), begin, begin + 10, begin + 140)
    call = Conversation(0, IN, "79031112233", "74951230011", begin, begin + 140, (leg,))
    company.note(random.Random(1), BY_ID, company.exchange.add(call))
    with company.opened() as app:
        read(app, "main", "pbx")
        (row,) = company.bitrix.portal.calls.every
        told = explain(
            app.store,
            app.catalog,
            manager_id=TEAM,
            metric="talk_time",
            span=month_of(company.clock.now.date()),
            vantage=app.vantage,
        )
        (record,) = told.parts[0].records
        assert (record.source, record.contribution) == ("pbx", 130)
        assert record.twin is not None
        assert (record.twin.source, record.twin.talk_s) == ("main", row.duration)


def test_whom_nobody_knows_is_named_with_the_line_to_add(company: Company) -> None:
    company.bitrix.portal.add_call(Row(990, 1, 60), Row(991, 1, 60))
    with company.opened() as app:
        read(app, "main", "pbx")
        (advice,) = [each for each in find_problems(app, read_status(app)) if "990" in each.what]
    assert advice.code == "strangers"
    assert "main: " in advice.what
    assert "990, 991" in advice.what
    assert 'aliases = { main = "990" }' in advice.todo
