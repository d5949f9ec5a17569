"""Writing: batches taken whole or not at all, fields by code, and what the rules refuse."""

from typing import Any

import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, Client, documented


def field_value(code: str, value: Any) -> dict[str, Any]:
    return {"field_code": code, "values": [{"value": value}]}


@pytest.fixture
def field(desk: Client) -> str:
    """A numeric field of leads with a code of ours."""
    sent = [{"name": "Дней на этапе", "type": "numeric", "code": "DAYS", "is_api_only": True}]
    assert desk.ask("POST", "leads/custom_fields", sent).status_code == 201
    return "DAYS"


def test_a_field_is_written_by_its_code_and_read_back_as_text(
    desk: Client, clock: Clock, field: str
) -> None:
    lead = desk.box.account.create_lead(ANNA, 70)
    clock.forward(seconds=30)
    sent = [{"id": lead, "custom_fields_values": [field_value(field, 12.50)]}]
    answer = desk.ask("PATCH", "leads", sent).json()["_embedded"]["leads"][0]
    shown = desk.get(f"leads/{lead}")
    assert answer["updated_at"] == shown["updated_at"] == int(clock().timestamp())
    value = shown["custom_fields_values"][0]
    assert (value["field_code"], value["values"]) == ("DAYS", [{"value": "12.5"}])
    assert shown["price"] == 70
    event = desk.rows("events")[0]
    assert event["type"] == "custom_field_value_changed"
    inner = event["value_after"][0]["custom_field_value"]
    sample = documented("event_values_custom_field_value_changed")["value_after"][0]
    assert set(inner) == set(sample["custom_field_value"])
    assert inner["text"] == "12.5"


def test_null_clears_a_field_and_leaves_the_others(desk: Client, field: str) -> None:
    lead = desk.box.account.create_lead(ANNA)
    sent: list[Any] = [field_value(field, 1), {"field_id": 294471, "values": [{"value": "5"}]}]
    desk.ask("PATCH", f"leads/{lead}", {"custom_fields_values": sent})
    desk.ask(
        "PATCH", f"leads/{lead}", {"custom_fields_values": [{"field_code": field, "values": None}]}
    )
    assert [one["field_id"] for one in desk.get(f"leads/{lead}")["custom_fields_values"]] == [
        294471
    ]


def test_writing_what_stands_there_changes_nothing_but_the_time(
    desk: Client, clock: Clock, field: str
) -> None:
    lead = desk.box.account.create_lead(ANNA)
    sent = [{"id": lead, "custom_fields_values": [field_value(field, 3)]}]
    desk.ask("PATCH", "leads", sent)
    events, writes = len(desk.rows("events")), len(desk.box.account.writes)
    clock.forward(seconds=9)
    desk.ask("PATCH", "leads", sent)
    assert desk.get(f"leads/{lead}")["updated_at"] == int(clock().timestamp())
    assert (len(desk.rows("events")), len(desk.box.account.writes)) == (events, writes)


def test_one_bad_item_refuses_the_whole_batch_by_its_request_id(desk: Client, field: str) -> None:
    good, bad = desk.box.account.create_lead(ANNA), desk.box.account.create_lead(ANNA)
    sent = [
        {"id": good, "request_id": "ours-1", "custom_fields_values": [field_value(field, 1)]},
        {"id": bad, "request_id": "ours-2", "custom_fields_values": [field_value("NOBODY", 1)]},
    ]
    answer = desk.ask("PATCH", "leads", sent)
    sample = documented("error_400_validation")
    assert answer.status_code == 400
    assert set(answer.json()) == set(sample)
    found = answer.json()["validation-errors"]
    assert [one["request_id"] for one in found] == ["ours-2"]
    assert set(found[0]["errors"][0]) == set(sample["validation-errors"][0]["errors"][0])
    assert desk.get(f"leads/{good}")["custom_fields_values"] is None
    assert desk.box.account.writes[-1].entity == "leads"


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("numeric", "много", "InvalidType"),
        ("text", 5, "InvalidType"),
        ("checkbox", "да", "InvalidType"),
        ("date", "вчера", "InvalidType"),
        ("numeric", None, "NotNullable"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    desk: Client, kind: str, value: Any, code: str
) -> None:
    desk.ask("POST", "leads/custom_fields", [{"name": "Поле", "type": kind, "code": "ANY"}])
    lead = desk.box.account.create_lead(ANNA)
    sent = [{"id": lead, "custom_fields_values": [field_value("ANY", value)]}]
    errors = desk.ask("PATCH", "leads", sent).json()["validation-errors"][0]["errors"]
    assert [error["code"] for error in errors] == [code]


