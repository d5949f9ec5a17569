"""Every documented answer of a method that is used here: the sandbox answers in the same shape,
every refusal is understood, and every record becomes facts or is set aside."""

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest

from connectors.base import Stream
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.classify import classify
from connectors.error import DataError, RemoteError
from sandbox.bitrix24.methods import METHODS
from tests.connectors.bitrix24.portal import CONTEXT
from tests.sandbox.conftest import PAYLOADS, Client

EVERY = [json.loads(path.read_text("utf-8")) for path in sorted(PAYLOADS.glob("*.json"))]
NAMES = [path.stem for path in sorted(PAYLOADS.glob("*.json"))]

OWN = ("UF_", "ufCrm", "PARENT_ID_", "parentId")
"""How the names of fields begin that only the documented portal has."""

LANGUAGES = {"de", "en", "ru"}

_FIELD = {"fieldName": "UF_CRM_DEAL_KPI", "entityId": "CRM_DEAL", "userTypeId": "enumeration"}
_PEOPLE = {"FIELD_NAME": "KPI", "USER_TYPE_ID": "string", "EDIT_FORM_LABEL": {"ru": "KPI"}}


def with_process(client: Client) -> dict[str, Any]:
    made = client.result("crm.type.add", fields={"title": "KPI", "entityTypeId": 1268})["type"]
    item = client.result("crm.item.add", entityTypeId=1268, fields={"title": "A"})["item"]
    return {"entityTypeId": 1268, "id": item["id"], "type": made["id"]}


def with_type(client: Client) -> dict[str, Any]:
    return {"id": with_process(client)["type"]}


def with_field(client: Client) -> dict[str, Any]:
    field = {**_FIELD, "enum": [{"value": "Первый"}]}
    made = client.result("userfieldconfig.add", moduleId="crm", field=field)["field"]
    return {"moduleId": "crm", "id": made["id"]}


def with_deal(client: Client) -> dict[str, Any]:
    return {"entityTypeId": 2, "id": first(client, 2)}


def with_two_leads(client: Client) -> dict[str, Any]:
    listed = client.result("crm.item.list", entityTypeId=1, select=["id"])["items"]
    return {"params": {"entityTypeId": 1, "entityIds": [each["id"] for each in listed[:2]]}}


def first(client: Client, kind: int) -> int:
    found: int = client.result("crm.item.list", entityTypeId=kind, select=["id"])["items"][0]["id"]
    return found


Asked = dict[str, Any] | Callable[[Client], dict[str, Any]]

ASKED: dict[str, Asked] = {
    "batch": {"cmd": {"get_user": "user.current", "get_department": "department.get"}},
    "crm.activity.list": {"select": ["*", "COMMUNICATIONS", "FILES"]},
    "crm.category.get": {"entityTypeId": 2, "id": 1},
    "crm.category.list": {"entityTypeId": 2},
    "crm.deal.add": {"fields": {"TITLE": "Сделка"}},
    "crm.deal.update": lambda client: {"id": first(client, 2), "fields": {"TITLE": "Сделка"}},
    "crm.entity.mergeBatch": with_two_leads,
    "crm.item.delete": with_process,
    "crm.item.fields": with_process,
    "crm.item.get": lambda client: {"entityTypeId": 1, "id": first(client, 1)},
    "crm.item.list": {"entityTypeId": 1},
    "crm.item.productrow.list": lambda client: {
        "filter": {"=ownerType": "D", "=ownerId": first(client, 2)}
    },
    "crm.item.update": lambda client: {**with_deal(client), "fields": {"title": "Сделка"}},
    "crm.lead.get": lambda client: {"id": first(client, 1)},
    "crm.quote.get": lambda client: {"id": first(client, 7)},
    "crm.stagehistory.list": {"entityTypeId": 2},
    "crm.type.get": with_type,
    "crm.type.getByEntityTypeId": with_process,
    "methods": {"scope": "user"},
    "user.userfield.add": {"fields": _PEOPLE},
    "userfieldconfig.delete": with_field,
    "userfieldconfig.get": with_field,
    "userfieldconfig.list": {"moduleId": "crm"},
}
"""What is asked, so that there is something in the answer; nothing where it is not named."""

