"""The scorecard as the portal shows it, and what is not sent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.bitrix24.scorecard import make_target
from connectors.bitrix24.scorecard_text import field_code
from connectors.destination import FieldKind, FieldSpec, read_number, text_of
from store.store import open_store
from tests.writeback.office import FIELDS, MANAGERS, MONTHS, Office
from writeback.desk import Desk
from writeback.structure import identity


def test_apply_shows_every_score_in_one_record_per_manager_and_month(office: Office) -> None:
    result = office.apply()
    assert (result.written, result.run) == (4, 1)
    assert office.agrees()


def test_a_record_has_its_title_owner_key_moment_and_coverage(office: Office) -> None:
    office.apply()
    item = office.item()
    assert item["title"] == "Анна Петрова · 2026-10"
    assert item["assignedById"] == 7
    assert office.shown("KEY") == "merilo:3:2026-10"
    assert datetime.fromisoformat(office.shown("AS_OF")) == office.now
    assert office.shown("COVERAGE") == "полные"


def test_unknown_is_an_empty_field_and_zero_is_zero(office: Office) -> None:
    office.apply()
    assert office.shown("win_rate", 3, MONTHS[0]) is None
    assert office.shown("calls_120s", 4, MONTHS[0]) == 0


def test_a_value_that_becomes_unknown_is_emptied(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": None}
    office.drain()
    assert office.shown("calls_120s") is None
    assert office.agrees()


def test_the_second_cycle_sends_no_request_at_all(office: Office) -> None:
    office.apply()
    office.box.log.clear()
    for _ in range(3):
        office.pass_time(minutes=10)
        assert office.drain().written == 0
    assert len(office.box.log) == 0


def test_verifying_an_unchanged_portal_reads_and_writes_nothing(office: Office) -> None:
    office.apply()
    before = office.writes()
    office.pass_time(hours=24)
    assert office.drain(verify=True).written == 0
    assert office.apply().written == 0
    assert office.writes() == before


def test_one_changed_value_is_one_write_of_that_field_and_the_moment(office: Office) -> None:
    office.apply()
    before = office.writes()
    office.pass_time(minutes=10)
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    assert office.drain().written == 1
    [write] = office.box.portal.writes[before:]
    assert set(write.changed) == {office.field_name("calls_120s"), office.field_name("AS_OF")}
    assert office.agrees()


def test_a_changed_coverage_is_shown(office: Office) -> None:
    office.apply()
    office.coverage = "частично: main/calls"
    assert office.drain().written == 4
    assert office.shown("COVERAGE") == "частично: main/calls"


def test_a_month_that_is_no_longer_kept_stays_as_it_is(office: Office) -> None:
    office.apply()
    september = office.item(3, MONTHS[0])
    for manager in (3, 4):
        office.scores[manager, date(2026, 11, 1)] = office.scores.pop((manager, MONTHS[0]))
    assert office.drain().written == 2
    assert office.item(3, MONTHS[0]) == september
    assert len(office.items) == 6


def test_a_renamed_manager_with_a_new_user_is_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.apply()
    monkeypatch.setitem(MANAGERS, 3, (" Анна Сергеева ", "9"))
    assert office.drain().written == 2
    assert office.item()["title"] == "Анна Сергеева · 2026-10"
    assert office.item()["assignedById"] == 9


def test_a_service_told_to_stop_finishes_the_batch_and_later_the_rest(office: Office) -> None:
    months = [date(2020 + at // 12, at % 12 + 1, 1) for at in range(60)]
    office.apply()
    office.scores = {(m, month): {"calls_120s": m} for m in (3, 4) for month in months}
    asked = iter([False, True])
    assert office.drain(should_stop=lambda: next(asked)).written == 50
    assert office.drain().written == 70
    assert len(office.items) == 4 + 120


def test_more_records_than_a_batch_holds_are_all_written(office: Office) -> None:
    months = [date(2020 + at // 12, at % 12 + 1, 1) for at in range(60)]
    office.scores = {(m, month): {"calls_120s": m} for m in (3, 4) for month in months}
    assert office.apply().written == 120
    assert office.agrees()
    office.box.log.clear()
    office.drain(verify=True)
    assert len(office.box.log) == 2


def test_a_record_that_a_person_copied_is_left_alone(office: Office) -> None:
    office.apply()
    process, item = office.processes[0], office.item()
    copy = process.add({**item, "title": "копия"}, office.now.timestamp(), 7)
    office.scores[3, MONTHS[1]] |= {"calls_120s": 99}
    office.drain()
    shown = {row["id"]: row[office.field_name("calls_120s")] for row in office.items}
    assert (shown[item["id"]], shown[copy.id]) == (99, 12)


def test_fields_are_typed_and_labelled(office: Office) -> None:
    office.apply()
    fields = {each.name: each for each in office.box.portal.userfields.by_id.values()}
    number = office.processes[0].id
    revenue = fields[f"UF_CRM_{number}_REVENUE"]
    assert (revenue.kind, int(revenue.settings["PRECISION"])) == ("double", 2)
    assert int(fields[f"UF_CRM_{number}_WIN_RATE"].settings["PRECISION"]) == 1
    assert fields[f"UF_CRM_{number}_CALLS_120S"].kind == "integer"
    assert fields[f"UF_CRM_{number}_CALLS_120S"].labels["ru"] == "Разговоры от 120 с"
    assert fields[f"UF_CRM_{number}_AS_OF"].kind == "datetime"


def test_the_process_id_and_the_type_id_are_two_numbers(office: Office) -> None:
    office.apply()
    process = office.processes[0]
    assert process.entity_type_id != process.id
    assert process.entity_type_id % 2 == 0
    assert process.entity_type_id >= 1030
    assert office.place().container == str(process.entity_type_id)


def test_a_new_store_adopts_the_process_and_its_records(office: Office, tmp_path: Path) -> None:
    office.apply()
    before, office.store = office.writes(), open_store("sqlite", tmp_path / "new")
    adopted = [step for step in office.plan() if step.action == "adopt"]
    assert len(adopted) == 5
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.apply()
    assert office.writes() == before + 1
    assert office.agrees()
    office.store.close()


def test_a_process_of_somebody_else_with_the_chosen_id_is_left_alone(office: Office) -> None:
    target = make_target(office.client, None)
    desk = Desk(store=office.store, settings=office.settings, target=target, clock=office.clock)
    chosen = target.choose(identity(desk))
    portal = office.box.portal
    portal.smart.add({"title": "Чужой", "entityTypeId": chosen}, office.now.timestamp(), 1)
    office.apply()
    theirs, ours = office.processes
    assert (theirs.title, len(theirs.items), len(ours.items)) == ("Чужой", 0, 4)
    assert ours.entity_type_id != theirs.entity_type_id


def test_an_id_taken_between_choosing_and_creating_is_given_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_target(office.client, None)
    portal, create = office.box.portal, type(target).create

    def create_late(self: object, container: str) -> None:
        if not portal.smart.by_id:
            portal.smart.add({"title": "Чужой", "entityTypeId": container}, 0, 1)
        create(self, container)  # type: ignore[arg-type]

    monkeypatch.setattr(type(target), "create", create_late)
    office.apply()
    assert office.processes[0].title == "Чужой"
    assert [len(process.items) for process in office.processes] == [0, 4]


def test_a_process_of_ours_under_a_new_title_stays_ours(office: Office) -> None:
    office.apply()
    office.processes[0].title = "Итоги"
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    assert office.drain().written == 1
    assert len(office.processes) == 1


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (FieldKind.COUNT, 0, "0"),
        (FieldKind.MONEY, Decimal("1234.5"), "1234.50"),
        (FieldKind.RATIO, Decimal("0.3745"), "37.5"),
        (FieldKind.RATIO, Decimal(1) / 3, "33.3"),
        (FieldKind.SECONDS, Decimal("61.5"), "62"),
        (FieldKind.NUMBER, Decimal("2.005"), "2.01"),
        (FieldKind.MOMENT, datetime(2026, 10, 1, 3, tzinfo=UTC), "2026-10-01T03:00:00+00:00"),
        (FieldKind.TEXT, "", None),
        (FieldKind.COUNT, None, None),
    ],
)
def test_a_value_has_one_spelling(kind: FieldKind, value: Decimal, text: str | None) -> None:
    assert text_of(kind, value) == text


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        text_of(FieldKind.MOMENT, datetime(2026, 10, 1))  # noqa: DTZ001


def test_more_decimals_than_ours_are_seen_as_an_edit() -> None:
    assert read_number(FieldKind.RATIO, 37.55) == "37.55"
    assert read_number(FieldKind.MONEY, "1200.5") == "1200.50"


def test_long_metric_names_fit_the_portals_limit_and_stay_apart() -> None:
    codes = {field_code(1234, f"{'very_' * 12}long_{at}") for at in range(20)}
    assert len(codes) == 20
    assert max(map(len, codes)) == 50


def test_a_field_of_another_type_under_our_name_is_reported(office: Office) -> None:
    office.apply()
    number = office.processes[0].id
    raw = {"entityId": f"CRM_{number}", "userTypeId": "string"}
    office.box.portal.userfields.add({**raw, "fieldName": f"UF_CRM_{number}_DEALS_WON"})
    extra = FieldSpec(name="deals_won", title="Победы", kind=FieldKind.COUNT)
    office.fields = (*FIELDS, extra)
    with pytest.raises(Exception, match="already exists"):
        office.apply()
    assert "already exists" in str(office.drain().paused)
