"""Our fields on employees and on deals: set, compared, read back, taken away again."""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.destination import DeniedError, FieldKind, FieldSpec
from connectors.error import RetryableError
from store.error import GuardError
from store.store import open_store
from tests.writeback.office import FIELDS, Killer, KillSignal
from tests.writeback.record_office import (
    ADD,
    KINDS,
    LISTING,
    UPDATES,
    RecordOffice,
    open_record_office,
)


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RecordOffice]:
    with open_record_office(tmp_path, request.param) as opened:
        yield opened


def test_every_record_shows_its_values_in_fields_of_the_right_type(office: RecordOffice) -> None:
    assert office.apply().written == 2
    assert office.is_right()
    fields = {each.name: each for each in office.box.portal.userfields.by_id.values()}
    revenue, count = fields[office.code("revenue")], fields[office.code("calls_120s")]
    assert (revenue.kind, revenue.settings["PRECISION"]) == ("double", "2")
    assert (count.kind, count.labels["ru"]) == ("integer", "Разговоры от 120 с")


def test_nothing_is_written_before_somebody_approved_it(office: RecordOffice) -> None:
    office.box.log.clear()
    assert "merilo writeback apply" in str(office.drain().paused)
    assert len(office.box.log) == 0
    assert office.field_names() == set()


def test_a_quiet_cycle_sends_nothing_and_a_check_writes_nothing(office: RecordOffice) -> None:
    office.apply()
    before = office.writes()
    office.box.log.clear()
    for _ in range(3):
        office.pass_time(minutes=10)
        assert office.drain().run is None
    assert len(office.box.log) == 0
    assert office.drain(verify=True).written == 0
    assert office.apply().written == 0
    assert office.writes() == before


def test_one_changed_value_is_one_update_of_that_field_alone(office: RecordOffice) -> None:
    office.apply()
    before = office.writes()
    first = next(iter(office.values))
    office.values[first] |= {"calls_120s": 13}
    assert office.drain().written == 1
    [write] = office.box.portal.writes[before:]
    assert set(write.changed) - {office.code("AS_OF")} == {office.code("calls_120s")}
    assert office.is_right()


def test_a_value_that_becomes_unknown_is_emptied_and_zero_stays_zero(office: RecordOffice) -> None:
    office.apply()
    first, second = office.values
    office.values[first] |= {"revenue": None}
    office.drain()
    assert office.value(first, "revenue") is None
    assert office.value(second, "calls_120s") == 0
    assert office.is_right()


def test_the_plan_names_fields_and_changes_and_sends_nothing(office: RecordOffice) -> None:
    steps = office.plan()
    assert office.writes() == 0
    made = [step.field for step in steps if step.action == "create_field"]
    assert len(made) == office.fields_made
    updates = {(s.record, s.field): s.new for s in steps if s.action == "update"}
    assert updates[next(iter(office.values)), "win_rate"] == "37.5"
    office.apply()
    assert office.plan() == ()


def test_a_large_first_write_needs_yes(office: RecordOffice) -> None:
    office.settings = office.settings.model_copy(update={"max_first_writes": 1})
    with pytest.raises(GuardError):
        office.apply()
    assert office.writes() == 0
    assert office.apply(yes=True).written == 2


def test_undo_leaves_neither_value_nor_field(office: RecordOffice) -> None:
    run = office.apply().run
    assert run is not None
    assert office.undo(run).put_back == 2
    assert office.field_names() == set()
    assert all(value is None for ref in office.values for value in office.stored(ref).values())
    assert "undone" in str(office.drain().paused)
    assert office.apply().written == 2
    assert office.is_right()


def test_undo_puts_back_what_stood_and_leaves_what_a_person_wrote(office: RecordOffice) -> None:
    office.apply()
    first = next(iter(office.values))
    office.values[first] |= {"calls_120s": 13, "revenue": Decimal("5")}
    run = office.drain().run
    assert run is not None
    office.change(first, "calls_120s", 500)
    [left] = office.undo(run).left
    assert left.fields == ("calls_120s",)
    assert (office.value(first, "calls_120s"), office.value(first, "revenue")) == (500, 0)


@pytest.mark.parametrize("value", [0, 9])
def test_undo_keeps_a_field_that_a_person_filled_elsewhere(
    office: RecordOffice, value: int
) -> None:
    run = office.apply().run
    assert run is not None
    other = "1" if office.kind == "user_fields" else "3"
    office.change(other, "calls_120s", value)
    office.undo(run)
    assert office.field_names() == {office.code("calls_120s")}
    assert office.value(other, "calls_120s") == value


@pytest.mark.parametrize("policy", ["ask", "theirs", "ours"])
def test_an_edit_is_treated_by_the_policy(office: RecordOffice, policy: str) -> None:
    office.settings = office.settings.model_copy(update={"on_human_edit": policy})
    office.apply()
    first = next(iter(office.values))
    office.change(first, "calls_120s", 500)
    result = office.drain(verify=True)
    assert (office.value(first, "calls_120s") == 500) == (policy != "ours")
    assert len(result.conflicts) == (policy != "ours")
    office.values[first] |= {"calls_120s": 14}
    office.drain()
    assert office.value(first, "calls_120s") == (500 if policy == "ask" else 14)


