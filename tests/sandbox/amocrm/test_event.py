"""The ledger of events: what is noted, in which order, and how it is asked for."""

from functools import partial
from typing import Any

import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, Client

OTHER = 504100


def kinds(rows: list[dict[str, Any]]) -> list[str]:
    return [row["type"] for row in rows]


def test_everything_done_to_a_lead_is_noted_newest_first(desk: Client, clock: Clock) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA)
    steps = (
        partial(account.move_lead, lead, 32392162),
        partial(account.assign_lead, lead, OTHER),
        partial(account.win_lead, lead),
        partial(account.delete_lead, lead),
        partial(account.restore_lead, lead),
    )
    for step in steps:
        clock.forward(minutes=1)
        assert step() == lead
    assert kinds(desk.rows("events")) == [
        "lead_restored",
        "lead_deleted",
        "lead_status_changed",
        "entity_responsible_changed",
        "lead_status_changed",
        "lead_added",
    ]


def test_a_change_of_owner_and_stage_at_once_is_two_events(desk: Client) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA)
    account.update_lead(lead, owner=OTHER, status=143, reason=4203748)
    rows = desk.rows("events?filter[entity][]=lead")[:2]
    assert {row["created_at"] for row in rows} == {account.now()}
    assert set(kinds(rows)) == {"lead_status_changed", "entity_responsible_changed"}


def test_events_are_found_by_type_moment_and_author(desk: Client, clock: Clock) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA, by=0)
    clock.forward(seconds=10)
    account.win_lead(lead, by=OTHER)
    now = account.now()
    assert kinds(desk.rows("events?filter[type][]=lead_added")) == ["lead_added"]
    assert kinds(desk.rows("events?filter[type]=lead_added,lead_status_changed")) == [
        "lead_status_changed",
        "lead_added",
    ]
    assert kinds(desk.rows(f"events?filter[created_at]={now}")) == ["lead_status_changed"]
    window = f"filter[created_at][from]={now - 10}&filter[created_at][to]={now - 1}"
    assert kinds(desk.rows(f"events?{window}")) == ["lead_added"]
    assert kinds(desk.rows(f"events?filter[created_by][]={OTHER}")) == ["lead_status_changed"]
    won = "filter[value_after][leads_statuses][0][pipeline_id]=3177727"
    asked = f"{won}&filter[value_after][leads_statuses][0][status_id]=142"
    assert kinds(desk.rows(f"events?{asked}")) == ["lead_status_changed"]


def test_an_event_is_found_by_its_id(client: Client) -> None:
    rows = client.rows("events?limit=3")
    assert client.get(f"events/{rows[1]['id']}") == rows[1]
    found = client.rows(f"events?filter[id][]={rows[0]['id']}&filter[id][]={rows[2]['id']}")
    assert found == [rows[0], rows[2]]


def test_entity_ids_need_exactly_one_kind_of_entity_and_are_ten_at_most(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    assert desk.ask("GET", f"events?filter[entity_id][]={lead}").status_code == 400
    asked = f"filter[entity][]=lead&filter[entity_id][]={lead}"
    assert kinds(desk.rows(f"events?{asked}")) == ["lead_added"]
    many = "&".join(f"filter[entity_id][]={number}" for number in range(11))
    assert desk.ask("GET", f"events?filter[entity][]=lead&{many}").status_code == 400


def test_a_call_leaves_an_event_that_names_its_note_and_no_length(desk: Client) -> None:
    account = desk.box.account
    contact = account.add_contact(ANNA, "Пётр Белов", phone="+79161234567")
    note = account.add_call(ANNA, ("contacts", contact), duration=61)[0]
    row = desk.rows("events?filter[type][]=incoming_call")[0]
    assert row["value_after"] == [{"note": {"id": note}}]
    assert (row["entity_type"], row["entity_id"]) == ("contact", contact)


@pytest.mark.parametrize("kind", ["incoming_mail", "outgoing_mail"])
def test_letters_are_notes_and_no_events(desk: Client, kind: str) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA)
    account.add_letter(ANNA, ("leads", lead), incoming=kind == "incoming_mail")
    assert kind not in {row["key"] for row in desk.rows("events/types")}
    assert desk.rows(f"events?filter[type][]={kind}") == []
    shown = desk.rows("leads/notes?filter[note_type][]=amomail_message")[0]["params"]
    assert shown["income"] is (kind == "incoming_mail")


