"""Lists: pages, orders, filters that were paid for, and what moves while one reads."""

from typing import Any

import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, Client


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    "path", ["leads", "contacts", "companies", "tasks", "leads/notes", "contacts/notes", "events"]
)
@pytest.mark.parametrize("limit", [7, 50])
def test_pages_give_every_row_once(client: Client, path: str, limit: int) -> None:
    account = client.box.account
    entity = path.partition("/")[0]
    tables: dict[str, Any] = {"leads/notes": account.notes["leads"]}
    tables["contacts/notes"] = account.notes["contacts"]
    table = tables.get(path) or getattr(account, entity)
    rows = client.every(path, limit)
    assert len(rows) == len({row["id"] for row in rows}) == len(table.rows)


def test_next_is_there_whenever_a_page_is_full_and_an_empty_page_is_204(desk: Client) -> None:
    for _ in range(4):
        desk.box.account.create_lead(ANNA)
    assert "next" in desk.get("leads?limit=2&page=2")["_links"]
    answer = desk.ask("GET", "leads?limit=2&page=3")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "next" not in desk.get("leads?limit=3&page=2")["_links"]


def test_a_next_link_leads_to_the_following_page_with_the_same_question(desk: Client) -> None:
    made = [desk.box.account.create_lead(ANNA) for _ in range(3)]
    first = desk.get("leads?limit=1&order[id]=desc&with=contacts")
    address = first["_links"]["next"]["href"].removeprefix(f"{desk.box.url}/api/v4/")
    assert ids(desk.get(address)["_embedded"]["leads"]) == [made[1]]


def test_a_limit_above_the_most_falls_back_to_fifty(desk: Client) -> None:
    for _ in range(60):
        desk.box.account.create_lead(ANNA)
    assert len(desk.rows("leads?limit=250")) == 60
    assert len(desk.rows("leads?limit=251")) == 50
    assert len(desk.rows("events?limit=100")) == 60
    assert len(desk.rows("events?limit=250")) == 50


@pytest.mark.parametrize("name", ["id", "created_at", "updated_at"])
def test_leads_come_in_the_order_asked_for(client: Client, name: str) -> None:
    rows = client.every(f"leads?order[{name}]=asc", 6)
    ordered = [(row[name], row["id"]) for row in rows]
    assert ordered == sorted(ordered)
    falling = client.every(f"leads?order[{name}]=desc", 6)
    assert ids(falling) == ids(rows)[::-1]


def test_tasks_cannot_be_ordered_by_their_change(desk: Client, clock: Clock) -> None:
    first, second = desk.box.account.add_task(ANNA), desk.box.account.add_task(ANNA)
    clock.forward(minutes=1)
    desk.box.account.update_task(first, text="Позже")
    assert ids(desk.rows("tasks?order[updated_at]=asc")) == [first, second]
    assert ids(desk.rows("tasks?order[complete_till]=desc")) == [second, first]


def test_a_window_of_changes_includes_both_ends(desk: Client, clock: Clock) -> None:
    made = []
    for _ in range(4):
        made.append(desk.box.account.create_lead(ANNA))
        clock.forward(seconds=1)
    start = int(clock().timestamp()) - 4
    window = f"filter[updated_at][from]={start + 1}&filter[updated_at][to]={start + 2}"
    assert ids(desk.rows(f"leads?{window}")) == made[1:3]


def test_a_bare_moment_finds_no_lead(desk: Client) -> None:
    lead = desk.box.account.create_lead(ANNA)
    at = desk.box.account.leads.rows[lead].updated_at
    assert desk.rows(f"leads?filter[updated_at]={at}") == []


def test_filters_that_were_not_paid_for_are_ignored_without_a_word(desk: Client) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA)
    task = account.add_task(ANNA)
    future = "filter[updated_at][from]=2000000000&filter[updated_at][to]=2000000001"
    assert desk.get("account?with=is_api_filter_enabled")["is_api_filter_enabled"] is True
    assert desk.rows(f"leads?{future}") == []
    account.filter_paid = False
    assert desk.get("account?with=is_api_filter_enabled")["is_api_filter_enabled"] is False
    assert ids(desk.rows(f"leads?{future}")) == [lead]
    assert desk.rows(f"tasks?{future}") == []
    assert ids(desk.rows(f"tasks?filter[id][]={task}")) == [task]


