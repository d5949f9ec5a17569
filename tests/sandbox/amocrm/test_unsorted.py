"""Unsorted: leads that wait in a stage of their own, are accepted or declined."""

import pytest

from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA, Client

UNSORTED, FIRST = 32392156, 32392159


def test_what_waits_is_a_lead_in_a_stage_of_type_one(desk: Client) -> None:
    uid = desk.box.account.receive_unsorted(ANNA, "sip")
    lead = desk.rows("leads")[0]
    assert lead["status_id"] == UNSORTED
    stages = desk.rows("leads/pipelines")[0]["_embedded"]["statuses"]
    assert {stage["id"]: stage["type"] for stage in stages}[UNSORTED] == 1
    shown = desk.get(f"leads/unsorted/{uid}")
    assert shown["_embedded"]["leads"][0]["id"] == lead["id"]
    assert type(shown["metadata"]["phone"]) is int
    assert shown["metadata"]["duration"] == "0"


def test_accepting_moves_the_lead_and_gives_it_to_who_took_it(desk: Client, clock: Clock) -> None:
    uid = desk.box.account.receive_unsorted(504100)
    clock.forward(minutes=20)
    answer = desk.ask("POST", f"leads/unsorted/{uid}/accept", {"user_id": ANNA, "status_id": FIRST})
    lead = answer.json()["_embedded"]["leads"][0]["id"]
    shown = desk.get(f"leads/{lead}")
    assert (shown["status_id"], shown["responsible_user_id"]) == (FIRST, ANNA)
    kinds = {row["type"]: row for row in desk.rows("events")}
    before = kinds["lead_status_changed"]["value_before"][0]["lead_status"]["id"]
    assert before == UNSORTED
    assert "entity_responsible_changed" in kinds
    summary = desk.get("leads/unsorted/summary")
    assert (summary["accepted"], summary["average_sort_time"]) == (1, 1200)
    assert desk.ask("POST", f"leads/unsorted/{uid}/accept", {"user_id": ANNA}).status_code == 404


def test_declining_deletes_the_lead(desk: Client) -> None:
    uid = desk.box.account.receive_unsorted(ANNA)
    assert desk.ask("DELETE", f"leads/unsorted/{uid}/decline").status_code == 200
    assert desk.rows("leads") == []
    assert desk.rows("leads/unsorted") == []
    assert desk.rows("events")[0]["type"] == "lead_deleted"
    assert desk.get("leads/unsorted/summary")["declined"] == 1


@pytest.mark.parametrize("sent", [{"price": 5}, {"custom_fields_values": []}])
def test_what_waits_cannot_be_written(desk: Client, sent: dict[str, object]) -> None:
    uid = desk.box.account.receive_unsorted(ANNA)
    lead = desk.box.account.incoming[uid].lead
    answer = desk.ask("PATCH", "leads", [{"id": lead, **sent}])
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [str(lead)]
