"""How long clients wait, from the portal to the number: whatever people do while it is read."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kpi.explain import explain
from kpi.period import parse_period
from kpi.value import Query, Value, values
from merilo.cycle import run_sweep
from merilo.wiring import App
from sandbox.bitrix24.activity import MAILING, SENT
from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.live import live_step
from sandbox.bitrix24.record_live import convert_lead
from store.table import TEAM
from tests.flow.kill import Kill, dying
from tests.flow.office import Office

ANNA, OTHER = 7, 9
PHONE = "+79161234567"


class Desk(Office):
    """A portal whose clients wait."""

    mine = frozenset(
        {"response_time", "response_time_work", "leads_answered", "lead_answer_share",
         "callback_time", "callback_time_work", "calls_missed_unreturned"}
    )  # fmt: skip

    def work(self, chance: random.Random, steps: int) -> None:
        for _ in range(steps):
            self.wait(seconds=chance.choice((1, 60, 900, 7000)))
            live_step(self.portal, chance)

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


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 12))]
)
def test_after_any_work_read_now_and_then_every_wait_is_the_truth(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Desk.at(tmp_path) as small, small.opened() as app:
        small.read(app)
        for _ in range(6):
            small.work(chance, chance.randrange(40))
            small.wait(minutes=5)
            small.read(app)
        run_sweep(app, "main", accept=True)
        assert len(small.agree(app)["total"]) > 20


def test_a_kill_at_a_request_loses_no_answer_and_no_call_back(tmp_path: Path) -> None:
    chance = random.Random(11)
    with Desk.at(tmp_path) as killed:
        for number in (1, 3):
            killed.work(chance, 25)
            killed.wait(minutes=5)
            with killed.opened() as app:
                with dying(app.store, "write", number + 2), pytest.raises(Kill):
                    killed.read(app)
                killed.read(app)
                run_sweep(app, "main", accept=True)
                killed.agree(app)


def test_a_lead_of_the_night_is_answered_late_by_clock_and_soon_by_working_hours(
    tmp_path: Path,
) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        one.clock.now = datetime(2026, 10, 13, 21, tzinfo=UTC)  # midnight in Moscow
        lead = one.portal.leads.create(ANNA)
        one.wait(minutes=1)
        one.portal.activities.add(MAILING, ANNA, completed=True, lead=lead)
        one.read(app)
        assert (one.team(app, "response_time"), one.team(app, "leads_answered")) == (None, 0)
        one.wait(hours=9, minutes=9)
        one.portal.add_call(Leg(OTHER, 1, 0, "486", phone=PHONE, lead=lead))
        one.read(app)
        assert one.team(app, "response_time") == 9 * 3600 + 600
        assert one.team(app, "response_time_work") == 600
        assert one.team(app, "lead_answer_share") == 1
        one.wait(hours=1)
        one.portal.activities.add(SENT, ANNA, completed=True, lead=lead)
        deal = convert_lead(one.portal, lead)
        one.read(app)
        assert one.team(app, "response_time_work") == 600
        one.portal.delete_deal(deal)
        run_sweep(app, "main", accept=True)
        one.agree(app)


def test_several_missed_calls_are_one_need_and_who_rang_back_is_credited(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        for _ in range(2):
            one.portal.add_call(Leg(ANNA, 2, 0, "304", phone=PHONE))
            one.wait(minutes=10)
        one.read(app)
        assert one.team(app, "calls_missed_unreturned") == 2
        assert one.value(app, "callback_time", TEAM).n == 0
        one.portal.add_call(Leg(OTHER, 1, 0, "486", phone="8 (916) 123-45-67"))
        one.wait(minutes=5)
        one.portal.add_call(Leg(OTHER, 1, 30, "200", phone="8 (916) 123-45-67"))
        one.wait(minutes=1)
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
    with Desk.at(tmp_path, "small") as one, one.opened() as app:
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
