"""The shapes of answers, against payloads taken from the documentation."""

import json
from typing import Any

import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, PAYLOADS, Client, documented

# What the account shows beyond the older examples of the documentation.
NEWER = {"is_deleted", "price_with_minor_units"}


def keys(row: dict[str, Any]) -> set[str]:
    return set(row) - NEWER


def embedded(name: str) -> list[dict[str, Any]]:
    """The rows of a documented list."""
    rows: list[dict[str, Any]] = next(iter(documented(name)["_embedded"].values()))
    return rows


LISTS = {
    "users?with=role,group": "users_list_role_group",
    "roles": "roles_list",
    "leads/pipelines": "pipelines_list",
    "leads/loss_reasons": "loss_reasons_list",
    "leads?limit=2&page=2": "leads_list_page2",
    "contacts?limit=2": "contacts_list",
    "companies?limit=2": "companies_list",
    "contacts/notes?limit=2": "notes_by_entity_type",
    "tasks?limit=2&filter[is_completed]=1": "tasks_list_completed_meetings",
    "events?limit=1": "events_list",
    "events/types": "event_types",
    "customers?with=contacts&limit=2": "customers_list_with_contacts",
    "customers/transactions?limit=1": "customer_transactions_list",
    "leads/unsorted?limit=1": "unsorted_list_sip",
}


@pytest.mark.parametrize(("path", "name"), LISTS.items())
def test_a_list_and_its_rows_have_the_documented_keys(client: Client, path: str, name: str) -> None:
    account = client.box.account
    account.receive_unsorted(ANNA, "sip")
    customer = account.add_customer(ANNA, "Постоянный клиент", next(iter(account.contacts.rows)))
    account.add_purchase(customer, 5000)
    body, sample = client.get(path), documented(name)
    assert set(body) == set(sample)
    assert set(body["_embedded"]) == set(sample["_embedded"])
    assert {"self"} <= set(body.get("_links", {"self"})) <= {"self", "next", "first", "prev"}
    shown, example = next(iter(body["_embedded"].values()))[0], embedded(name)[0]
    assert keys(shown) == keys(example)
    if "_embedded" in example:
        assert set(shown["_embedded"]) == set(example["_embedded"])
    if "rights" in example:
        assert set(shown["rights"]) == set(example["rights"])


def test_the_account_has_the_documented_keys(client: Client) -> None:
    sample = documented("account_with_everything")
    names = "amojo_id,amojo_rights,users_groups,task_types,version,entity_names,datetime_settings"
    shown = client.get(f"account?with={names},drive_url,is_api_filter_enabled,uuid")
    assert set(shown) == set(sample)
    assert set(shown["_embedded"]) == set(sample["_embedded"])
    settings = sample["_embedded"]["datetime_settings"]
    assert set(shown["_embedded"]["datetime_settings"]) == set(settings)
    assert set(client.get("account")) == set(sample) - {
        "amojo_id", "uuid", "drive_url", "version", "entity_names", "is_api_filter_enabled",
    }  # fmt: skip


def test_a_lead_with_everything_has_the_documented_keys_and_types(client: Client) -> None:
    account = client.box.account
    lead_id = account.create_lead(
        ANNA,
        12,
        contact=next(iter(account.contacts.rows)),
        company=next(iter(account.companies.rows)),
    )
    account.lose_lead(lead_id, 4203748)
    names = "contacts,catalog_elements,loss_reason,is_price_modified_by_robot,source"
    shown, sample = client.get(f"leads/{lead_id}?with={names}"), documented("lead_by_id_with_all")
    assert set(shown) == set(sample)
    assert set(shown["_embedded"]) == set(sample["_embedded"])
    for name in ("loss_reason", "companies", "contacts"):
        assert set(shown["_embedded"][name][0]) == set(sample["_embedded"][name][0])
    assert type(shown["price"]) is int
    assert shown["custom_fields_values"] is None


def test_a_contact_shows_its_telephone_as_documented(client: Client) -> None:
    contact = next(iter(client.box.account.contacts.rows))
    shown = client.get(f"contacts/{contact}?with=leads,customers,catalog_elements")
    sample = documented("contact_by_id_with_leads")
    assert keys(shown) == keys(sample)
    assert set(shown["_embedded"]) == set(sample["_embedded"])
    phone, example = shown["custom_fields_values"][0], sample["custom_fields_values"][0]
    assert set(phone) == set(example)
    assert phone["field_code"] == example["field_code"] == "PHONE"


