"""An amoCRM account read over sockets: killed at every request, changed between requests."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kpi.engine import rebuild
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.amocrm.pipeline import LOST, WON
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow import amo
from tests.flow.agent import Numbers, rows_of
from tests.flow.amo import shown_values, true_values, write_settings
from tests.flow.kill import Kill, at_calls, dying

STATES = {WON: 1, LOST: 2}
Row = tuple[Any, ...]


class Office(amo.Office):
    """A small account, and what happens to it."""

    def read(self, app: App, *, full: bool = False) -> Any:
        """A pass some minutes later."""
        self.clock.forward(minutes=5)
        result = run_cycle(app, "amo", full=full)
        assert not result.errors
        return result

    def work(self, chance: random.Random, steps: int) -> None:
        """People do things, some of them in the same second."""
        for _ in range(steps):
            self.clock.forward(seconds=chance.choice((0, 0.4, 1, 7)))
            self.account.live_step(chance)


@contextmanager
def office(folder: Path, scale: str = "tiny", *, paid: bool = True) -> Iterator[Office]:
    folder.mkdir(exist_ok=True)
    clock = Clock()
    with start_sandbox("amocrm", scale=scale, seed=5, limits=False, clock=clock) as box:
        box.account.filter_paid = paid
        yield Office(box, clock, write_settings(folder, box, since="2026-03-01"))


def true_leads(box: Any) -> set[Row]:
    """(id, funnel, stage, state, kopecks, owner, client) as the account has it."""
    unsorted = {(one.id, one.unsorted) for one in box.account.pipelines.values()}
    found = set()
    for lead in box.account.leads.rows.values():
        if (lead.pipeline_id, lead.status_id) in unsorted:
            continue
        client = f"company:{lead.company}" if lead.company else None
        client = client or (f"contact:{lead.contact}" if lead.contact else None)
        state = STATES.get(lead.status_id, 0)
        stage = (str(lead.pipeline_id), str(lead.status_id), state)
        found.add((str(lead.id), *stage, lead.price * 100, str(lead.now.owner), client))
    return found


def stored_leads(app: App) -> set[Row]:
    columns = "ref, pipeline_ref, stage_ref, state, amount, owner_ref, client_ref"
    return rows_of(app, "amo", "deal", columns)


def true_lines(box: Any) -> set[Row]:
    """(lead, element, thousandths) of what leads have of products."""
    leads = {int(row[0]) for row in true_leads(box)}
    return {
        (str(lead), str(good.element), good.quantity)
        for lead in leads
        for good in box.account.goods_of(lead)
        if box.account.catalogs[good.catalog].type == "products"
    }


def stored_refs(app: App) -> set[str]:
    return {row[0] for row in stored_leads(app)}


def agree(app: App, one: Office) -> Numbers:
    """The store is the account, and the numbers are the truth by day; what agrees."""
    assert stored_leads(app) == true_leads(one.box)
    lines = rows_of(app, "amo", "product_line", "deal_ref, product_ref, quantity")
    assert lines == true_lines(one.box)
    days: dict[str, Any] = {"since": date(2026, 3, 1), "until": one.clock.now.date()}
    expected = true_values(one.box, **days, by="day", read=one.clock.now)
    found = shown_values(app, **days, by="day")
    assert {key: value for key, value in found.items() if value[1]} == expected
    assert not rebuild(app.store, app.catalog), "the cells were wrong"
    return expected


@pytest.mark.parametrize("paid", [True, False])
def test_while_people_work_between_the_requests_nothing_is_lost(
    tmp_path: Path, *, paid: bool
) -> None:
    chance = random.Random(int(paid))
    with office(tmp_path / "busy", paid=paid) as busy, busy.opened() as app:
        client = app.client("amo")
        with at_calls(client, "get", lambda _number: busy.work(chance, 3), before=True):
            for _ in range(4):
                assert not run_cycle(app, "amo").errors
        for _ in range(2):
            busy.read(app)
        agree(app, busy)


def test_a_quiet_account_is_read_again_without_a_change(tmp_path: Path) -> None:
    with office(tmp_path / "quiet") as quiet, quiet.opened() as app:
        quiet.read(app)
        for _ in range(3):
            again = quiet.read(app)
            assert not any(stream.changed for stream in again.streams)
        assert not any(stream.changed for stream in quiet.read(app, full=True).streams)
        agree(app, quiet)


def test_killed_at_requests_of_the_first_read_nothing_is_lost(tmp_path: Path) -> None:
    with office(tmp_path / "once") as one, one.opened() as app:
        one.read(app)
        requests = len(one.box.log)
        assert agree(app, one)
    numbers = range(2, requests + 1, 19)
    assert len(numbers) > 1
    for number in numbers:
        assert _killed_at(tmp_path / f"{number}", number, before=number % 2 == 0)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("before", [True, False])
def test_killed_at_every_request_of_the_first_read_nothing_is_lost(
    tmp_path: Path, *, before: bool
) -> None:
    with office(tmp_path / "once") as one, one.opened() as app:
        one.read(app)
        requests = len(one.box.log)
    assert requests > 20
    for number in range(1, requests + 1):
        assert _killed_at(tmp_path / f"{number}", number, before=before)


def _killed_at(folder: Path, number: int, *, before: bool) -> Numbers:
    """The numbers that agree when the process died at a request and people worked on."""
    with office(folder) as killed:
        with (
            killed.opened() as app,
            dying(app.client("amo"), "get", number, before=before),
            pytest.raises(Kill),
        ):
            run_cycle(app, "amo")
        killed.work(random.Random(number), 10)
        with killed.opened() as app:
            killed.read(app)
            killed.read(app)
            return agree(app, killed)


def test_a_deleted_lead_is_gone_with_the_next_pass_and_back_when_it_is_restored(
    tmp_path: Path,
) -> None:
    with office(tmp_path / "bin") as small, small.opened() as app:
        small.read(app)
        lead = next(iter(small.account.leads.rows))
        small.account.delete_lead(lead)
        small.read(app)
        without = agree(app, small)
        assert str(lead) not in stored_refs(app)
        small.account.restore_lead(lead)
        small.read(app)
        assert agree(app, small) != without
        assert str(lead) in stored_refs(app)


@pytest.mark.parametrize("paid", [True, False])
def test_of_merged_leads_one_is_left_and_merged_contacts_are_one_client(
    tmp_path: Path, *, paid: bool
) -> None:
    with office(tmp_path / "merged", paid=paid) as small, small.opened() as app:
        small.read(app)
        survivor, loser, *_ = small.account.leads.rows
        small.account.merge_leads(survivor, loser)
        alone = [lead for lead in small.account.leads.rows.values() if not lead.company]
        first, second = sorted({lead.contact for lead in alone if lead.contact})[:2]
        small.account.merge_contacts(first, second)
        small.read(app)
        agree(app, small)
        assert stored_refs(app) & {str(survivor), str(loser)} == {str(survivor)}
        clients = {row[-1] for row in stored_leads(app)}
        assert clients & {f"contact:{first}", f"contact:{second}"} == {f"contact:{first}"}


@pytest.mark.parametrize("folder", ["leads", "contacts"])
def test_calls_letters_and_meetings_of_what_was_merged_away_belong_to_what_is_left(
    tmp_path: Path, folder: str
) -> None:
    with office(tmp_path / "moved") as small, small.opened() as app:
        account, clients = small.account, folder == "contacts"
        survivor, loser, *_ = (account.contacts if clients else account.leads).rows
        owner = next(each.id for each in account.users.values() if not each.admin)
        (call,) = account.add_call(owner, (folder, loser), duration=60, uniq="moved")
        (letter,) = account.add_letter(owner, (folder, loser), incoming=False)
        meeting = account.add_task(owner, place=(folder, loser))
        small.read(app)
        assert about(app, folder, call, letter, meeting) == {f"{folder[:-1]}:{loser}"}
        (account.merge_contacts if clients else account.merge_leads)(survivor, loser)
        small.read(app)
        assert about(app, folder, call, letter, meeting) == {f"{folder[:-1]}:{survivor}"}
        agree(app, small)


def about(app: App, folder: str, call: int, letter: int, meeting: int) -> set[str | None]:
    """What a call, a letter and a meeting are about, as stored."""
    rows = (
        ("call_leg", "client_ref", f"{call}@{folder}"),
        ("email", "about_ref", f"{letter}@{folder}"),
        ("meeting", "about_ref", str(meeting)),
    )
    with app.store.read() as tx:
        found = [
            tx.exec_driver_sql(f"SELECT {column} FROM {table} WHERE ref = '{ref}'").all()  # noqa: S608
            for table, column, ref in rows
        ]
    return {row[0] for (row,) in found}


def test_a_client_counts_for_who_had_them_first_whoever_has_them_when_they_are_read(
    tmp_path: Path,
) -> None:
    with office(tmp_path / "given") as small, small.opened() as app:
        anna, boris, *_ = (each.id for each in small.account.users.values() if not each.admin)
        contact = small.account.add_contact(anna, "Пётр Белов")
        company = small.account.add_company(anna, "ООО «Вектор»")
        small.clock.forward(minutes=1)
        small.account.assign_client("contacts", contact, boris)
        small.account.assign_client("companies", company, boris)
        small.read(app)
        with app.store.read() as tx:
            rows = tx.exec_driver_sql(
                "SELECT client.ref, alias.ref FROM client JOIN alias ON created_by = manager_id"
            )
            credited = {ref: int(user) for ref, user in rows}
        assert credited[f"contact:{contact}"] == credited[f"company:{company}"] == anna


def test_a_lead_in_unsorted_counts_from_its_acceptance_on(tmp_path: Path) -> None:
    with office(tmp_path / "unsorted") as small, small.opened() as app:
        owner = small.account.leads.rows[next(iter(small.account.leads.rows))].now.owner
        kept, declined = (small.account.receive_unsorted(owner) for _ in range(2))
        small.read(app)
        waiting = str(small.account.incoming[kept].lead)
        assert waiting not in stored_refs(app)
        small.clock.forward(minutes=9)
        small.account.accept_unsorted(kept, owner)
        small.account.decline_unsorted(declined)
        small.read(app)
        assert waiting in stored_refs(app)
        agree(app, small)


def test_the_sweep_finds_what_no_event_told_of(tmp_path: Path) -> None:
    with office(tmp_path / "swept") as small, small.opened() as app:
        small.read(app)
        ghost, *_ = small.account.leads.rows
        small.account.leads.hide(ghost)
        small.read(app)
        assert str(ghost) in stored_refs(app)
        swept = {result.stream: result for result in run_sweep(app, "amo")}
        assert swept["deals"].removed == 1
        assert str(ghost) not in stored_refs(app)
