"""Records as the documents show them, and as no document would, become facts or a DataError."""

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.base import Record
from connectors.bitrix24 import normalize
from connectors.bitrix24.streams import DEAL_FIELDS, USER_FIELDS
from connectors.error import DataError
from connectors.field import hundredths
from store.fact import Account, CallLeg, Deal, DealState, Direction, Fact, Pipeline, Stage
from tests.connectors.bitrix24.portal import CONTEXT

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bitrix24"

DEAL: Record = {
    "id": 4711,
    "categoryId": 2,
    "stageId": "C2:WON",
    "stageSemanticId": "S",
    "opportunity": 1234567.89,
    "currencyId": "RUB",
    "assignedById": 17,
    "companyId": 881,
    "contactId": 12,
    "createdTime": "2025-03-04T10:11:12+03:00",
    "updatedTime": "2025-05-04T10:11:13+03:00",
    "movedTime": "2025-05-04T10:11:12+03:00",
}
CALL: Record = {
    "ID": "7",
    "PORTAL_USER_ID": "1269",
    "PHONE_NUMBER": "19061234568",
    "CALL_ID": "externalCall.716f1cb7.1773130779",
    "EXTERNAL_CALL_ID": None,
    "CALL_CATEGORY": "external",
    "CALL_DURATION": "95",
    "CALL_START_DATE": "2026-03-10T11:19:38+01:00",
    "CALL_FAILED_CODE": "200",
    "CRM_ENTITY_TYPE": "CONTACT",
    "CRM_ENTITY_ID": "797",
    "SESSION_ID": None,
    "CALL_TYPE": "2",
}
OLD_NAMES = {
    "id": "ID",
    "categoryId": "CATEGORY_ID",
    "stageId": "STAGE_ID",
    "stageSemanticId": "STAGE_SEMANTIC_ID",
    "opportunity": "OPPORTUNITY",
    "currencyId": "CURRENCY_ID",
    "assignedById": "ASSIGNED_BY_ID",
    "companyId": "COMPANY_ID",
    "contactId": "CONTACT_ID",
    "createdTime": "DATE_CREATE",
    "updatedTime": "DATE_MODIFY",
}


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))


def deal(**changes: Any) -> Deal:
    (fact,) = normalize.deal(DEAL | changes, CONTEXT)
    assert isinstance(fact, Deal)
    return fact


def leg(**changes: Any) -> CallLeg:
    (fact,) = normalize.call(CALL | changes, CONTEXT)
    assert isinstance(fact, CallLeg)
    return fact


def test_a_deal_of_the_present_family() -> None:
    assert deal() == Deal(
        ref="4711",
        pipeline_ref="2",
        stage_ref="C2:WON",
        state=DealState.WON,
        amount=123456789,
        currency="RUB",
        owner_ref="17",
        client_ref="company:881",
        created_at=datetime(2025, 3, 4, 7, 11, 12, tzinfo=UTC),
        updated_at=datetime(2025, 5, 4, 7, 11, 13, tzinfo=UTC),
        closed_at=datetime(2025, 5, 4, 7, 11, 12, tzinfo=UTC),
    )


def test_the_documented_deals_with_every_number_a_string() -> None:
    rows = payload("portal_dataset__deals")["rows"]
    for row in rows:
        (fact,) = normalize.deal({new: row[old] for new, old in OLD_NAMES.items()}, CONTEXT)
        assert isinstance(fact, Deal)
        assert fact.amount == int(Decimal(row["OPPORTUNITY"]) * 100)
        assert fact.state == {"P": 0, "S": 1, "F": 2}[row["STAGE_SEMANTIC_ID"]]
        assert fact.closed_at == (fact.created_at if fact.state else None)


