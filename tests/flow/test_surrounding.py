"""Clients, tasks and what deals sell become the true numbers, whatever happens meanwhile."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kpi.engine import rebuild
from merilo.cycle import run_cycle, run_late, run_sweep
from merilo.status import read_status
from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.product import Good
from tests.flow.kill import Kill
from tests.flow.surrounding import (
    ANNA,
    IVAN,
    Desk,
    column,
    dying,
    number,
    open_deals,
    stored,
    this_month,
    valued,
    work,
)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_after_any_work_read_now_and_then_every_number_is_the_truth(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with Desk.at(tmp_path) as one, one.opened() as app:
        one.read(app)
        for _ in range(10):
            for _ in range(chance.randrange(14)):
                work(one, chance)
                one.wait(seconds=chance.choice((1, 60, 3000)))
            one.wait(minutes=5)
            one.read(app)
        run_sweep(app, "main", accept=True)
        agreed = one.agree(app)
    for by, numbers in agreed.items():
        assert {metric for _, metric, _ in numbers} == {*one.mine}, by


def test_killed_at_every_request_of_the_first_read_nothing_is_lost(tmp_path: Path) -> None:
    with Desk.at(tmp_path / "once") as one, one.opened() as app:
        one.read(app)
        count = len(one.box.log)
        wanted = stored(app)
    assert count >= 3
    for at in range(1, count + 1):
        with Desk.at(tmp_path / f"{at}") as killed:
            with killed.opened() as app, dying(app, at), pytest.raises(Kill):
                run_cycle(app, "main")
            with killed.opened() as app:
                killed.read(app)
                assert stored(app) == wanted


def test_a_task_becomes_overdue_when_its_deadline_passes_and_nobody_touches_it(
    tmp_path: Path,
) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        one.portal.tasks.create(ANNA, deadline=one.clock.now + timedelta(hours=1))
        late = one.portal.tasks.create(ANNA, deadline=one.clock.now + timedelta(hours=2))
        one.read(app)
        assert number(app, "tasks_overdue") == 0
        one.wait(hours=1, minutes=1)
        one.read(app)
        assert number(app, "tasks_overdue") == 1
        one.wait(hours=3)
        one.portal.tasks.finish(late)
        one.wait(minutes=1)
        one.read(app)
        assert (number(app, "tasks_overdue"), number(app, "tasks_done")) == (2, 1)
        assert not rebuild(app.store, app.catalog)


def test_a_task_put_off_in_time_is_not_overdue(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        due = one.clock.now + timedelta(hours=1)
        task = one.portal.tasks.create(ANNA, deadline=due)
        one.read(app)
        one.wait(hours=2)
        one.read(app)
        assert number(app, "tasks_overdue") == 1
        one.portal.tasks.change(task, deadline=(due + timedelta(days=1)).timestamp())
        one.wait(minutes=1)
        one.read(app)
        assert number(app, "tasks_overdue") == 0


def test_after_a_merge_of_companies_a_sweep_finds_who_bought_before(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        first, second = (one.portal.companies.create(ANNA, name) for name in ("Один", "Два"))
        for company in (first, second):
            deal = one.portal.create_deal(ANNA, 100)
            one.portal.deals.every[deal].company = company
            one.wait(hours=1)
            one.portal.move_deal(deal, "WON")
        worker = one.portal.contacts.create(ANNA, "Пётр", company=second)
        one.wait(minutes=10)
        one.read(app)
        assert (number(app, "deals_repeat"), number(app, "companies_created")) == (0, 2)
        one.merge(4, [first, second])
        one.wait(minutes=5)
        one.read(app)
        assert number(app, "deals_repeat") == 0, "a merge leaves no mark on the deals"
        run_sweep(app, "main")
        assert (number(app, "deals_repeat"), number(app, "companies_created")) == (1, 1)
        assert column(app, "client", "company_ref", f"contact:{worker}") == f"company:{first}"
        assert not rebuild(app.store, app.catalog)


def test_after_a_merge_of_leads_the_win_counts_for_the_one_that_stayed(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        first, second = (one.portal.leads.create(ANNA) for _ in range(2))
        deal = one.portal.create_deal(ANNA, 100)
        one.portal.update_deal(deal, leadId=second)
        one.portal.move_deal(deal, "WON")
        one.read(app)
        assert (number(app, "leads_created"), number(app, "leads_won")) == (2, 1)
        one.merge(1, [first, second])
        one.wait(minutes=5)
        one.read(app)
        run_sweep(app, "main")
        assert (number(app, "leads_created"), number(app, "leads_won")) == (1, 1)
        assert column(app, "deal", "lead_ref", str(deal)) == str(first)


def test_a_deal_that_is_merged_away_takes_what_it_sold_along(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        first, second = (one.portal.create_deal(ANNA, 100) for _ in range(2))
        for deal in (first, second):
            one.portal.sell(deal, Good(1, "Насос", 10_000, 2000, 500))
            one.portal.move_deal(deal, "WON")
        one.read(app)
        assert (number(app, "products_sold"), number(app, "discounts")) == (2, "20.00")
        one.merge(2, [first, second])
        one.wait(minutes=5)
        one.read(app)
        run_sweep(app, "main")
        assert (number(app, "products_sold"), number(app, "discounts")) == (1, "10.00")
        assert not rebuild(app.store, app.catalog)


def test_rows_of_products_that_changed_without_a_mark_are_found_by_the_late_reading(
    tmp_path: Path,
) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 100)
        one.portal.sell(deal, Good(1, "Насос", 10_000), Good(2, "Фильтр", 10_000))
        one.portal.move_deal(deal, "WON")
        one.wait(minutes=10)
        one.read(app)
        one.wait(minutes=30)
        one.portal.sell(deal, Good(2, "Фильтр", 10_000), touch=False)
        one.read(app)
        assert number(app, "products_sold") == 2
        one.wait(minutes=30)
        run_late(app, "main")
        assert number(app, "products_sold") == 1


def test_a_call_whose_row_is_completed_later_is_found_by_the_late_reading(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        rows = one.portal.add_call(*(Leg(ANNA, 2, 60, "200", session=None) for _ in range(30)))
        one.read(app)
        one.wait(hours=2)
        one.portal.calls.every[rows[0] - 1].duration = 200
        one.read(app)
        assert number(app, "calls_120s") == 0, "only the last twenty rows are read again"
        run_late(app, "main")
        assert number(app, "calls_120s") == 1
        assert not rebuild(app.store, app.catalog)


def test_status_tells_when_late_rows_were_read_again(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        assert run_late(app, "main") == [], "what was never read has nothing late"
        one.read(app)
        run_late(app, "main")
        found = {each.stream: each.late_at for each in read_status(app).streams}
        assert found["calls"] == found["product_rows"] == one.clock.now
        assert found["deals"] is None


def test_a_sweep_killed_before_it_removes_follows_a_merge_the_next_time(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        first, second = (one.portal.leads.create(ANNA) for _ in range(2))
        deal = one.portal.create_deal(ANNA, 100)
        one.portal.update_deal(deal, leadId=second)
        one.wait(minutes=10)
        one.read(app)
        one.merge(1, [first, second])
        one.wait(minutes=10)
        count = 0
        while True:
            count += 3
            one.wait(minutes=1)  # the bucket of requests drains
            try:
                with dying(app, count):
                    run_sweep(app, "main")
                break
            except Kill:
                app.store.engine.dispose()
                gone = column(app, "lead", "removed_at", str(second)) is not None
                moved = column(app, "deal", "lead_ref", str(deal)) == str(first)
                assert moved or not gone
        assert count > 3
        assert column(app, "deal", "lead_ref", str(deal)) == str(first)


def test_wins_from_before_the_first_read_make_a_later_one_a_repeat(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty", since="2026-09-01") as one, one.opened() as app:
        long_ago = datetime(2025, 3, 1, 9, tzinfo=UTC)
        old, lost, _ = (one.portal.create_deal(ANNA, 100, at=long_ago) for _ in range(3))
        one.portal.move_deal(old, "WON", at=long_ago + timedelta(days=1))
        one.portal.move_deal(lost, "LOSE", at=long_ago + timedelta(days=1))
        new = one.portal.create_deal(ANNA, 200)
        one.portal.move_deal(new, "WON")
        for deal in (old, lost, new):
            one.portal.deals.every[deal].company = 3
        one.read(app)
        share, standing = valued(app, "deals_repeat"), open_deals(app)
        assert (share.value, standing.value, standing.state) == (1, 1, "value")
        assert this_month(app, "deals_repeat").state == "value"
        run_sweep(app, "main")
        assert column(app, "deal", "removed_at", str(old)) is None
        one.portal.delete_deal(old)
        one.wait(minutes=5)
        one.read(app)
        run_sweep(app, "main")
        assert number(app, "deals_repeat") == 0
        assert column(app, "deal", "ref", str(lost)) is None


def test_until_the_past_was_read_repeats_are_known_in_part(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty", since="2026-09-01") as one, one.opened() as app:
        deal = one.portal.create_deal(ANNA, 200, at=datetime(2025, 3, 1, 9, tzinfo=UTC))
        one.portal.move_deal(deal, "WON")
        names = [each.name for each in app.connectors["main"].streams]
        run_cycle(app, "main", names=[name for name in names if name != "past_deals"])
        assert this_month(app, "deals_repeat").state == "partial"
        one.read(app)
        assert this_month(app, "deals_repeat").state == "value"


def test_departments_and_who_is_in_them_are_kept(tmp_path: Path) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        made = [one.portal.add_department(f"Отдел {number}", head=IVAN) for number in range(60)]
        one.portal.users[ANNA].department = made[-1]
        one.read(app)
        with app.store.read() as tx:
            kept = tx.exec_driver_sql("SELECT COUNT(*) FROM department").scalar()
            where = "SELECT department_ref FROM account_department WHERE account_ref = '7'"
            home = [row[0] for row in tx.exec_driver_sql(where)]
        assert (kept, home) == (63, [str(made[-1])])
        assert column(app, "department", "head_ref", str(made[-1])) == str(IVAN)
        one.wait(minutes=1)
        one.read(app)
        one.box.log.clear()
        one.wait(minutes=1)
        one.read(app)
        assert len(one.box.log) == 1


def test_without_a_scope_tasks_and_departments_are_unknown_and_nothing_fails(
    tmp_path: Path,
) -> None:
    with Desk.at(tmp_path, "empty") as one, one.opened() as app:
        one.portal.access.scopes -= {"task", "department"}
        one.portal.tasks.create(ANNA)
        one.read(app)
        found = this_month(app, "tasks_created")
        assert (found.value, found.state) == (None, "unknown")
        one.portal.access.scopes |= {"task", "department"}
        one.wait(minutes=1)
        one.read(app)
        found = this_month(app, "tasks_created")
        assert (found.value, found.state) == (1, "value")