def test_a_stage_is_named_by_its_pipeline_as_well(desk: Client) -> None:
    account = desk.box.account
    here = account.create_lead(ANNA, status=142)
    there = account.create_lead(ANNA, status=142, pipeline=3104455)
    asked = "filter[statuses][0][pipeline_id]={}&filter[statuses][0][status_id]=142"
    assert ids(desk.rows(f"leads?{asked.format(3177727)}")) == [here]
    assert ids(desk.rows(f"leads?{asked.format(3104455)}")) == [there]


def test_rows_shift_to_earlier_pages_when_one_before_them_is_deleted(desk: Client) -> None:
    account = desk.box.account
    made = [account.create_lead(ANNA) for _ in range(6)]
    assert ids(desk.rows("leads?order[id]=asc&limit=2&page=1")) == made[:2]
    account.delete_lead(made[0])
    assert ids(desk.rows("leads?order[id]=asc&limit=2&page=2")) == made[3:5]


def test_the_trash_shows_ids_and_times_only(desk: Client, clock: Clock) -> None:
    account = desk.box.account
    lead = account.create_lead(ANNA, 100)
    clock.forward(minutes=5)
    account.delete_lead(lead)
    assert desk.rows("leads") == []
    assert desk.ask("GET", f"leads/{lead}").status_code == 204
    row = desk.rows("leads?with=only_deleted")[0]
    assert (row["id"], row["is_deleted"]) == (lead, True)
    assert row["updated_at"] == int(clock().timestamp())
    assert row["name"] is row["price"] is row["status_id"] is None
    account.restore_lead(lead)
    assert desk.rows("leads?with=only_deleted") == []
    assert desk.get(f"leads/{lead}")["price"] == 100


def test_notes_are_found_by_kind_and_change_and_entity(desk: Client, clock: Clock) -> None:
    account = desk.box.account
    one, other = account.create_lead(ANNA), account.create_lead(ANNA)
    account.add_call(ANNA, ("leads", one), incoming=True, duration=10)
    clock.forward(minutes=1)
    late = account.add_call(ANNA, ("leads", other), incoming=False, duration=10)
    assert len(desk.rows("leads/notes?filter[note_type][]=call_in")) == 1
    assert (
        len(desk.rows("leads/notes?filter[note_type][]=call_in&filter[note_type][]=call_out")) == 2
    )
    since = int(clock().timestamp())
    assert ids(desk.rows(f"leads/notes?filter[updated_at][from]={since}")) == late
    assert ids(desk.rows(f"leads/{other}/notes")) == late
    assert desk.ask("GET", "deals/notes").status_code == 404


def test_custom_fields_come_fifty_a_page_whatever_the_limit(desk: Client) -> None:
    sent = [{"name": f"Поле {number}", "type": "text"} for number in range(60)]
    desk.ask("POST", "companies/custom_fields", sent)
    first = desk.get("companies/custom_fields?limit=250")
    assert len(first["_embedded"]["custom_fields"]) == 50
    assert (first["_total_items"], first["_page_count"]) == (62, 2)
    assert len(desk.rows("companies/custom_fields?limit=250&page=2")) == 12


def test_who_may_see_little_is_not_told_of_the_rest(client: Client) -> None:
    account = client.box.account
    account.access.owners = {ANNA}
    mine = {row["id"] for row in client.every("leads")}
    assert mine == {one.id for one in account.leads.rows.values() if one.now.owner == ANNA}
    hidden = next(one.id for one in account.leads.rows.values() if one.now.owner != ANNA)
    assert client.ask("GET", f"leads/{hidden}").status_code == 204


def test_the_answer_is_dated_by_the_accounts_own_clock(desk: Client, clock: Clock) -> None:
    clock.forward(days=100)
    shown = desk.ask("GET", "account").headers["date"]
    assert shown == (clock()).strftime("%a, %d %b %Y %H:%M:%S GMT")