def test_the_documented_calls() -> None:
    rows = payload("voximplant_statistic_get__success")["response"]["result"]
    silent, talked = (next(iter(normalize.call(row, CONTEXT))) for row in rows)
    assert isinstance(silent, CallLeg)
    assert isinstance(talked, CallLeg)
    assert (silent.direction, silent.talk_s, silent.outcome) == (Direction.OUT, 0, "cancelled")
    assert silent.call_ref == "s:3841557776"
    assert (talked.direction, talked.talk_s, talked.outcome) == (Direction.IN, 95, "answered")
    assert talked.call_ref.startswith("c:externalCall.")
    assert talked.started_at == datetime(2026, 3, 10, 10, 19, 38, tzinfo=UTC)
    assert (talked.client_ref, talked.client_last4) == ("contact:797", "4568")


def test_the_documented_users_and_those_of_the_pages_example() -> None:
    rows = payload("portal_dataset__users")["rows"]
    accounts = [fact for row in rows for fact in normalize.account(row, CONTEXT)]
    assert accounts[0] == Account(
        ref="1", name="Анна Титов", email="user1@example.com", active=True, departments=("3",)
    )
    current = payload("batch__success")["response"]["result"]["result"]["get_user"]
    (john,) = normalize.account(current, CONTEXT)
    assert john == Account(
        ref="1", name="John Doe", email="my@example.com", active=True, departments=("1",)
    )


def test_the_documented_funnels_and_stages() -> None:
    categories = payload("crm_category_list__success")["response"]["result"]["categories"]
    pipelines = [fact for row in categories for fact in normalize.funnel(row, CONTEXT)]
    assert Pipeline(ref="0", name="General", sort=300) in pipelines
    rows = payload("portal_dataset__statuses")["rows"]
    stages = [
        fact
        for row in rows
        if row["ENTITY_ID"] == "DEAL_STAGE"
        for fact in normalize.funnel(row, CONTEXT)
    ]
    won = Stage(ref="C1:WON", pipeline_ref="1", name="Отгружено", sort=80, state=DealState.WON)
    assert won in stages
    assert stages[0] == Stage(
        ref="NEW", pipeline_ref="0", name="Новая", sort=10, state=DealState.OPEN
    )


def test_a_stage_is_placed_by_its_directory_where_its_id_tells_nothing() -> None:
    row = {"STATUS_ID": "OWN_1", "ENTITY_ID": "DEAL_STAGE_5", "NAME": "Своя", "SORT": "15"}
    (stage,) = normalize.funnel(row, CONTEXT)
    assert isinstance(stage, Stage)
    assert stage.pipeline_ref == "5"


@pytest.mark.parametrize("empty", ["0", 0, "", None, [], {}, False])
def test_the_spellings_of_nobody_are_nobody(empty: Any) -> None:
    assert deal(assignedById=empty).owner_ref is None
    assert deal(companyId=empty).client_ref == "contact:12"
    assert deal(companyId=empty, contactId=empty).client_ref is None
    assert leg(PORTAL_USER_ID=empty).user_ref is None
    assert leg(CRM_ENTITY_ID=empty).client_ref is None
    assert leg(SESSION_ID=empty, EXTERNAL_CALL_ID="pbx-1").call_ref == "e:pbx-1"


def test_a_session_groups_legs_whatever_else_they_have() -> None:
    assert leg(SESSION_ID=3841557776, EXTERNAL_CALL_ID="x").call_ref == "s:3841557776"


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("1", Direction.OUT), ("2", Direction.IN), (3, Direction.IN), ("4", Direction.OUT)],
)
def test_types_of_calls_have_directions(kind: Any, direction: Direction) -> None:
    assert leg(CALL_TYPE=kind).direction is direction


@pytest.mark.parametrize("change", [{"CALL_TYPE": "5"}, {"CALL_CATEGORY": "internal"}])
def test_information_and_internal_calls_make_no_fact(change: Record) -> None:
    assert list(normalize.call(CALL | change, CONTEXT)) == []


@pytest.mark.parametrize(
    ("duration", "code", "talk_s"),
    [("95", "200", 95), (95, "200", 95), ("0", "200", 0), ("30", "304", 0), (None, "200", 0)],
)
def test_talk_needs_both_a_duration_and_the_code_of_success(
    duration: Any, code: str, talk_s: int
) -> None:
    assert leg(CALL_DURATION=duration, CALL_FAILED_CODE=code).talk_s == talk_s