def test_values_of_every_kind_are_kept_as_documented(desk: Client) -> None:
    kinds = {"checkbox": True, "date_time": 1_790_000_000, "text": "слово", "textarea": "два слова"}
    sent = [{"name": kind, "type": kind, "code": kind.upper()} for kind in kinds]
    desk.ask("POST", "leads/custom_fields", sent)
    lead = desk.box.account.create_lead(ANNA)
    values = [field_value(kind.upper(), value) for kind, value in kinds.items()]
    values.append({"field_id": 294475, "values": [{"enum_id": 513}]})
    assert desk.ask("PATCH", f"leads/{lead}", {"custom_fields_values": values}).status_code == 200
    shown = {
        one["field_name"]: one["values"][0]
        for one in desk.get(f"leads/{lead}")["custom_fields_values"]
    }
    assert {name: shown[name]["value"] for name in kinds} == kinds
    assert shown["Откуда узнали"] == {"value": "Выставка", "enum_id": 513, "enum_code": None}


def test_a_date_comes_back_as_midnight_of_the_account(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    value = {"field_id": 294473, "values": [{"value": 1634601600}]}
    desk.ask("PATCH", f"leads/{lead}", {"custom_fields_values": [value]})
    shown = desk.get(f"leads/{lead}")["custom_fields_values"][0]
    assert shown["values"] == [{"value": 1634590800}]


def test_a_reason_fits_a_lost_deal_only(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    answer = desk.ask("PATCH", "leads", [{"id": lead, "loss_reason_id": 4203748}])
    sample = documented("error_400_closed_lead_loss_reason")
    assert (answer.status_code, set(answer.json())) == (400, set(sample))
    assert answer.json()["errors"] == {str(lead): next(iter(sample["errors"].values()))}
    sent = [{"id": lead, "status_id": 143, "loss_reason_id": 4203748}]
    assert desk.ask("PATCH", "leads", sent).status_code == 200
    assert desk.get(f"leads/{lead}")["closed_at"] is not None
    desk.ask("PATCH", "leads", [{"id": lead, "status_id": 32392159}])
    shown = desk.get(f"leads/{lead}")
    assert (shown["closed_at"], shown["loss_reason_id"]) == (None, None)


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"status_id": 31881115}, "status_id"),
        ({"pipeline_id": 1}, "status_id"),
        ({"responsible_user_id": 7}, "responsible_user_id"),
        ({"price": "много"}, "price"),
        ({"name": None}, "name"),
        ({"status_id": 143, "loss_reason_id": 5}, "loss_reason_id"),
    ],
)
def test_what_is_no_choice_is_refused(desk: Client, sent: dict[str, Any], path: str) -> None:
    lead = desk.box.account.create_lead(ANNA)
    answer = desk.ask("PATCH", "leads", [{"id": lead, **sent}])
    errors = answer.json()["validation-errors"][0]["errors"]
    assert [error["path"] for error in errors] == [path]


def test_nothing_and_too_much_are_refused(desk: Client) -> None:
    empty: list[Any] = [[], {}, None, [[]]]
    for nothing in empty:
        answer = desk.ask("POST", "leads", nothing)
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Request data can not be empty"
    answer = desk.ask("POST", "leads", [{"name": "Сделка"}] * 251)
    assert (answer.status_code, answer.json()) == (422, documented("error_422_limit"))
    assert desk.rows("leads") == []


def test_tags_are_added_and_taken_without_touching_others(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)

    def tags(**sent: Any) -> list[str]:
        desk.ask("PATCH", f"leads/{lead}", sent)
        return [tag["name"] for tag in desk.get(f"leads/{lead}")["_embedded"]["tags"]]

    assert tags(tags_to_add=[{"name": "опт"}, {"name": "срочно"}]) == ["опт", "срочно"]
    assert tags(tags_to_delete=[{"name": "опт"}]) == ["срочно"]
    assert tags(_embedded={"tags": [{"name": "новый"}]}) == ["новый"]
    assert tags(_embedded={"tags": None}) == []