def test_a_call_is_a_note_with_the_documented_params(client: Client) -> None:
    account = client.box.account
    lead_id = account.create_lead(ANNA)
    account.add_call(ANNA, ("leads", lead_id), duration=130, uniq="865a950a", responsible=None)
    shown = client.get(f"leads/{lead_id}/notes")["_embedded"]["notes"][0]
    sample = documented("note_call_in_full_params")
    assert set(shown) == set(sample) | {"_links"}
    assert set(shown["params"]) == set(sample["params"])
    assert shown["note_type"] == sample["note_type"]


def test_the_result_of_a_task_is_a_list_until_there_is_one(client: Client) -> None:
    account = client.box.account
    task = account.add_task(ANNA)
    assert client.get(f"tasks/{task}")["result"] == []
    account.complete_task(task, "Результат есть")
    shown, sample = client.get(f"tasks/{task}"), documented("task_by_id_with_result")
    assert set(shown) == set(sample)
    assert shown["result"] == sample["result"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("event_values_lead_status_changed", {"status": 32392162}),
        ("event_values_entity_responsible_changed", {"owner": 504100}),
    ],
)
def test_the_values_of_a_change_have_the_documented_shape(
    desk: Client, name: str, change: dict[str, Any]
) -> None:
    lead = desk.box.account.create_lead(ANNA)
    desk.box.account.update_lead(lead, **change)
    shown, sample = desk.rows("events")[0], documented(name)
    assert shown["type"] == name.removeprefix("event_values_")
    for side in ("value_before", "value_after"):
        assert _shape(shown[side]) == _shape(sample[side])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("event_values_task_deadline_changed", {"due": 1_800_000_000}),
        ("event_values_task_text_changed", {"text": "задача"}),
        ("event_values_task_type_changed", {"type": 1}),
    ],
)
def test_the_values_of_a_changed_task_have_the_documented_shape(
    desk: Client, name: str, change: dict[str, Any]
) -> None:
    task = desk.box.account.add_task(ANNA)
    desk.box.account.update_task(task, **change)
    shown, sample = desk.rows("events")[0], documented(name)
    assert shown["type"] == name.removeprefix("event_values_")
    assert _shape(shown["value_after"]) == _shape(sample["value_after"])


def _shape(values: list[dict[str, Any]]) -> Any:
    """Keys of the first value and of what is in it."""
    return {key: sorted(inner) for key, inner in values[0].items()}


def test_the_summary_and_the_acceptance_of_unsorted_are_as_documented(desk: Client) -> None:
    uid = desk.box.account.receive_unsorted(ANNA, "sip")
    assert set(desk.get("leads/unsorted/summary")) == set(documented("unsorted_summary"))
    shown = desk.rows("leads/unsorted")[0]
    assert set(shown["metadata"]) == set(embedded("unsorted_list_sip")[0]["metadata"])
    answer = desk.ask("POST", f"leads/unsorted/{uid}/accept", {"user_id": ANNA}).json()
    assert set(answer) == set(documented("unsorted_accept"))
    assert desk.rows("leads/unsorted") == []


@pytest.mark.parametrize(
    "name",
    ["leads_create_batch", "tasks_create"],
)
def test_what_was_made_is_answered_as_documented(desk: Client, name: str) -> None:
    case = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    method, _, path = case["endpoint"].partition(" /api/v4/")
    sent = [
        {
            key: value
            for key, value in item.items()
            if key not in ("entity_id", "custom_fields_values")
        }
        for item in case["request"]["json"]
    ]
    answer = desk.ask(method, path, sent)
    assert answer.status_code == 200, answer.text
    shown, sample = answer.json(), case["response"]
    assert set(shown) == set(sample)
    key = path.partition("?")[0]
    assert [set(row) for row in shown["_embedded"][key]] == [
        set(row) for row in sample["_embedded"][key]
    ]