def test_a_new_store_takes_over_fields_and_values(office: RecordOffice, tmp_path: Path) -> None:
    office.apply()
    before = office.writes()
    office.store.close()
    office.store = open_store("sqlite", tmp_path / "new")
    first = next(iter(office.values))
    office.values[first] |= {"calls_120s": 13}
    assert office.apply().written == 1
    assert office.writes() == before + 1
    assert office.is_right()


def test_a_field_of_another_type_under_our_name_stops_and_stays(office: RecordOffice) -> None:
    entity = "USER" if office.kind == "user_fields" else "CRM_DEAL"
    raw = {"entityId": entity, "fieldName": office.code("revenue"), "userTypeId": "string"}
    office.box.portal.userfields.add(raw)
    with pytest.raises(Exception, match="уже существует"):
        office.apply()
    assert "уже существует" in str(office.drain().paused)


def test_a_field_that_a_person_deleted_pauses_until_apply(office: RecordOffice) -> None:
    office.apply()
    fields = office.box.portal.userfields.by_id
    [gone] = [key for key, each in fields.items() if each.name == office.code("revenue")]
    del fields[gone]
    office.values[next(iter(office.values))] |= {"calls_120s": 13}
    assert "gone" in str(office.drain().paused)
    office.apply()
    assert office.is_right()


def test_a_record_that_is_not_there_is_never_made(office: RecordOffice) -> None:
    office.values["99999"] = {"calls_120s": 1}
    result = office.apply()
    assert result.written == 2
    [refused] = result.rejected
    assert "99999" in refused.reason
    office.box.log.clear()
    office.drain()
    assert len(office.box.log) == 0, "it is tried again later"


def test_a_new_metric_is_a_new_field_after_approval(office: RecordOffice) -> None:
    office.apply()
    extra = FieldSpec(name="deals_won", title="Победы", kind=FieldKind.COUNT)
    office.fields = (*FIELDS, extra)
    first = next(iter(office.values))
    office.values[first] |= {"deals_won": 2}
    assert office.drain().paused is not None
    office.apply()
    assert office.value(first, "deals_won") == 2


def test_a_missing_right_pauses_and_names_the_scopes(office: RecordOffice) -> None:
    office.box.portal.access.admin = False
    with pytest.raises(DeniedError) as raised:
        office.apply()
    assert "administrator" in raised.value.todo
    assert office.writes() == 0
    office.box.portal.access.admin = True
    assert office.apply().written == 2


@pytest.mark.parametrize("kind", ["lost", "truncate"])
@pytest.mark.parametrize("step", ["add", "update"])
def test_a_lost_answer_is_resolved_by_reading(office: RecordOffice, kind: str, step: str) -> None:
    method = ADD[office.kind] if step == "add" else UPDATES[office.kind][0]
    office.box.faults.add(kind, method=method)
    assert office.apply().unresolved == 0
    assert office.sent(ADD[office.kind]) == office.fields_made
    assert office.is_right()


def test_a_busy_portal_interrupts_and_the_next_turn_goes_on(office: RecordOffice) -> None:
    office.apply()
    for values in office.values.values():
        values["calls_120s"] = 77
    office.box.faults.add("429", command=UPDATES[office.kind][0])
    with pytest.raises(RetryableError):
        office.drain()
    office.pass_time(minutes=11)
    assert office.drain().written == 1
    assert office.is_right()


def test_one_refused_record_stops_no_other(office: RecordOffice) -> None:
    office.apply()
    for values in office.values.values():
        values["calls_120s"] = 77
    office.box.faults.add("500", command=UPDATES[office.kind][0])
    office.drain()
    office.pass_time(minutes=11)
    office.drain()
    assert office.is_right()


def test_reading_back_that_fails_resolves_later(office: RecordOffice) -> None:
    office.apply()
    before = office.writes()
    office.values[next(iter(office.values))] |= {"calls_120s": 13}
    office.box.faults.add("html500", method=LISTING[office.kind], after=1, count=20)
    with pytest.raises(RetryableError):
        office.drain()
    office.box.faults.clear()
    office.drain()
    assert office.writes() == before + 1
    assert office.is_right()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", ["request", "commit"])
@pytest.mark.parametrize("kind", KINDS)
def test_apply_killed_anywhere_is_finished_by_the_service(
    tmp_path: Path, kind: str, place: str, after: bool
) -> None:
    for turn in itertools.count(1):
        with open_record_office(tmp_path / str(turn), kind) as office:
            dying = office.dying_at_request if place == "request" else office.dying_at_commit
            with dying(Killer(at=turn, after=after)):
                try:
                    office.apply()
                    assert turn > 4
                    return
                except KillSignal:
                    pass
            if office.drain().paused is not None:
                assert office.writes() == 0
                office.apply()
            assert office.is_right()
            assert office.sent(ADD[kind]) == office.fields_made
            assert office.sent(*UPDATES[kind]) == 2
            office.box.log.clear()
            assert office.drain().written == 0
            assert len(office.box.log) == 0