@pytest.mark.parametrize("field", ["createdTime", "updatedTime"])
@pytest.mark.parametrize("value", ["2025-03-04T10:11:12", "2025-03-04", "", None, {}, 5, "вчера"])
def test_a_moment_without_a_time_zone_is_refused_and_named(field: str, value: Any) -> None:
    with pytest.raises(DataError, match=field):
        deal(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "x" * 300),
        ("stageId", ""),
        ("stageSemanticId", "X"),
        ("opportunity", "many"),
        ("opportunity", float("nan")),
        ("opportunity", float("inf")),
        ("opportunity", 10**30),
        ("currencyId", None),
        ("movedTime", "soon"),
    ],
)
def test_nonsense_in_a_deal_names_its_field_and_not_its_value(field: str, value: Any) -> None:
    with pytest.raises(DataError, match=field) as told:
        deal(**{field: value})
    assert not value or str(value) not in str(told.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("ID", ""), ("CALL_TYPE", "9"), ("CALL_DURATION", "long"), ("CALL_DURATION", "9" * 20)],
)
def test_nonsense_in_a_call_names_its_field(field: str, value: Any) -> None:
    with pytest.raises(DataError, match=field):
        leg(**{field: value})


def test_no_amount_needs_no_currency() -> None:
    assert deal(opportunity=None, currencyId=None).amount == 0


def test_a_name_that_no_database_keeps_is_cleaned() -> None:
    (account,) = normalize.account({"ID": "7", "NAME": "А\ud800\0нна", "EMAIL": ""}, CONTEXT)
    assert account == Account(ref="7", name="А?нна", email=None, active=True)
    (nameless,) = normalize.account({"ID": 7, "ACTIVE": False}, CONTEXT)
    assert nameless == Account(ref="7", name="ID 7", email=None, active=False)


@given(st.decimals("-1e11", "1e11", places=4).map(str))
@example("1.005")
@example("2.675")
@example("-0.005")
@example("70368744177.665")
def test_money_is_rounded_half_up_from_its_decimal_text(text: str) -> None:
    expected = int((Decimal(text) * 100).to_integral_value(ROUND_HALF_UP))
    assert hundredths({"sum": text}, "sum") == expected
    shortest = Decimal(str(float(text)))
    assert hundredths({"sum": float(text)}, "sum") == int(
        (shortest * 100).to_integral_value(ROUND_HALF_UP)
    )


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def odd(record: Record, names: tuple[str, ...]) -> st.SearchStrategy[Record]:
    spoilt = st.dictionaries(st.sampled_from(names), ANY_JSON, max_size=4)
    return spoilt.map(lambda changes: record | changes)


@pytest.mark.parametrize(
    ("normalizer", "record", "names"),
    [
        (normalize.deal, DEAL, DEAL_FIELDS),
        (normalize.call, CALL, tuple(CALL)),
        (normalize.account, {"ID": "7"}, USER_FIELDS),
        (normalize.funnel, {"id": 1}, ("id", "name", "sort")),
        (
            normalize.funnel,
            {"STATUS_ID": "NEW"},
            ("STATUS_ID", "ENTITY_ID", "NAME", "SORT", "SEMANTICS"),
        ),
    ],
)
@given(data=st.data())
def test_no_type_breaks_a_normalizer(
    normalizer: Any, record: Record, names: tuple[str, ...], data: st.DataObject
) -> None:
    spoilt = data.draw(odd(record, names))
    try:
        facts: list[Fact] = list(normalizer(spoilt, CONTEXT))
    except DataError:
        return
    for fact in facts:
        for name in fact.__struct_fields__:
            value = getattr(fact, name)
            assert not isinstance(value, int) or abs(value) < 2**63
            assert not isinstance(value, str) or value.encode() is not None
