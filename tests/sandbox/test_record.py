"""Leads and quotes of the portal: lists, odd types, rights, and the truth counted by hand."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.bitrix24.company import build_portal
from sandbox.bitrix24.record_live import convert_lead
from sandbox.bitrix24.truth import truth
from sandbox.server import Box
from tests.sandbox.conftest import Client

ANNA, BORIS = 20, 21
LEAD, QUOTE = 1, 7


@pytest.fixture
def office(empty: Box) -> Box:
    empty.portal.add_user("Анна", "Иванова", user_id=ANNA)
    empty.portal.add_user("Борис", "Сидоров", user_id=BORIS)
    return empty


def items(desk: Client, kind: int, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.result(
        "crm.item.list", entityTypeId=kind, start=-1, **params
    )["items"]
    return found


def test_a_lead_is_shown_with_numbers_as_numbers_in_the_new_family_and_as_text_in_the_old(
    office: Box, desk: Client
) -> None:
    lead = office.portal.leads.create(ANNA, amount=1500)
    (new,) = items(desk, LEAD)
    assert (new["id"], new["assignedById"], new["opportunity"]) == (lead, ANNA, 1500)
    assert (new["stageId"], new["stageSemanticId"], new["dateClosed"]) == ("NEW", "P", None)
    old = desk.result("crm.lead.get", ID=lead)
    assert (old["ID"], old["ASSIGNED_BY_ID"], old["OPPORTUNITY"]) == ("1", "20", "1500.00")
    assert (old["STATUS_ID"], old["STATUS_SEMANTIC_ID"]) == ("NEW", "P")
    assert [row["ID"] for row in desk.result("crm.lead.list", filter={"STATUS_ID": "NEW"})] == ["1"]


def test_a_quote_names_its_deal_and_has_no_semantics_of_its_own(office: Box, desk: Client) -> None:
    deal = office.portal.create_deal(ANNA)
    office.portal.quotes.create(ANNA, deal=deal)
    office.portal.quotes.create(ANNA)
    first, second = items(desk, QUOTE)
    assert (first["dealId"], second["dealId"]) == (deal, None)
    assert "stageSemanticId" not in first
    assert [row["id"] for row in items(desk, QUOTE, filter={"dealId": deal})] == [1]
    assert desk.result("crm.quote.get", id=1)["DEAL_ID"] == str(deal)


def test_stages_stand_in_their_own_directories(desk: Client) -> None:
    rows = desk.result("crm.status.list", filter={"ENTITY_ID": ["STATUS", "QUOTE_STATUS"]})
    final = {row["STATUS_ID"]: row["SEMANTICS"] for row in rows if row["SEMANTICS"]}
    assert final == {
        "CONVERTED": "S", "JUNK": "F", "UC_DOUBLE": "F", "APPROVED": "S", "DECLAINED": "F",
    }  # fmt: skip


def test_an_item_is_added_changed_and_deleted_through_the_interface(
    office: Box, desk: Client
) -> None:
    fields = {"title": "С сайта", "assignedById": str(ANNA), "unknown": 1}
    made = desk.result("crm.item.add", entityTypeId=LEAD, fields=fields)["item"]
    assert (made["title"], made["assignedById"], made["entityTypeId"]) == ("С сайта", ANNA, LEAD)
    changed = {"entityTypeId": LEAD, "id": made["id"], "fields": {"stageId": "JUNK"}}
    assert desk.result("crm.item.update", **changed)["item"]["stageSemanticId"] == "F"
    wrong = changed | {"fields": {"stageId": "NOWHERE"}}
    refused = desk.answer("crm.item.update", **wrong)
    assert refused.status_code == 400
    assert desk.result("crm.item.delete", entityTypeId=LEAD, id=made["id"]) == []
    assert items(desk, LEAD) == []
    methods = [write.method for write in office.portal.writes]
    assert methods == ["crm.item.add", "crm.item.update", "crm.item.delete"]


def test_what_may_not_be_read_is_refused_and_what_is_foreign_is_left_out(
    office: Box, desk: Client
) -> None:
    office.portal.leads.create(ANNA)
    office.portal.leads.create(BORIS)
    office.portal.access.owners = {BORIS}
    assert [row["id"] for row in items(desk, LEAD)] == [2]
    office.portal.access.unreadable = {LEAD}
    refused = desk.answer("crm.item.list", entityTypeId=LEAD)
    assert refused.json()["error"] == "ACCESS_DENIED"
    assert items(desk, QUOTE) == []


def test_the_mode_of_the_portal_is_told(office: Box, desk: Client) -> None:
    assert desk.result("crm.settings.mode.get") == 1
    office.portal.mode = 2
    assert desk.result("crm.settings.mode.get") == 2


def test_the_truth_of_a_cohort_counted_by_hand(office: Box) -> None:
    portal = office.portal
    october, november = datetime(2026, 10, 5, 9, tzinfo=UTC), datetime(2026, 9, 30, 9, tzinfo=UTC)
    first = portal.leads.create(ANNA, at=october)
    portal.leads.create(ANNA, at=october, stage="JUNK")
    portal.leads.create(BORIS, at=october)
    portal.leads.create(BORIS, at=november)
    gone = portal.leads.create(BORIS, at=october)
    portal.leads.delete(gone)
    for _ in range(2):
        portal.move_deal(convert_lead(portal, first, owner=BORIS), "WON")
    portal.quotes.create(BORIS, at=october, deal=1)
    portal.quotes.create(BORIS, at=october)
    rows = truth(
        portal, since=date(2026, 10, 1), until=date(2026, 10, 31), by="total", tz="Europe/Moscow"
    )
    found = {(row.user, row.metric): row.value for row in rows}
    assert found[None, "leads_created"] == 3
    assert (found[None, "leads_won"], found[None, "lead_conversion"]) == (1, 0.3333)
    assert (found[ANNA, "leads_created"], found[ANNA, "lead_conversion"]) == (2, 0.5)
    assert (found[BORIS, "leads_created"], found[BORIS, "lead_conversion"]) == (1, 0)
    assert (found[BORIS, "quotes_created"], found[None, "quote_conversion"]) == (2, 0.5)


def test_the_company_has_leads_of_every_fate() -> None:
    now = datetime(2026, 10, 15, 9, tzinfo=UTC)
    portal = build_portal("small", 1, lambda: now)
    assert len(portal.leads.every) == 400
    assert {record.now.stage for record in portal.leads.every.values()} == set(portal.leads.stages)
    made: list[int] = [
        deal.extra["leadId"]
        for deal in portal.deals.every.values()
        if deal.extra and "leadId" in deal.extra
    ]
    assert len(made) > len(set(made)) > 100
    for records in (portal.leads, portal.quotes):
        for record in records.every.values():
            moments = [version.at for version in record.versions]
            assert moments == sorted(moments)
            assert moments[-1] <= now.timestamp()
