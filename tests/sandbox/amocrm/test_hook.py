"""Webhooks: posted as PHP-bracketed forms, posted again, and disabled after many bad replies."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sandbox.amocrm.hook import flatten
from sandbox.php import parse_query
from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, PAYLOADS, Client


class Inbox(HTTPServer):
    """Takes what is posted to it, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.status = 200
        self.taken: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/secret"


class _Taker(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.server.taken.append(parse_query(body.decode()))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_parts: Any) -> None:
        """Nothing on the console."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server = Inbox()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(desk: Client, inbox: Inbox, *settings: str) -> None:
    sent = {"destination": inbox.address, "settings": list(settings)}
    assert desk.ask("POST", "webhooks", sent).status_code == 201


def posted(desk: Client, inbox: Inbox) -> list[dict[str, Any]]:
    desk.box.account.hooks.wait()
    return inbox.taken


def test_a_new_stage_is_posted_in_the_names_of_the_old_api(desk: Client, inbox: Inbox) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA, 5)
    subscribe(desk, inbox, "status_lead")
    account.update_lead(lead, price=6)
    account.win_lead(lead)
    body = posted(desk, inbox)[0]
    assert len(inbox.taken) == 1
    row = body["leads"]["status"][0]
    sample = documented_form("webhook_payload_lead_status")["leads"]["status"]["0"]
    assert set(sample) - {"custom_fields"} <= set(row)
    assert (row["id"], row["status_id"], row["old_status_id"]) == (str(lead), "142", "32392159")
    assert body["account"] == {"subdomain": account.subdomain, "id": str(account.id)}


def documented_form(name: str) -> Any:
    """The form that the documentation shows, decoded."""
    case = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return case["request"]["decoded_php_array"]


def test_contacts_and_companies_come_under_one_key(desk: Client, inbox: Inbox) -> None:
    subscribe(desk, inbox, "add_contact", "add_company")
    company = desk.box.account.add_company(ANNA, "ООО «Вектор»")
    desk.box.account.add_contact(ANNA, "Пётр Белов", phone="+79161234567", company=company)
    firm, person = (body["contacts"]["add"][0] for body in posted(desk, inbox))
    assert (firm["type"], person["type"]) == ("company", "contact")
    sample = documented_form("webhook_payload_contact_add")["contacts"]["add"][0]
    assert set(sample) - {"company_name", "linked_leads_id"} <= set(person)
    assert person["custom_fields"][0]["code"] == "PHONE"


def test_tasks_carry_local_times(desk: Client, inbox: Inbox) -> None:
    subscribe(desk, inbox, "add_task", "update_task", "delete_task")
    task = desk.box.account.add_task(ANNA)
    desk.box.account.complete_task(task, "Success")
    desk.box.account.delete_task(task)
    added, updated, deleted = posted(desk, inbox)
    row = updated["task"]["update"][0]
    assert set(documented_form("webhook_payload_task_update")["task"]["update"][0]["0"]) <= set(row)
    assert added["task"]["add"][0]["date_create"] == "2026-10-15 12:00:00"
    assert deleted["task"]["delete"][0]["id"] == str(task)


def test_unsorted_is_posted_as_deleted_with_what_became_of_it(desk: Client, inbox: Inbox) -> None:
    account = desk.box.account
    subscribe(desk, inbox, "delete_unsorted")
    account.accept_unsorted(account.receive_unsorted(ANNA), ANNA)
    row = posted(desk, inbox)[0]["unsorted"]["delete"][0]
    sample = documented_form("webhook_payload_unsorted_accept")["unsorted"]["delete"][0]
    assert set(row) == set(sample)
    assert row["action"] == "accept"


def test_every_change_of_a_lead_reaches_its_setting(desk: Client, inbox: Inbox) -> None:
    account = desk.box.account
    names = ("add", "update", "delete", "restore", "responsible", "note")
    subscribe(desk, inbox, *(f"{name}_lead" for name in names))
    lead = account.create_lead(ANNA)
    account.assign_lead(lead, 504100)
    account.add_call(ANNA, ("leads", lead), duration=5)
    account.delete_lead(lead)
    account.restore_lead(lead)
    verbs = [next(iter(body["leads"])) for body in posted(desk, inbox)]
    assert verbs == ["add", "update", "responsible", "note", "delete", "restore"]


def test_our_own_writing_is_posted_too(desk: Client, inbox: Inbox) -> None:
    lead = desk.box.account.create_lead(ANNA)
    subscribe(desk, inbox, "update_lead")
    desk.ask("PATCH", "leads", [{"id": lead, "custom_fields_values": []}])
    assert len(posted(desk, inbox)) == 1


def test_a_bad_reply_is_posted_again_by_the_vendors_timetable(
    desk: Client, inbox: Inbox, clock: Clock
) -> None:
    subscribe(desk, inbox, "add_lead")
    inbox.status = 500
    desk.box.account.create_lead(ANNA)
    for minutes, expected in ((0, 1), (4, 1), (1, 2), (15, 3), (15, 4), (60, 5), (600, 5)):
        clock.forward(minutes=minutes)
        desk.ask("GET", "account")
        assert len(posted(desk, inbox)) == expected
    assert {str(body) for body in inbox.taken} == {str(inbox.taken[0])}


def test_a_refusal_is_posted_three_times_only(desk: Client, inbox: Inbox, clock: Clock) -> None:
    subscribe(desk, inbox, "add_lead")
    inbox.status = 404
    desk.box.account.create_lead(ANNA)
    for _ in range(6):
        clock.forward(hours=1)
        desk.ask("GET", "account")
        posted(desk, inbox)
    assert len(inbox.taken) == 3


def test_who_answers_badly_all_the_time_is_disabled_until_subscribed_again(
    desk: Client, inbox: Inbox
) -> None:
    subscribe(desk, inbox, "add_lead")
    inbox.status = 500
    for _ in range(101):
        desk.box.account.create_lead(ANNA)
    posted(desk, inbox)
    assert desk.rows("webhooks")[0]["disabled"] is True
    desk.box.account.create_lead(ANNA)
    assert len(posted(desk, inbox)) == 101
    subscribe(desk, inbox, "add_lead")
    assert [row["disabled"] for row in desk.rows("webhooks")] == [False]


def test_an_address_is_subscribed_once_and_unsubscribed(desk: Client, inbox: Inbox) -> None:
    subscribe(desk, inbox, "add_lead")
    subscribe(desk, inbox, "update_lead")
    found = desk.rows(f"webhooks?filter[destination]={inbox.address}")
    assert [row["settings"] for row in found] == [["update_lead"]]
    assert desk.rows("webhooks?filter[destination]=http://127.0.0.1:9/other") == []
    sent = {"destination": inbox.address}
    assert desk.ask("DELETE", "webhooks", sent).status_code == 204
    assert desk.ask("DELETE", "webhooks", sent).status_code == 404
    wrong = {"destination": inbox.address, "settings": ["everything"]}
    assert desk.ask("POST", "webhooks", wrong).status_code == 400


def test_nothing_is_posted_outside_this_machine(desk: Client) -> None:
    sent = {"destination": "https://hooks.example/secret", "settings": ["add_lead"]}
    desk.ask("POST", "webhooks", sent)
    desk.box.account.create_lead(ANNA)
    desk.box.account.hooks.wait()
    assert [one.status for one in desk.box.account.hooks.done] == [0]


def test_forms_are_php_arrays_of_texts() -> None:
    tree = {"a": [{"b": 1, "c": None}, {"d": True}], "e": {"f": "г"}}
    assert flatten(tree) == [("a[0][b]", "1"), ("a[1][d]", "1"), ("e[f]", "г")]