def test_a_robot_signs_with_zero(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    desk.ask("PATCH", "leads", [{"id": lead, "price": 9, "updated_by": 0}])
    assert desk.get(f"leads/{lead}")["updated_by"] == 0
    assert desk.rows("events")[0]["created_by"] == 0


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"type": "text"}, "NotBlank"),
        ({"name": "Поле", "type": "unknown"}, "NotSupportedChoice"),
        ({"name": "Поле", "type": "monetary"}, "NotSupportedChoice"),
        ({"name": "Поле", "type": "select"}, "NotBlank"),
    ],
)
def test_a_field_that_cannot_be_made_is_refused(
    desk: Client, sent: dict[str, Any], code: str
) -> None:
    answer = desk.ask("POST", "leads/custom_fields", [sent])
    errors = answer.json()["validation-errors"][0]["errors"]
    assert code in {error["code"] for error in errors}


def test_fields_are_made_by_administrators_only(desk: Client) -> None:
    desk.box.account.access.admin = False
    sent = [{"name": "Поле", "type": "text"}]
    assert desk.ask("POST", "leads/custom_fields", sent).status_code == 403
    assert len(desk.rows("leads/custom_fields")) == 3


def test_lists_take_no_field_for_the_api_alone(desk: Client) -> None:
    sent = [{"name": "Поле", "type": "text", "is_api_only": True}]
    made = desk.ask("POST", "catalogs", [{"name": "Показатели"}]).json()
    place = f"catalogs/{made['_embedded']['catalogs'][0]['id']}/custom_fields"
    answer = desk.ask("POST", place, sent)
    assert answer.json()["validation-errors"][0]["errors"][0]["code"] == "FieldNotExpected"


def test_choices_that_a_change_does_not_name_are_gone(desk: Client) -> None:
    kept = [{"id": 511, "value": "Сайт"}, {"value": "Радио"}]
    answer = desk.ask("PATCH", "leads/custom_fields/294475", {"enums": kept})
    assert [one["value"] for one in answer.json()["enums"]] == ["Сайт", "Радио"]
    assert desk.get("leads/custom_fields/294475")["enums"] == answer.json()["enums"]


def test_deleting_a_field_loses_its_values(desk: Client, field: str) -> None:
    lead = desk.box.account.create_lead(ANNA)
    desk.ask("PATCH", f"leads/{lead}", {"custom_fields_values": [field_value(field, 1)]})
    number = next(one["id"] for one in desk.rows("leads/custom_fields") if one["code"] == field)
    assert desk.ask("DELETE", f"leads/custom_fields/{number}").status_code == 204
    assert desk.get(f"leads/{lead}")["custom_fields_values"] is None
    assert desk.ask("DELETE", f"leads/custom_fields/{number}").status_code == 404


def test_there_are_ten_lists_at_most(desk: Client) -> None:
    sent = [{"name": f"Список {number}"} for number in range(10)]
    assert desk.ask("POST", "catalogs", sent).status_code == 200
    assert desk.ask("POST", "catalogs", [{"name": "Ещё"}]).status_code == 400
    desk.box.account.access.catalogs = False
    assert desk.ask("GET", "catalogs").status_code == 403


def test_elements_are_changed_in_batches_or_alone_and_never_deleted(desk: Client) -> None:
    made = desk.ask("POST", "catalogs", [{"name": "Показатели", "can_add_elements": False}]).json()
    place = f"catalogs/{made['_embedded']['catalogs'][0]['id']}"
    desk.ask("POST", f"{place}/custom_fields", [{"name": "Звонки", "type": "numeric", "code": "C"}])
    sent = [{"name": f"Анна · 2026-0{number}"} for number in range(1, 4)]
    rows = desk.ask("POST", f"{place}/elements", sent).json()["_embedded"]["elements"]
    ids = [row["id"] for row in rows]
    changes = [{"id": one, "custom_fields_values": [field_value("C", 7)]} for one in ids[:2]]
    assert desk.ask("PATCH", f"{place}/elements", changes).status_code == 200
    one = desk.get(f"{place}/elements/{ids[0]}")
    assert (one["name"], one["custom_fields_values"][0]["values"]) == (
        "Анна · 2026-01",
        [{"value": "7"}],
    )
    desk.ask("PATCH", f"{place}/elements/{ids[2]}", {"name": "Иван · 2026-03"})
    assert [row["name"] for row in desk.rows(f"{place}/elements?query=иван")] == ["Иван · 2026-03"]
    assert [row["id"] for row in desk.rows(f"{place}/elements?filter[id][]={ids[1]}")] == ids[1:2]
    assert desk.ask("DELETE", f"{place}/elements/{ids[0]}").status_code == 405
    writes = len(desk.box.account.writes)
    desk.ask("PATCH", f"{place}/elements", changes)
    assert len(desk.box.account.writes) == writes


