"""A portal read over sockets: killed at every request, changed between requests, row for row."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kpi.engine import rebuild
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.bitrix24.listing import Query
from sandbox.bitrix24.stage import semantic
from sandbox.server import start_sandbox
from sync.sweep import SweepResult
from tests.flow.agent import agent, write_settings

STATES = {"S": 1, "F": 2}
Row = tuple[Any, ...]
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)


class Kill(BaseException):
    """The process died here."""


class Portal:
    """A small portal whose clock moves only when told, and an agent that reads it."""

    def __init__(self, folder: Path, box: Any, clock: "Clock") -> None:
        self.folder, self.box, self.clock = folder, box, clock
        self.settings = write_settings(folder, box)

    @contextmanager
    def opened(self) -> Iterator[App]:
        with agent(self.settings, self.clock) as app:
            yield app


class Clock:
    """The time on both sides."""

    now = NOON

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def portal(folder: Path, scale: str = "small") -> Iterator[Portal]:
    folder.mkdir(exist_ok=True)
    clock = Clock()
    with start_sandbox("bitrix24", scale=scale, seed=5, limits=False, clock=clock) as box:
        yield Portal(folder, box, clock)


@contextmanager
def at_requests(app: App, act: Callable[[int], None], *, before: bool) -> Iterator[None]:
    """Calls `act` with the number of each request, before it is sent or when it is answered."""
    client, number = app.client("main"), 0
    batch = client.batch

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal number
        number += 1
        if before:
            act(number)
        reply = batch(*given, **named)
        if not before:
            act(number)
        return reply

    with mock.patch.object(client, "batch", counted):
        yield


def true_deals(box: Any) -> set[Row]:
    """(id, funnel, stage, state, kopecks, owner, created, changed, closed) as the portal has it."""
    found = set()
    for deal in box.portal.deals.rows(Query()):
        now = deal.now
        state = STATES.get(semantic(now.stage) or "", 0)
        closed = int(now.moved_at) if state else None
        found.add(
            (str(deal.id), str(now.category), now.stage, state, now.amount, str(now.owner),
             int(deal.created_at), int(now.updated_at), closed)
        )  # fmt: skip
    return found


def stored_deals(app: App) -> set[Row]:
    with app.store.read() as tx:
        rows = tx.exec_driver_sql(
            "SELECT ref, pipeline_ref, stage_ref, state, amount, owner_ref, created_at / 1000, "
            "updated_at / 1000, closed_at / 1000 FROM deal WHERE removed_at IS NULL"
        )
        return {tuple(row) for row in rows}


def true_legs(box: Any) -> set[Row]:
    """(id, user, begun, talk) of every row that is neither internal nor an information call."""
    return {
        (str(row.id), str(row.user), int(row.start), row.duration if row.code == "200" else 0)
        for row in box.portal.calls.rows(Query())
        if row.type != 5 and row.category != "internal"
    }


def stored_legs(app: App) -> set[Row]:
    with app.store.read() as tx:
        rows = tx.exec_driver_sql("SELECT ref, user_ref, started_at / 1000, talk_s FROM call_leg")
        return {tuple(row) for row in rows}


def true_records(box: Any) -> set[Row]:
    """(kind, id, stage, owner, changed, won) of every lead and quote as the portal has it."""
    deals = [deal for deal in box.portal.deals.rows(Query()) if semantic(deal.now.stage) == "S"]
    won = {deal.id for deal in deals}
    made = [{(deal.extra or {}).get(name) for deal in deals} for name in ("leadId", "quoteId")]
    found = set()
    for kind, records, sources in (
        ("lead", box.portal.leads, made[0]),
        ("quote", box.portal.quotes, made[1]),
    ):
        for record in records.rows(Query()):
            now, is_won = record.now, record.id in sources or record.now.deal in won
            changed = int(now.updated_at)
            found.add((kind, str(record.id), now.stage, str(now.owner), changed, int(is_won)))
    return found


def stored_records(app: App) -> set[Row]:
    columns = "ref, stage_ref, owner_ref, updated_at / 1000, won"
    with app.store.read() as tx:
        return {
            (kind, *row)
            for kind in ("lead", "quote")
            for row in tx.exec_driver_sql(
                f"SELECT {columns} FROM {kind} WHERE removed_at IS NULL"  # noqa: S608
            )
        }


def agree(app: App, box: Any) -> None:
    """The store is the portal, and the KPIs are what the store says."""
    assert stored_deals(app) == true_deals(box)
    assert stored_records(app) == true_records(box)
    assert stored_legs(app) == true_legs(box)
    assert not rebuild(app.store, app.catalog), "the cells were wrong"


@pytest.mark.long
def test_killed_at_every_request_of_the_first_read_nothing_is_lost(tmp_path: Path) -> None:
    with portal(tmp_path / "once") as one, one.opened() as app:
        run_cycle(app, "main")
        requests = len(one.box.log)
        agree(app, one.box)
    assert requests >= 4
    for number in range(1, requests + 1):
        for before in (True, False):
            _killed_at(tmp_path / f"{number}{before}", number, before=before)


def _killed_at(folder: Path, number: int, *, before: bool) -> None:
    def die(count: int) -> None:
        if count == number:
            raise Kill

    with portal(folder) as killed:
        with (
            killed.opened() as app,
            at_requests(app, die, before=before),
            pytest.raises(Kill),
        ):
            run_cycle(app, "main")
        _work(killed, random.Random(number), 10)
        with killed.opened() as app:
            for _ in range(2):
                killed.clock.now += timedelta(minutes=5)
                assert not run_cycle(app, "main").errors
            run_sweep(app, "main")
            agree(app, killed.box)


@pytest.mark.parametrize("seed", range(3))
def test_while_people_work_between_the_requests_nothing_is_lost(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with portal(tmp_path / "busy") as busy, busy.opened() as app:
        with at_requests(app, lambda _number: _work(busy, chance, 15), before=True):
            for _ in range(4):
                assert not run_cycle(app, "main").errors
        for _ in range(2):
            busy.clock.now += timedelta(minutes=5)
            assert not run_cycle(app, "main").errors
        # Deletions leave no trace in any list: they are all that is left for the sweep.
        assert stored_deals(app) >= true_deals(busy.box)
        run_sweep(app, "main")
        agree(app, busy.box)


def swept(app: App) -> dict[str, SweepResult]:
    return {result.stream: result for result in run_sweep(app, "main")}


def test_a_restored_deal_and_a_deleted_one_are_found_by_the_sweep(tmp_path: Path) -> None:
    with portal(tmp_path / "bin", "tiny") as small, small.opened() as app:
        run_cycle(app, "main")
        deals = [deal.id for deal in small.box.portal.deals.rows(Query())]
        for deal in deals[:3]:
            small.box.portal.delete_deal(deal)
        result = swept(app)["deals"]
        assert result.removed == 3
        agree(app, small.box)
        small.box.portal.restore_deal(deals[0])
        run_cycle(app, "main")
        assert str(deals[0]) not in {row[0] for row in stored_deals(app)}
        result = swept(app)["deals"]
        assert (result.removed, result.missed) == (0, 1)
        agree(app, small.box)


def test_removed_leads_and_quotes_are_found_by_the_sweep_and_come_back(tmp_path: Path) -> None:
    with portal(tmp_path / "bin", "tiny") as small, small.opened() as app:
        run_cycle(app, "main")
        leads, quotes = small.box.portal.leads, small.box.portal.quotes
        lead, quote = next(iter(leads.rows(Query()))).id, next(iter(quotes.rows(Query()))).id
        leads.delete(lead)
        quotes.delete(quote)
        assert {name: each.removed for name, each in swept(app).items() if each.removed} == {
            "leads": 1, "quotes": 1,
        }  # fmt: skip
        agree(app, small.box)
        leads.restore(lead)
        assert swept(app)["leads"].missed == 1
        agree(app, small.box)


def test_reading_everything_again_changes_nothing(tmp_path: Path) -> None:
    with portal(tmp_path / "again") as small, small.opened() as app:
        run_cycle(app, "main")
        small.clock.now += timedelta(minutes=5)
        again = run_cycle(app, "main", full=True)
        assert sum(stream.read for stream in again.streams) > 3_000
        assert not any(stream.changed for stream in again.streams)
        agree(app, small.box)


def _work(busy: Portal, chance: random.Random, steps: int) -> None:
    for _ in range(steps):
        busy.clock.now += timedelta(seconds=chance.choice((0, 0.4, 1, 7)))
        busy.box.portal.live_step(chance)