def test_a_changed_lead_is_answered_by_its_id_and_time_alone(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    answer = desk.ask("PATCH", "leads", [{"id": lead, "price": 50000}]).json()
    sample = documented("leads_patch_batch")
    assert set(answer["_embedded"]["leads"][0]) == set(sample["_embedded"]["leads"][0])


def test_lists_and_their_elements_have_the_documented_keys(desk: Client, clock: Clock) -> None:
    made = desk.ask("POST", "catalogs", [{"name": "Показатели", "request_id": "1"}]).json()
    sample = documented("catalog_create")["_embedded"]["catalogs"][0]
    row = made["_embedded"]["catalogs"][0]
    assert set(row) == set(sample) | {"sdk_widget_code"}
    listed = desk.get("catalogs")["_embedded"]["catalogs"][0]
    assert set(listed) == set(embedded("catalogs_list")[0])
    place = f"catalogs/{row['id']}"
    field = {"name": "Артикул", "type": "numeric", "code": "SKU"}
    desk.ask("POST", f"{place}/custom_fields", [field])
    value = {"field_code": "SKU", "values": [{"value": 12}]}
    sent = [{"name": "Элемент", "custom_fields_values": [value]}]
    element = desk.ask("POST", f"{place}/elements", sent).json()["_embedded"]["elements"][0]
    shown = desk.get(f"{place}/elements")["_embedded"]["elements"][0]
    assert set(shown) == set(embedded("catalog_elements_list")[0])
    assert shown["custom_fields_values"][0]["values"] == [{"value": "12"}]
    clock.forward(seconds=5)
    sent = [{"id": element["id"], "name": "Другое имя"}]
    patched = desk.ask("PATCH", f"{place}/elements", sent).json()["_embedded"]["elements"][0]
    sample = embedded("catalog_elements_patch")[0]
    assert set(patched) == set(sample)
    assert patched["request_id"] == patched["id"]
    assert patched["updated_at"] == element["updated_at"] + 5


def test_custom_fields_have_the_documented_keys(desk: Client) -> None:
    case = json.loads((PAYLOADS / "custom_fields_create_multiselect.json").read_text("utf-8"))
    answer = desk.ask("POST", "leads/custom_fields", case["request"]["json"])
    assert answer.status_code == 201
    shown, sample = answer.json(), case["response"]
    assert set(shown) == set(sample)
    made, example = shown["_embedded"]["custom_fields"][0], sample["_embedded"]["custom_fields"][0]
    assert set(example) <= set(made)
    assert [set(one) for one in made["enums"]] == [set(one) for one in example["enums"]]
    listed = desk.get("leads/custom_fields?limit=2")
    assert set(listed) == set(documented("custom_fields_list"))
    assert set(listed["_links"]) == set(documented("custom_fields_list")["_links"])


def test_webhooks_have_the_documented_keys(desk: Client) -> None:
    sent = {"destination": "http://127.0.0.1:9/hook", "settings": ["add_lead"], "sort": 10}
    answer = desk.ask("POST", "webhooks", sent)
    assert answer.status_code == 201
    assert set(answer.json()) == set(documented("webhook_subscribe"))
    listed, sample = desk.get("webhooks"), documented("webhooks_list")
    assert set(listed) == set(sample)
    assert set(listed["_embedded"]["webhooks"][0]) == set(sample["_embedded"]["webhooks"][0])


def test_links_of_a_lead_are_as_documented(client: Client) -> None:
    account = client.box.account
    contact, company = next(iter(account.contacts.rows)), next(iter(account.companies.rows))
    lead = account.create_lead(ANNA, company=company)
    sent = [{"to_entity_id": contact, "to_entity_type": "contacts", "metadata": {"is_main": True}}]
    answer = client.ask("POST", f"leads/{lead}/link", sent).json()
    assert set(answer) == set(documented("lead_link_contact"))
    shown, sample = client.get(f"leads/{lead}/links"), documented("lead_links")
    assert set(shown) == set(sample)
    kinds = {row["to_entity_type"] for row in shown["_embedded"]["links"]}
    assert kinds == {
        "contacts",
        "companies",
    }


def test_calls_are_answered_as_documented_and_need_a_known_number(client: Client) -> None:
    sent = json.loads((PAYLOADS / "calls_create.json").read_text("utf-8"))["request"]["json"]
    assert client.ask("POST", "calls", sent).status_code == 400
    contact = next(iter(client.box.account.contacts.rows.values()))
    answer = client.ask("POST", "calls", [sent[0] | {"phone": contact.phones[0]}]).json()
    sample = documented("calls_create")
    assert set(answer) == set(sample)
    assert set(answer["_embedded"]["calls"][0]) == set(sample["_embedded"]["calls"][0])