def test_an_element_with_a_mistake_refuses_the_batch(desk: Client) -> None:
    made = desk.ask("POST", "catalogs", [{"name": "Показатели"}]).json()
    place = f"catalogs/{made['_embedded']['catalogs'][0]['id']}/elements"
    answer = desk.ask("POST", place, [{"name": "Анна"}, {"name": ""}])
    assert [one["request_id"] for one in answer.json()["validation-errors"]] == ["1"]
    assert desk.rows(place) == []
    assert desk.ask("PATCH", place, [{"id": 1, "name": "Анна"}]).status_code == 400


def test_notes_and_tasks_are_written(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    params = {
        "uniq": "a1",
        "duration": 61,
        "source": "АТС",
        "link": "https://x.example",
        "phone": "1",
    }
    call = {"entity_id": lead, "note_type": "call_in", "params": params, "created_by": ANNA}
    answer = desk.ask("POST", "leads/notes", [call])
    row = answer.json()["_embedded"]["notes"][0]
    assert set(row) == set(documented("notes_create_calls")["_embedded"]["notes"][0])
    assert desk.rows(f"leads/{lead}/notes")[0]["params"]["duration"] == 61
    null = {"note_type": "call_in", "params": params | {"link": None}}
    answer = desk.ask("POST", f"leads/{lead}/notes", [null])
    assert answer.json()["validation-errors"][0]["errors"][0]["code"] == "NotNullable"
    task = {"text": "Встреча", "complete_till": 1_800_000_000, "task_type_id": 2}
    made = desk.ask("POST", "tasks", [task | {"entity_id": lead, "entity_type": "leads"}]).json()
    number = made["_embedded"]["tasks"][0]["id"]
    done = desk.ask("PATCH", f"tasks/{number}", {"is_completed": True, "result": {"text": "Да"}})
    assert set(done.json()) == set(documented("task_complete"))
    assert desk.get(f"tasks/{number}")["is_completed"] is True


@pytest.mark.parametrize("kind", list(documented("notes_params_by_type")))
def test_notes_of_every_documented_kind_are_taken_as_they_are(desk: Client, kind: str) -> None:
    lead = desk.box.account.create_lead(ANNA)
    params = documented("notes_params_by_type")[kind]
    answer = desk.ask("POST", f"leads/{lead}/notes", [{"note_type": kind, "params": params}])
    assert answer.status_code == 200, answer.text
    shown = desk.rows(f"leads/{lead}/notes?filter[note_type][]={kind}")[0]["params"]
    assert {name: shown[name] for name in params} == params


@pytest.mark.parametrize("entity", ["contacts", "companies"])
def test_clients_are_written(desk: Client, entity: str) -> None:
    value = {"field_code": "PHONE", "values": [{"value": "+79161234567", "enum_code": "MOB"}]}
    made = desk.ask("POST", entity, [{"name": "Пётр Белов", "custom_fields_values": [value]}])
    number = made.json()["_embedded"][entity][0]["id"]
    shown = desk.get(f"{entity}/{number}")
    assert shown["custom_fields_values"][0]["values"][0]["enum_code"] == "MOB"
    desk.ask("PATCH", f"{entity}/{number}", {"name": "П. Белов", "responsible_user_id": ANNA})
    shown = desk.get(f"{entity}/{number}")
    assert (shown["name"], shown["responsible_user_id"]) == ("П. Белов", ANNA)
    assert [row["id"] for row in desk.rows(f"{entity}?query=белов")] == [number]
