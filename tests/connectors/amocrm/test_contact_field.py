"""Custom fields of contacts of amoCRM: found by id or code, each value on a line of its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.amocrm import CONNECTOR
from connectors.amocrm.client import AmocrmClient
from connectors.base import Since
from sandbox.amocrm.contact import ROLE_ID
from sandbox.amocrm.field import Enums, Field
from sandbox.client_role import ROLES
from sandbox.server import start_sandbox
from store.fact import Client, CustomFields, CustomValues
from tests.connectors.amocrm.account import CONTEXT

LONG_AGO = Since(changed_from=datetime(2015, 1, 1, tzinfo=UTC))
STREAMS = {stream.name: stream for stream in CONNECTOR.streams}
CARD = {"id": "contact:5", "number": 5, "name": "Пётр", "created_at": 1, "updated_at": 1}


@pytest.fixture(scope="module")
def box() -> Iterator[Any]:
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False) as found:
        yield found


def read(client: AmocrmClient, name: str = "contacts", **fields: str) -> list[Any]:
    wanted = {"contact": fields} if fields else {}
    client.options = replace(client.options, fields=wanted)
    stream, context = STREAMS[name], replace(CONTEXT, fields=wanted)
    rows = [row for page in stream.pages(client, LONG_AGO) for row in page.records]
    return [fact for row in rows for fact in stream.normalize(row, context)]


def roles(facts: list[Any]) -> dict[str, dict[str, str]]:
    return {each.record_ref: each.values for each in facts if isinstance(each, CustomValues)}


def test_the_role_of_every_contact_is_the_word_that_was_chosen(
    box: Any, client: AmocrmClient
) -> None:
    facts = read(client, role=str(ROLE_ID))
    expected = {
        f"contact:{each.id}": {"role": each.values[ROLE_ID][0]["value"]}
        if ROLE_ID in each.values
        else {}
        for each in box.account.contacts.every()
    }
    assert roles(facts) == expected
    assert {} in expected.values()
    assert {each["role"] for each in expected.values() if each} <= {*ROLES}
    assert CustomFields(kind="contact", missing=()) in facts


def test_several_values_are_told_apart_and_a_code_names_a_field_too(
    box: Any, client: AmocrmClient
) -> None:
    enums: Enums = {1: ("Директор", 1, None), 2: ("Закупки", 2, None)}
    field = Field(271299, "Роли", "multiselect", 9, "PARTS", enums=enums)
    box.account.fields.put("contacts", field)
    contact = next(iter(box.account.contacts.every()))
    contact.values[271299] = [{"value": text, "enum_id": n} for n, (text, _, _) in enums.items()]
    for spelt in ("PARTS", "271299"):
        found = roles(read(client, role=spelt))
        assert found[f"contact:{contact.id}"] == {"role": "Директор\nЗакупки"}


def test_a_field_that_is_not_there_is_told_and_contacts_are_read(client: AmocrmClient) -> None:
    facts = read(client, role="1", post="POSITION")
    assert CustomFields(kind="contact", missing=("role",)) in facts
    assert [each for each in facts if isinstance(each, Client)]


def test_a_check_names_the_fields_that_are_there_and_those_that_are_not(
    client: AmocrmClient,
) -> None:
    fields = {"deal": {"margin": "294471"}, "contact": {"role": str(ROLE_ID), "post": "POSITIO"}}
    client.options = replace(client.options, fields=fields)
    lines = {each.name: each for each in CONNECTOR.check(client) if each.name.startswith("field ")}
    assert {name: each.ok for name, each in lines.items()} == {
        "field margin": True,
        "field role": True,
        "field post": False,
    }
    assert "no field POSITIO" in lines["field post"].detail
    assert "[fields.amo.contact]" in lines["field post"].todo
    assert "POSITION" in lines["field post"].todo


def test_without_the_setting_no_field_is_asked_for(box: Any, client: AmocrmClient) -> None:
    before = len(box.log)
    assert {type(each) for each in read(client)} == {Client}
    assert not [one for one in box.log[before:] if "custom_fields" in one.method]


def test_companies_have_no_roles(client: AmocrmClient) -> None:
    assert {type(each) for each in read(client, "companies", role=str(ROLE_ID))} == {Client}
    assert {name for name, each in STREAMS.items() if each.fields_of == "contact"} == {"contacts"}


def test_what_is_emptied_is_no_value(client: AmocrmClient) -> None:
    context = replace(CONTEXT, fields={"contact": {"role": "7"}})
    normalize = STREAMS["contacts"].normalize
    for values in (None, [], [{"field_id": 7, "values": None}], [{"field_id": 7, "values": [{}]}]):
        (_, found) = normalize({**CARD, "custom_fields_values": values}, context)
        assert found == CustomValues(kind="contact", record_ref="contact:5", values={})


def test_metrics_may_use_fields_of_deals_and_contacts() -> None:
    assert CONNECTOR.fields_of == {"deal", "contact"}
