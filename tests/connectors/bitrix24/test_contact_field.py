"""Custom fields of contacts: read with the contact, each chosen value on a line of its own."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.opening import open_pass
from sandbox.bitrix24.client_role import NAME
from sandbox.client_role import ROLES
from sandbox.server import Box
from store.fact import Client, CustomFields, CustomValues
from tests.connectors.bitrix24.portal import CONTEXT, LONG_AGO, STREAMS

ANNA = 7
STREAM = STREAMS["contacts"]


@pytest.fixture
def client(box: Box, client: Bitrix24Client) -> Bitrix24Client:
    """Settings that name the field of roles."""
    return naming(client, role=NAME)


def naming(client: Bitrix24Client, **fields: str) -> Bitrix24Client:
    client.options = replace(client.options, fields={"contact": fields})
    return client


def read(client: Bitrix24Client) -> list[Any]:
    rows = [row for page in STREAM.pages(client, LONG_AGO) for row in page.records]
    return [fact for row in rows for fact in STREAM.normalize(row, CONTEXT)]


def roles(facts: list[Any]) -> dict[str, dict[str, str]]:
    return {each.record_ref: each.values for each in facts if isinstance(each, CustomValues)}


def truth(box: Box) -> dict[str, dict[str, str]]:
    """What the portal itself knows of its contacts that are there."""
    field = box.portal.userfields.of("CRM_CONTACT")[0]
    words = {int(each["id"]): each["value"] for each in field.options}
    return {
        f"contact:{entry.id}": {"role": words[entry.extra[NAME]]} if entry.extra else {}
        for entry in box.portal.contacts.every.values()
        if not entry.now.deleted
    }


def test_the_role_of_every_contact_is_the_word_that_was_chosen(
    box: Box, client: Bitrix24Client
) -> None:
    facts = read(client)
    assert roles(facts) == truth(box)
    assert {} in roles(facts).values()
    assert {each["role"] for each in roles(facts).values() if each} <= {*ROLES}
    assert {each.ref for each in facts if isinstance(each, Client)} == truth(box).keys()
    assert CustomFields(kind="contact", missing=()) in facts


def test_a_role_chosen_later_comes_with_the_contact(box: Box, client: Bitrix24Client) -> None:
    read(client)
    option = box.portal.userfields.of("CRM_CONTACT")[0].options[1]
    number = box.portal.contacts.create(ANNA, "Пётр")
    box.portal.contacts.change(number, extra={NAME: int(option["id"])})
    ref = f"contact:{number}"
    assert roles(read(client))[ref] == {"role": ROLES[1]}
    (page,) = STREAM.fetch(client, [ref])  # type: ignore[misc]
    (_, found) = STREAM.normalize(page.records[0], CONTEXT)
    assert found == CustomValues(kind="contact", record_ref=ref, values={"role": ROLES[1]})


def test_several_values_are_told_apart(box: Box, client: Bitrix24Client) -> None:
    many = {"entityId": "CRM_CONTACT", "fieldName": "UF_CRM_PARTS", "userTypeId": "enumeration"}
    enum = [{"value": "Директор, собственник"}, {"value": "Закупки"}, {"value": "ЛПР"}]
    field = box.portal.userfields.add({**many, "multiple": "Y", "enum": enum})
    chosen = [int(each["id"]) for each in field.options[:2]]
    number = box.portal.contacts.create(ANNA, extra={"UF_CRM_PARTS": chosen})
    found = roles(read(naming(client, role="UF_CRM_PARTS")))
    assert found[f"contact:{number}"] == {"role": "Директор, собственник\nЗакупки"}


def test_a_field_that_is_not_there_is_told_and_contacts_are_read(
    client: Bitrix24Client,
) -> None:
    facts = read(naming(client, role="UF_CRM_ROLL"))
    assert CustomFields(kind="contact", missing=("role",)) in facts
    assert [each for each in facts if isinstance(each, Client)]
    lines = {each.name: each for each in CONNECTOR.check(client)}
    assert not lines["field role"].ok
    assert lines["field role"].detail.startswith("contacts have no field UF_CRM_ROLL")
    assert "[fields.main.contact]" in lines["field role"].todo
    assert NAME in lines["field role"].todo


def test_fields_of_deals_and_of_contacts_are_checked_together(client: Bitrix24Client) -> None:
    fields = {"deal": {"margin": "UF_CRM_NO"}, "contact": {"role": NAME}}
    client.options = replace(client.options, fields=fields)
    lines = {each.name: each.ok for each in CONNECTOR.check(client)}
    assert (lines["field margin"], lines["field role"]) == (False, True)


def test_the_names_are_asked_for_once_an_hour_and_contacts_in_the_pass(
    box: Box, client: Bitrix24Client
) -> None:
    for expected in (2, 1):
        before = len(box.log)
        open_pass(client, [(STREAM, LONG_AGO)])
        assert list(STREAM.pages(client, LONG_AGO))
        assert len(box.log) - before == expected


def test_without_the_setting_no_field_is_asked_for(box: Box, client: Bitrix24Client) -> None:
    client.options = replace(client.options, fields={"deal": {}})
    assert {type(fact) for fact in read(client)} == {Client}
    assert not [one for one in box.log if "crm.item.fields" in (one.method, *one.commands)]


def test_fields_named_for_contacts_are_read_of_no_others() -> None:
    reading = {name for name, each in STREAMS.items() if each.fields_of == "contact"}
    assert reading == {"contacts"}