def test_a_task_is_completed_by_an_event_only(desk: Client, clock: Clock) -> None:
    account = desk.box.account
    task = account.add_task(ANNA)
    clock.forward(minutes=30)
    account.complete_task(task)
    clock.forward(minutes=5)
    account.update_task(task, text="Встреча прошла")
    row = desk.rows("events?filter[type][]=task_completed")[0]
    assert (row["entity_type"], row["entity_id"]) == ("task", task)
    assert row["created_at"] == desk.get(f"tasks/{task}")["updated_at"] - 300
    account.delete_task(task)
    assert kinds(desk.rows("events"))[0] == "task_deleted"
    assert desk.ask("GET", f"tasks/{task}").status_code == 204


def test_a_merge_names_the_survivor_and_the_loser_lies_in_the_trash(desk: Client) -> None:
    account = desk.box.account
    kept, lost = account.create_lead(ANNA), account.create_lead(ANNA)
    note = account.add_call(ANNA, ("leads", lost), duration=10)[0]
    account.merge_leads(kept, lost)
    row = desk.rows("events")[0]
    assert (row["type"], row["entity_id"]) == ("entity_merged", kept)
    assert row["value_before"] == row["value_after"] == []
    assert [one["id"] for one in desk.rows("leads?with=only_deleted")] == [lost]
    assert desk.ask("GET", f"leads/{lost}").status_code == 204
    assert [one["id"] for one in desk.rows(f"leads/{kept}/notes")] == [note]


def test_merged_contacts_give_their_deals_to_the_survivor(desk: Client) -> None:
    account = desk.box.account
    kept, lost = account.add_contact(ANNA, "Пётр Белов"), account.add_contact(ANNA, "П. Белов")
    lead = account.create_lead(ANNA, contact=lost)
    account.merge_contacts(kept, lost)
    shown = desk.get(f"leads/{lead}?with=contacts")["_embedded"]["contacts"]
    assert [one["id"] for one in shown] == [kept]
    assert kinds(desk.rows("events"))[0] == "entity_merged"
    account.delete_contact(kept)
    assert kinds(desk.rows("events"))[0] == "contact_deleted"
    assert len(desk.rows("contacts?with=only_deleted")) == 2


def test_a_removed_note_is_told_by_an_event(desk: Client) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA)
    note = account.add_call(ANNA, ("leads", lead), duration=5)[0]
    account.delete_note("leads", note)
    row = desk.rows("events?filter[type][]=common_note_deleted")[0]
    assert row["value_before"] == [{"note": {"id": note}}]
    assert desk.rows("leads/notes") == []


def test_a_purchase_is_told_by_an_event(desk: Client) -> None:
    account = desk.box.account
    customer = account.add_customer(ANNA, "Постоянный клиент")
    bought = account.add_purchase(customer, 7000)
    row = desk.rows("events?filter[type][]=transaction_added")[0]
    assert row["value_after"] == [{"transaction": {"id": bought}}]
    assert desk.get(f"customers/{customer}")["ltv"] == 7000
    assert desk.rows(f"customers/{customer}/transactions")[0]["price"] == 7000
    account.assign_customer(customer, 504112)
    (given,) = desk.rows(
        "events?filter[entity][]=customer&filter[type][]=entity_responsible_changed"
    )
    assert given["value_after"] == [{"responsible_user": {"id": 504112}}]
    account.take_back(bought)
    assert desk.rows(f"customers/{customer}/transactions") == []
    account.customers_mode = "disabled"
    assert desk.ask("GET", "customers").status_code == 402
