"""Plan, approval, guard, pauses and undo."""

from decimal import Decimal

import pytest

from connectors.destination import FieldKind, FieldSpec
from store import ledger
from store.error import GuardError
from tests.writeback.office import FIELDS, MONTHS, Office, settings
from writeback.error import RunError

EXTRA = FieldSpec(name="deals_won", title="Выигранные сделки", kind=FieldKind.COUNT)


def test_the_service_makes_nothing_that_nobody_approved(office: Office) -> None:
    office.box.log.clear()
    paused = office.drain().paused
    assert paused is not None
    assert "merilo writeback apply" in paused
    assert len(office.box.log) == 0
    assert office.processes == []


def test_a_new_metric_waits_for_approval_and_its_removal_ends_the_wait(office: Office) -> None:
    office.apply()
    office.fields = (*FIELDS, EXTRA)
    assert office.drain().paused is not None
    office.fields = FIELDS
    assert office.drain().paused is None


def test_a_new_metric_is_added_by_apply(office: Office) -> None:
    office.apply()
    office.fields = (*FIELDS, EXTRA)
    office.scores[3, MONTHS[1]] |= {"deals_won": 2}
    actions = [(step.action, step.field, step.new) for step in office.plan()]
    assert ("create_field", "deals_won", "Выигранные сделки") in actions
    office.apply()
    assert office.shown("deals_won") == 2
    assert len(office.processes) == 1


def test_the_plan_lists_every_step_and_sends_nothing(office: Office) -> None:
    steps = office.plan()
    assert office.writes() == 0
    assert [step.action for step in steps[:7]] == ["create_type"] + ["create_field"] * 6
    created = {(s.manager, s.period, s.field): s.new for s in steps if s.action == "create"}
    assert created["Анна Петрова", MONTHS[1], "win_rate"] == "37.5"
    assert ("Анна Петрова", MONTHS[0], "win_rate") not in created
    office.apply()
    assert office.plan() == ()


def test_the_plan_of_a_change_names_record_old_and_new(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    step = office.plan()[0]
    assert (step.action, step.field, step.old, step.new) == ("update", "calls_120s", "12", "13")
    assert step.record == str(office.item()["id"])


def test_a_large_first_write_needs_yes(office: Office) -> None:
    office.settings = settings(max_first_writes=3)
    with pytest.raises(GuardError) as raised:
        office.apply()
    assert "4 records" in raised.value.what
    assert office.writes() == 0
    assert office.apply(yes=True).written == 4
    for values in office.scores.values():
        values["calls_120s"] = 1000
    assert office.drain().written == 4


def test_the_service_stops_before_a_first_write_that_grew_too_large(office: Office) -> None:
    october = {key: office.scores.pop(key) for key in list(office.scores)}
    office.apply()
    office.scores = october
    office.settings = settings(max_first_writes=3)
    assert office.place().written_at is None
    assert "max_first_writes" in str(office.drain().paused)
    office.settings = settings(max_first_writes=4)
    assert office.drain().written == 4


def test_a_field_that_a_person_deleted_pauses_until_apply_makes_it_again(office: Office) -> None:
    office.apply()
    fields = office.box.portal.userfields.by_id
    [gone] = [key for key, each in fields.items() if each.name.endswith("_REVENUE")]
    del fields[gone]
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    assert "gone" in str(office.drain().paused)
    office.box.log.clear()
    office.drain()
    assert len(office.box.log) == 0
    assert "create_field" in [step.action for step in office.plan()]
    office.apply()
    assert office.drain().paused is None


def test_a_process_that_a_person_deleted_is_made_again_by_apply(office: Office) -> None:
    office.apply()
    office.box.portal.smart.by_id.clear()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    assert office.drain().paused is not None
    assert office.apply().written == 4
    assert office.agrees()


def test_undo_of_the_first_run_leaves_no_trace_and_pauses(office: Office) -> None:
    run = office.apply().run
    assert run is not None
    result = office.undo(run)
    assert (result.put_back, result.left) == (4, ())
    assert office.processes == []
    assert "undone" in str(office.drain().paused)
    assert office.apply().written == 4
    assert office.agrees()


def test_undo_puts_old_values_back_where_ours_stands(office: Office) -> None:
    office.apply()
    before = {row["id"]: row for row in office.items}
    office.pass_time(hours=1)
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13, "win_rate": None}
    office.scores[4, MONTHS[1]] |= {"revenue": Decimal("5")}
    run = office.drain().run
    assert run is not None
    assert office.undo(run).put_back == 2
    assert [_values(row) for row in office.items] == [_values(row) for row in before.values()]
    assert office.apply().conflicts == ()
    assert office.agrees()


def test_undo_leaves_and_reports_what_a_person_changed_since(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13, "revenue": Decimal("5")}
    run = office.drain().run
    assert run is not None
    office.edit("calls_120s", 500)
    [left] = office.undo(run).left
    assert (left.key, left.fields) == ("merilo:3:2026-10", ("calls_120s",))
    assert (office.shown("calls_120s"), office.shown("revenue")) == (500, 0)


def test_undo_leaves_a_created_record_that_a_person_edited(office: Office) -> None:
    run = office.apply().run
    assert run is not None
    office.edit("calls_120s", 500)
    [left] = office.undo(run).left
    assert left.key == "merilo:3:2026-10"
    assert len(office.items) == 1
    assert office.shown("calls_120s") == 500


def test_undo_leaves_what_a_later_run_wrote(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    run = office.drain().run
    assert run is not None
    office.scores[3, MONTHS[1]] |= {"calls_120s": 14}
    office.drain()
    office.undo(run)
    assert office.shown("calls_120s") == 14


def test_undo_removes_a_field_the_run_added_while_nobody_filled_it(office: Office) -> None:
    office.apply()
    office.fields = (*FIELDS, EXTRA)
    office.scores[3, MONTHS[1]] |= {"deals_won": 2}
    run = office.apply().run
    assert run is not None
    office.undo(run)
    names = {each.name for each in office.box.portal.userfields.by_id.values()}
    assert not any(name.endswith("DEALS_WON") for name in names)
    office.apply()
    assert office.shown("deals_won") == 2


def test_undo_keeps_an_added_field_that_a_person_filled(office: Office) -> None:
    office.apply()
    office.fields = (*FIELDS, EXTRA)
    run = office.apply().run
    assert run is not None
    office.edit("deals_won", 9)
    office.undo(run)
    assert office.shown("deals_won") == 9


def test_changes_are_kept_for_ninety_days_and_creations_for_ever(office: Office) -> None:
    office.apply()
    for value in (13, 14, 15):
        office.scores[3, MONTHS[1]] |= {"calls_120s": value}
        office.drain()
        office.pass_time(days=60)
    with office.store.read() as tx:
        runs = [ledger.find_run(tx, number) for number in (1, 2, 3, 4)]
    assert [found is not None for found in runs] == [True, False, True, True]


def test_a_run_that_does_not_exist_is_a_mistake_and_pauses_nothing(office: Office) -> None:
    office.apply()
    with pytest.raises(RunError):
        office.undo(77)
    assert office.drain().paused is None


def _values(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if not name.startswith("updated")}
