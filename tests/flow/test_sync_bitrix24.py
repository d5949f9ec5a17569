"""A portal read over sockets: killed at every request, changed between requests, row for row."""

import random
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.bitrix24.listing import Query
from sandbox.bitrix24.stage import semantic
from sync.sweep import SweepResult
from tests.flow.agent import rows_of
from tests.flow.kill import Kill, at_calls, dying
from tests.flow.office import Office

STATES = {"S": 1, "F": 2}
Row = tuple[Any, ...]


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
    columns = "ref, pipeline_ref, stage_ref, state, amount, owner_ref"
    moments = "created_at / 1000, updated_at / 1000, closed_at / 1000"
    return rows_of(app, "main", "deal", f"{columns}, {moments}")


def true_legs(box: Any) -> set[Row]:
    """(id, user, begun, talk) of every row that is neither internal nor an information call."""
    return {
        (str(row.id), str(row.user), int(row.start), row.duration if row.code == "200" else 0)
        for row in box.portal.calls.rows(Query())
        if row.type != 5 and row.category != "internal"
    }


def stored_legs(app: App) -> set[Row]:
    return rows_of(app, "main", "call_leg", "ref, user_ref, started_at / 1000, talk_s")


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
    kinds = ("lead", "quote")
    return {(kind, *row) for kind in kinds for row in rows_of(app, "main", kind, columns)}


def agree(app: App, box: Any) -> None:
    """The store is the portal, and the KPIs are what the store says."""
    assert stored_deals(app) == true_deals(box)
    assert stored_records(app) == true_records(box)
    assert stored_legs(app) == true_legs(box)
    assert not rebuild(app.store, app.catalog), "the cells were wrong"


@pytest.mark.long
def test_killed_at_every_request_of_the_first_read_nothing_is_lost(tmp_path: Path) -> None:
    with Office.at(tmp_path / "once", "small") as one, one.opened() as app:
        run_cycle(app, "main")
        requests = len(one.box.log)
        agree(app, one.box)
    assert requests >= 4
    for number in range(1, requests + 1):
        for before in (True, False):
            _killed_at(tmp_path / f"{number}{before}", number, before=before)


def _killed_at(folder: Path, number: int, *, before: bool) -> None:
    with Office.at(folder, "small") as killed:
        with (
            killed.opened() as app,
            dying(app.client("main"), "batch", number, before=before),
            pytest.raises(Kill),
        ):
            run_cycle(app, "main")
        work(killed, random.Random(number), 10)
        with killed.opened() as app:
            for _ in range(2):
                killed.wait(minutes=5)
                assert not run_cycle(app, "main").errors
            run_sweep(app, "main")
            agree(app, killed.box)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 4))]
)
def test_while_people_work_between_the_requests_nothing_is_lost(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with Office.at(tmp_path / "busy", "small") as busy, busy.opened() as app:
        client = app.client("main")
        with at_calls(client, "batch", lambda _number: work(busy, chance, 15), before=True):
            for _ in range(4):
                assert not run_cycle(app, "main").errors
        for _ in range(2):
            busy.wait(minutes=5)
            assert not run_cycle(app, "main").errors
        # Deletions leave no trace in any list: they are all that is left for the sweep.
        assert stored_deals(app) >= true_deals(busy.box)
        run_sweep(app, "main")
        agree(app, busy.box)


def swept(app: App) -> dict[str, SweepResult]:
    return {result.stream: result for result in run_sweep(app, "main")}


def test_a_restored_deal_and_a_deleted_one_are_found_by_the_sweep(tmp_path: Path) -> None:
    with Office.at(tmp_path / "bin") as small, small.opened() as app:
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
    with Office.at(tmp_path / "bin") as small, small.opened() as app:
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
    with Office.at(tmp_path / "again", "small") as small, small.opened() as app:
        run_cycle(app, "main")
        small.wait(minutes=5)
        again = run_cycle(app, "main", full=True)
        assert sum(stream.read for stream in again.streams) > 3_000
        assert not any(stream.changed for stream in again.streams)
        agree(app, small.box)


def work(busy: Office, chance: random.Random, steps: int) -> None:
    """People do things, some of them in the same second."""
    for _ in range(steps):
        busy.wait(seconds=chance.choice((0, 0.4, 1, 7)))
        busy.box.portal.live_step(chance)
