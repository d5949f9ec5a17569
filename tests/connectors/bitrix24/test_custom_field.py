"""Custom fields of deals: found by the settings' spelling, read with the deal, told as text."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.custom_field import Column, columns_of, deal_facts
from connectors.bitrix24.opening import open_pass
from sandbox.server import Box
from store.fact import CustomFields, CustomValues, Deal
from tests.connectors.bitrix24.portal import CONTEXT, LONG_AGO, STREAMS

FIELDS = {
    "margin": "UF_CRM_3_MARGIN10",
    "loss_reason": "UF_CRM_REASON",
    "flag": "UF_CRM_FLAG",
    "money": "UF_CRM_MONEY",
    "many": "UF_CRM_MANY",
    "imported": "ORIGIN_ID",
    "gone": "UF_CRM_MARGN",
}


@pytest.fixture
def client(box: Box, client: Bitrix24Client) -> Bitrix24Client:
    """A portal with custom fields, and settings that name them."""
    for name, kind, more in (
        ("3_MARGIN10", "double", {}),
        ("REASON", "enumeration", {"enum": [{"value": "Дорого"}, {"value": "Долго"}]}),
        ("FLAG", "boolean", {}),
        ("MONEY", "money", {}),
        ("MANY", "string", {"multiple": "Y"}),
    ):
        one = {"entityId": "CRM_DEAL", "fieldName": f"UF_CRM_{name}", "userTypeId": kind}
        box.portal.userfields.add({**one, **more})
    client.options = replace(client.options, fields={"deal": FIELDS})
    return client


def fill(box: Box, **values: Any) -> str:
    """Fills in fields of a deal and returns its id."""
    number = min(box.portal.deals.every)
    box.portal.deals.every[number].extra = {f"UF_CRM_{k}": v for k, v in values.items()}
    return str(number)


def read(client: Bitrix24Client) -> list[Any]:
    stream = STREAMS["deals"]
    records = [row for page in stream.pages(client, LONG_AGO) for row in page.records]
    return [fact for row in records for fact in stream.normalize(row, CONTEXT)]


def test_irregular_names_are_found_by_either_spelling() -> None:
    fields = {
        "ufCrm_3_MARGIN10": {"upperName": "UF_CRM_3_MARGIN10", "type": "double"},
        "typeId": {"upperName": "TYPE_ID", "type": "crm_status"},
        "ufCrmKind": {"upperName": "UF_CRM_KIND", "items": [{"ID": "5", "VALUE": "Опт"}]},
    }
    wanted = {"a": "UF_CRM_3_MARGIN10", "b": "typeId", "c": "UF_CRM_KIND", "d": "UF_CRM_NO"}
    assert columns_of(wanted, fields) == {
        "a": Column("ufCrm_3_MARGIN10", {}),
        "b": Column("typeId", {}),
        "c": Column("ufCrmKind", {"5": "Опт"}),
    }


def test_values_come_with_the_deal_as_people_read_them(box: Box, client: Bitrix24Client) -> None:
    option = int(box.portal.userfields.of("CRM_DEAL")[1].options[1]["id"])
    ref = fill(
        box, **{"3_MARGIN10": 12.5}, REASON=option, FLAG="Y", MONEY="100.50|RUB", MANY=["a", "b"]
    )
    facts = read(client)
    (found,) = [f for f in facts if isinstance(f, CustomValues) and f.record_ref == ref]
    assert found.values == {
        "margin": "12.5",
        "loss_reason": "Долго",
        "flag": "Y",
        "money": "100.50",
        "many": "a, b",
    }
    reasons = {fact.ref: fact.reason for fact in facts if isinstance(fact, Deal)}
    assert reasons.pop(ref) == "Долго"
    assert set(reasons.values()) == {""}


def test_what_is_not_filled_in_is_no_value(box: Box, client: Bitrix24Client) -> None:
    ref = fill(box, **{"3_MARGIN10": None}, REASON=0, FLAG="N", MONEY="", MANY=[])
    (found,) = [f for f in read(client) if isinstance(f, CustomValues) and f.record_ref == ref]
    assert found.values == {}


def test_a_zero_is_a_value(box: Box, client: Bitrix24Client) -> None:
    ref = fill(box, **{"3_MARGIN10": 0})
    (found,) = [f for f in read(client) if isinstance(f, CustomValues) and f.record_ref == ref]
    assert found.values == {"margin": "0"}


def test_a_missing_field_is_told_once_and_the_others_are_read(client: Bitrix24Client) -> None:
    missing = [fact for fact in read(client) if isinstance(fact, CustomFields)]
    assert missing == [CustomFields(kind="deal", missing=("gone",))]
    assert not [fact for fact in read(client) if isinstance(fact, CustomFields)]


def test_the_portal_is_asked_for_names_once_and_deals_in_one_batch(
    box: Box, client: Bitrix24Client
) -> None:
    for expected in (2, 1):
        before = len(box.log)
        open_pass(client, [(STREAMS["deals"], LONG_AGO)])
        read_all = list(STREAMS["deals"].pages(client, LONG_AGO))
        assert read_all
        assert len(box.log) - before == expected


def test_a_check_names_the_field_that_is_not_there(client: Bitrix24Client) -> None:
    lines = {each.name: each for each in CONNECTOR.check(client)}
    assert lines["field margin"].ok
    assert lines["field imported"].ok
    assert not lines["field gone"].ok
    assert "no field UF_CRM_MARGN" in lines["field gone"].detail
    assert "[fields.main.deal]" in lines["field gone"].todo


def test_without_such_settings_nothing_is_asked(box: Box, client: Bitrix24Client) -> None:
    client.options = replace(client.options, fields={})
    assert {type(fact) for fact in read(client)} == {Deal}
    assert {fact.reason for fact in read(client)} == {None}
    assert not [one for one in box.log if "crm.item.fields" in (one.method, *one.commands)]


def test_a_record_that_tells_of_fields_is_no_deal() -> None:
    (found,) = deal_facts({"id": "deal", "merilo missing": ("x",)}, CONTEXT)
    assert found == CustomFields(kind="deal", missing=("x",))
