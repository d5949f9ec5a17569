"""How long clients wait, from the portal to the number: whatever people do while it is read."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import By, parse_period
from kpi.value import Query, Value, values
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.bitrix24.activity import MAILING, SENT
from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.live import live_step
from sandbox.bitrix24.record_live import convert_lead
from sandbox.server import start_sandbox
from store.table import TEAM
from tests.flow.agent import Numbers, agent, shown_values, true_values, write_settings

ANNA, OTHER = 7, 9
MINE = frozenset(
    {"response_time", "response_time_work", "leads_answered", "lead_answer_share",
     "callback_time", "calls_missed_unreturned"}
)  # fmt: skip
BY: tuple[By, ...] = ("day", "week", "month", "total")
PHONE = "+79161234567"


class Kill(BaseException):
    """The process died here."""


class Clock:
    """The time on both sides; it moves only when told."""

    now = datetime(2026, 10, 15, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class Office:
    """A portal, its agent, and the moments at which the agent read it."""

    def __init__(self, folder: Path, box: Any, clock: Clock) -> None:
        self.box, self.portal, self.clock = box, box.portal, clock
        self.settings = write_settings(folder, box)
        self.reads: list[datetime] = []

    @contextmanager
    def opened(self) -> Iterator[App]:
        with agent(self.settings, self.clock) as app:
            yield app

    def read(self, app: App) -> None:
        assert not run_cycle(app, "main").errors
        self.reads.append(self.clock.now)

    def work(self, chance: random.Random, steps: int) -> None:
        for _ in range(steps):
            self.clock.pass_by(seconds=chance.choice((1, 60, 900, 7000)))
            live_step(self.portal, chance)

    def agree(self, app: App) -> int:
        """The numbers are the truth, and the cells the facts'; how many numbers there are."""
        span = {"since": self.clock.now.date() - timedelta(days=200)}
        span["until"] = self.clock.now.date()
        found: Numbers = {}
        for by in BY:
            expected = mine(true_values(self.box, **span, by=by, reads=self.reads))
            found = mine(shown_values(app, **span, by=by))
            assert found == expected
        assert not rebuild(app.store, app.catalog), "the cells were wrong"
        return len(found)

    def team(self, app: App, metric: str) -> Any:
        """The team's number of October."""
        return self.value(app, metric, TEAM).value

    def value(self, app: App, metric: str, who: int) -> Value:
        span = parse_period("2026-10")
        query = Query(
            since=span.first, until=span.last, by="month", manager_ids=(who,), metrics=(metric,)
        )
        (value,) = values(app.store, app.catalog, query, app.vantage)
        return value


@contextmanager
def office(folder: Path, scale: str = "tiny") -> Iterator[Office]:
    clock = Clock()
    with start_sandbox("bitrix24", scale=scale, seed=5, limits=False, clock=clock) as box:
        yield Office(folder, box, clock)


def mine(numbers: Numbers) -> Numbers:
    return {key: found for key, found in numbers.items() if key[1] in MINE and found[1]}


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))]
)
def test_after_any_work_read_now_and_then_every_wait_is_the_truth(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with office(tmp_path) as small, small.opened() as app:
        small.read(app)
        for _ in range(6):
            small.work(chance, chance.randrange(40))
            small.clock.pass_by(minutes=5)
            small.read(app)
        run_sweep(app, "main", accept=True)
        assert small.agree(app) > 20


def test_a_kill_at_a_request_loses_no_answer_and_no_call_back(tmp_path: Path) -> None:
    chance = random.Random(11)
    with office(tmp_path) as killed:
        for number in (1, 3):
            killed.work(chance, 25)
            killed.clock.pass_by(minutes=5)
            with killed.opened() as app:
                with dying(app, number), pytest.raises(Kill):
                    killed.read(app)
                killed.read(app)
                run_sweep(app, "main", accept=True)
                killed.agree(app)


@contextmanager
def dying(app: App, number: int) -> Iterator[None]:
    """Dies when a page of so many is about to be kept."""
    write, count = app.store.write, 0

    def counted() -> Any:
        nonlocal count
        count += 1
        if count == number + 2:
            raise Kill
        return write()

    with mock.patch.object(app.store, "write", counted):
        yield


def test_a_lead_of_the_night_is_answered_late_by_clock_and_soon_by_working_hours(
    tmp_path: Path,
) -> None:
    with office(tmp_path, "empty") as one, one.opened() as app:
        one.clock.now = datetime(2026, 10, 13, 21, tzinfo=UTC)  # midnight in Moscow
        lead = one.portal.leads.create(ANNA)
        one.clock.pass_by(minutes=1)
        one.portal.activities.add(MAILING, ANNA, completed=True, lead=lead)
        one.read(app)
        assert (one.team(app, "response_time"), one.team(app, "leads_answered")) == (None, 0)
        one.clock.pass_by(hours=9, minutes=9)
        one.portal.add_call(Leg(OTHER, 1, 0, "486", phone=PHONE, lead=lead))
        one.read(app)
        assert one.team(app, "response_time") == 9 * 3600 + 600
        assert one.team(app, "response_time_work") == 600
        assert one.team(app, "lead_answer_share") == 1
        one.clock.pass_by(hours=1)
        one.portal.activities.add(SENT, ANNA, completed=True, lead=lead)
        deal = convert_lead(one.portal, lead)
        one.read(app)
        assert one.team(app, "response_time_work") == 600
        one.portal.delete_deal(deal)
        run_sweep(app, "main", accept=True)
        one.agree(app)


def test_several_missed_calls_are_one_need_and_who_rang_back_is_credited(tmp_path: Path) -> None:
    with office(tmp_path, "empty") as one, one.opened() as app:
        for _ in range(2):
            one.portal.add_call(Leg(ANNA, 2, 0, "304", phone=PHONE))
            one.clock.pass_by(minutes=10)
        one.read(app)
        assert one.team(app, "calls_missed_unreturned") == 2
        assert one.value(app, "callback_time", TEAM).n == 0
        one.portal.add_call(Leg(OTHER, 1, 0, "486", phone="8 (916) 123-45-67"))
        one.clock.pass_by(minutes=5)
        one.portal.add_call(Leg(OTHER, 1, 30, "200", phone="8 (916) 123-45-67"))
        one.clock.pass_by(minutes=1)
        one.read(app)
        found = one.value(app, "callback_time", TEAM)
        assert (found.value, found.n, found.state) == (25 * 60 - 30, 1, "value")
        assert one.team(app, "calls_missed_unreturned") == 0
        with app.store.read() as tx:
            who: dict[str, int] = dict(
                tx.exec_driver_sql("SELECT ref, manager_id FROM alias").all()
            )
        assert one.value(app, "callback_time", who[str(OTHER)]).value == found.value
        assert one.value(app, "callback_time", who[str(ANNA)]).value is None
        one.agree(app)


def test_a_wait_is_explained_by_its_records(tmp_path: Path) -> None:
    with office(tmp_path, "small") as one, one.opened() as app:
        one.read(app)
        for metric in ("callback_time", "response_time", "calls_missed_unreturned"):
            why = explain(
                app.store,
                app.catalog,
                manager_id=TEAM,
                metric=metric,
                span=parse_period("2026-09"),
                vantage=app.vantage,
                link=app.record_url,
            )
            (part,) = why.parts
            assert why.agrees, metric
            assert len(part.records) == why.value.n, metric
            assert len(part.records) > 5, metric
            assert part.total == why.value.value, metric