_ADDRESS = {
    f"ADDRESS{part}"
    for part in ("", "_2", "_CITY", "_POSTAL_CODE", "_REGION", "_PROVINCE", "_COUNTRY",
                 "_COUNTRY_CODE", "_LOC_ADDR_ID")
}  # fmt: skip
LEFT_OUT: dict[str, set[str]] = {
    "batch": {"get_app", "get_departments"},
    "crm.activity.list": {"ENTITY_SETTINGS", "operating_reset_at"},
    "crm.category.list": {"originId", "originatorId"},  # the default funnel has none
    "crm.contact.list": {"EMAIL"},
    "crm.item.get": {
        "dateCreateShort", "dateModifyShort", "isConvert", "productId", "sourceDescription",
        "shortName", "address", "webformId", "originatorId", "originId", "birthdate", "login",
        "searchContent", "phoneMobile", "phoneWork", "phoneMailing", "emailHome", "emailWork",
        "emailMailing", "skype", "icq", "imol", "email", "phone", "fm", "contactIds", "observers",
    },
    "crm.item.productrow.list": {"discountRate", "priceAccount", "storeId", "xmlId"},
    "crm.lead.get": _ADDRESS | {
        "BIRTHDATE", "SOURCE_DESCRIPTION", "ORIGINATOR_ID", "ORIGIN_ID", "PHONE", "IM", "EMAIL",
        "WEB",
    },
    "crm.quote.get": {
        "CONTENT", "PERSON_TYPE_ID", "LOCATION_ID", "CLIENT_TITLE", "CLIENT_ADDR",
        "CLIENT_CONTACT", "CLIENT_EMAIL", "CLIENT_PHONE", "CLIENT_TP_ID", "CLIENT_TPA_ID",
        "LAST_COMMUNICATION_TIME",
    },
    "crm.type.fields": {"customSectionId"},
    "userfieldconfig.get": {"CAPTION_NO_VALUE", "DISPLAY", "LIST_HEIGHT", "SHOW_NO_VALUE"},
    "crm.item.fields": {  # of processes with funnels, clients and sums
        "begindate", "categoryId", "closedate", "companyId", "contactId", "contactIds", "contacts",
        "currencyId", "isManualOpportunity", "movedBy", "movedTime", "mycompanyId", "observers",
        "opportunity", "previousStageId", "sourceDescription", "sourceId", "stageId", "taxValue",
        "utmCampaign", "utmContent", "utmMedium", "utmSource", "utmTerm", "webformId",
        "lastActivityBy", "lastActivityTime", "opportunityAccount", "taxValueAccount",
        "accountCurrencyId", "settings", "statusType",
    },
    "tasks.task.list": {
        "description", "priority", "mark", "descriptionInBbcode", "lengthDeadline", "auditors",
        "accomplices", "group", "responsible", "accomplicesData", "auditorsData",
        "taskRequireResult", "taskHasOpenResult", "taskHasResult", "action", "checkListTree",
        "checkListCanAdd", "checklist", "counter", "parsedDescription", "tags", "timeElapsed",
        "timerIsRunningForCurrentUser",
    },
}  # fmt: skip
"""What the documented portal shows besides: nobody here reads it."""

APPLICATIONS_ONLY = {"event.offline.get"}


def of_kind(*kinds: str, but: Collection[str] = ()) -> pytest.MarkDecorator:
    """The documented answers of some kinds, named by their files."""
    chosen = [
        pytest.param(each, id=name)
        for each, name in zip(EVERY, NAMES, strict=True)
        if each["kind"] in kinds and each["method"] not in but
    ]
    return pytest.mark.parametrize("payload", chosen)


def differences(sample: Any, shown: Any, path: str = "") -> Iterator[str]:
    """Where an answer is of another shape than the documented one. Null fits everywhere."""
    if sample is None or shown is None:
        return
    if isinstance(sample, dict) and isinstance(shown, dict):
        for name, value in sample.items():
            if name.startswith(OWN) or name.isdigit() or name in LANGUAGES:
                continue
            if name not in shown:
                yield f"{path}.{name}"
            else:
                yield from differences(value, shown[name], f"{path}.{name}")
    elif isinstance(sample, list) and isinstance(shown, list):
        if sample and shown:
            yield from differences(sample[0], shown[0], f"{path}[]")
    elif kind_of(sample) is not kind_of(shown):
        yield f"{path}: {shown!r}, documented {sample!r}"


def kind_of(value: Any) -> type:
    """The type of a value; numbers are of one."""
    return float if type(value) in (int, float) else type(value)


ELSEWHERE = {each["method"] for each in EVERY} - METHODS.keys() - {"batch"}
"""What is served at another door, or is the documents' own: its tests know how to ask."""


@of_kind("success", but=APPLICATIONS_ONLY | ELSEWHERE)
def test_the_sandbox_answers_in_the_documented_shape(payload: Any, client: Client) -> None:
    method = payload["method"]
    asked = ASKED.get(method, {})
    body = client.body(method, **(asked(client) if callable(asked) else asked))
    assert "error" not in body, body
    found = set(differences(payload["response"], body)) - {".next"}
    spared = LEFT_OUT.get(method, set())
    odd = {each for each in found if each.partition(":")[0].rpartition(".")[2] not in spared}
    assert not odd


@of_kind("error", "system_error")
def test_every_documented_refusal_is_understood(payload: Any) -> None:
    said = payload["response"]
    statuses = payload.get("http_status", 400)
    for status in statuses if isinstance(statuses, list) else [statuses]:
        error = classify(said["error"], said.get("error_description"), payload["method"], status)
        assert isinstance(error, RemoteError)
        assert payload["method"] in error.what or payload["kind"] == "system_error"
        assert "None" not in error.what


def records(node: Any) -> Iterator[dict[str, Any]]:
    """Everything in an answer that looks like a record."""
    if isinstance(node, dict):
        yield node
    for inner in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from records(inner)


DOCUMENTED = [
    record for each in EVERY for record in records(each.get("response", each.get("rows")))
]


SEEN = {"seen_at": "2026-10-15T12:00:00+00:00", "rows": []}
"""What some streams add to the portal's records."""


@pytest.mark.parametrize("stream", CONNECTOR.streams, ids=lambda stream: stream.name)
def test_whatever_record_comes_is_understood_or_set_aside(stream: Stream) -> None:
    understood = 0
    for record in DOCUMENTED:
        try:
            understood += len(list(stream.normalize({**SEEN, **record}, CONTEXT)))
        except DataError:
            continue
    assert understood or stream.name not in {"deals", "calls", "users", "currencies"}
