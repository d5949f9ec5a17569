"""Numbers written into amoCRM: a list of managers and months, and fields of leads."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from merilo.cycle import run_cycle
from merilo.scorecard import apply_writeback, plan_writeback, run_writeback, undo_writeback
from merilo.wiring import App
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow.amo import agent, write_settings
from tests.flow.kill import Kill, dying

DESTINATIONS = """
[[destinations]]
source = "amo"
kind = "scorecard"
metrics = ["deals_won", "revenue", "win_rate", "calls_120s", "talk_time"]
today = ["calls_120s"]

[[destinations]]
source = "amo"
kind = "record_fields"
metrics = ["days_in_stage", "talk_minutes", "last_contact"]
"""


def our_list(account: Any) -> Any:
    """The only list that is not of products."""
    (found,) = (each for each in account.catalogs.values() if each.type == "regular")
    return found


class Office:
    """An account that was read once, and what is written there."""

    def __init__(self, app: App, box: Any, clock: Clock) -> None:
        self.app, self.box, self.account, self.clock = app, box, box.account, clock
        self.cards, self.facts = app.settings.destinations

    def turn(self) -> None:
        """What the service does some minutes later."""
        self.clock.forward(minutes=11)
        assert not run_cycle(self.app, "amo").errors

    def element(self, title: str) -> Any:
        """An element of our list by what its title begins with."""
        elements = self.account.elements[our_list(self.account).id]
        return next(row for row in elements.rows.values() if row.name.startswith(title))

    def shown(self, entity: str, row: Any) -> dict[str, Any]:
        """What a record shows, by the code of its fields."""
        fields = self.account.fields.of(entity)
        return {fields[key].code: values[0]["value"] for key, values in row.values.items()}


@pytest.fixture(params=[True])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    clock = Clock()
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False, clock=clock) as box:
        box.account.filter_paid = request.param
        path = write_settings(tmp_path, box, since="2026-08-01", extra=DESTINATIONS)
        with agent(path, clock) as app:
            assert not run_cycle(app, "amo").errors
            yield Office(app, box, clock)


def test_a_list_shows_every_manager_and_stays_silent_when_nothing_changed(office: Office) -> None:
    steps = plan_writeback(office.app, office.cards).steps
    assert {step.action for step in steps} == {"create_type", "create_field", "create"}
    result = apply_writeback(office.app, office.cards)
    assert result.written
    assert not result.rejected
    catalog = our_list(office.account)
    assert (catalog.name, catalog.can_add_elements) == ("Показатели менеджеров", False)
    shown = office.shown(f"catalogs/{catalog.id}", office.element("Анна Петрова · 2026-10"))
    assert shown["MERILO_KEY"].startswith("merilo:")
    assert plan_writeback(office.app, office.cards).steps == ()
    asked = len(office.box.log)
    assert run_writeback(office.app, office.cards.name).written == 0
    assert len(office.box.log) == asked


def test_a_person_s_edit_stays_and_a_new_number_is_written(office: Office) -> None:
    apply_writeback(office.app, office.cards)
    row = office.element("Анна Петрова · 2026-10")
    entity = f"catalogs/{row.catalog}"
    code = {one.code: one.id for one in office.account.fields.of(entity).values()}
    row.values[code["MERILO_DEALS_WON"]] = [{"value": "77"}]
    found = run_writeback(office.app, office.cards.name, verify=True)
    assert [(each.field, each.theirs) for each in found.conflicts] == [("deals_won", "77")]
    before = office.shown(entity, row).get("MERILO_CALLS_120S", "0")
    owner = next(one.id for one in office.account.users.values() if one.name == "Анна Петрова")
    office.account.add_call(owner, ("contacts", next(iter(office.account.contacts.rows))),
                            duration=180, uniq="new", at=office.clock.now)  # fmt: skip
    office.turn()
    assert run_writeback(office.app, office.cards.name).written == 1
    shown = office.shown(entity, row)
    assert int(shown["MERILO_CALLS_120S"]) == int(before) + 1
    assert shown["MERILO_DEALS_WON"] == "77"


@pytest.mark.parametrize(
    "office", [True, False], ids=["with the filter", "without it"], indirect=True
)
def test_facts_of_leads_are_written_by_code_and_change_nothing_that_is_counted(
    office: Office,
) -> None:
    waiting = office.account.receive_unsorted(next(iter(office.account.users)))
    result = apply_writeback(office.app, office.facts)
    assert result.written
    assert not result.rejected
    sent = [write for write in office.account.writes if write.request == "PATCH leads"]
    assert len(sent) == result.written
    assert office.account.incoming[waiting].lead not in {write.id for write in sent}
    shown = [office.shown("leads", office.account.leads.rows[write.id]) for write in sent]
    assert any("MERILO_DAYS_IN_STAGE" in each for each in shown)
    office.clock.forward(minutes=11)
    again = run_cycle(office.app, "amo")
    assert not any(stream.changed for stream in again.streams)
    assert run_writeback(office.app, office.facts.name).written == 0


def test_undo_puts_back_what_a_later_run_changed(office: Office) -> None:
    apply_writeback(office.app, office.facts)
    leads = office.account.leads.rows.values()
    lead = next(each for each in leads if "MERILO_DAYS_IN_STAGE" in office.shown("leads", each))
    before = office.shown("leads", lead)
    office.clock.forward(days=1)
    office.turn()
    result = run_writeback(office.app, office.facts.name)
    assert result.run is not None
    assert office.shown("leads", lead) != before
    undone = undo_writeback(office.app, office.facts, result.run)
    assert not undone.rejected
    assert office.shown("leads", lead) == before


def test_a_lost_answer_makes_no_second_list_and_no_second_element(office: Office) -> None:
    for method in ("POST catalogs", "POST catalogs/{id}/elements"):
        office.box.faults.add("lost", method=method)
    for _ in range(3):
        try:
            apply_writeback(office.app, office.cards)
        except Exception:  # noqa: S112 (what was lost is found by the next act)
            continue
    catalog = our_list(office.account)
    names = [row.name for row in office.account.elements[catalog.id].rows.values()]
    assert len(names) == len(set(names)) > 0
    assert plan_writeback(office.app, office.cards).steps == ()


@pytest.mark.parametrize(("number", "before"), [(1, False), (2, False), (3, False), (3, True)])
def test_killed_at_a_write_nothing_is_made_twice(
    tmp_path: Path, number: int, *, before: bool
) -> None:
    clock = Clock()
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False, clock=clock) as box:
        path = write_settings(tmp_path, box, since="2026-08-01", extra=DESTINATIONS)
        with agent(path, clock) as app:
            assert not run_cycle(app, "amo").errors
            with (
                dying(app.client("amo"), "write", number, before=before),
                pytest.raises(Kill),
            ):
                apply_writeback(app, app.settings.destinations[0])
        with agent(path, clock) as app:
            assert run_writeback(app, "amo/scorecard").paused is None
            assert plan_writeback(app, app.settings.destinations[0]).steps == ()
        catalog = our_list(box.account)
        codes = [one.code for one in box.account.fields.of(f"catalogs/{catalog.id}").values()]
        names = [row.name for row in box.account.elements[catalog.id].rows.values()]
        assert len(codes) == len(set(codes)) > 0
        assert len(names) == len(set(names)) > 0


def test_without_rights_only_the_destination_waits(office: Office) -> None:
    office.account.access.admin = False
    office.account.access.catalogs = False
    assert run_writeback(office.app, office.cards.name).paused
    with pytest.raises(Exception, match="denies access"):
        apply_writeback(office.app, office.cards)
