"""Leads and quotes as both families of methods show them."""

from collections.abc import Iterable
from typing import Any

from sandbox.bitrix24.deal import roubles
from sandbox.bitrix24.field import Field, by_name, by_upper, constant, show_old
from sandbox.bitrix24.record import Record
from sandbox.bitrix24.record_stage import LEAD_STAGES, QUOTE_STAGES
from sandbox.moment import midnight

_DAY_S = 86_400
_UTM = ("Source", "Medium", "Campaign", "Content", "Term")


def _now(name: str) -> Any:
    return lambda record: getattr(record.versions[-1], name)


def _second(name: str) -> Any:
    return lambda record: int(getattr(record.versions[-1], name))


def _lead_semantic(record: Record) -> str:
    return LEAD_STAGES[record.now.stage].semantic


def _closed_at(record: Record) -> int | None:
    return None if _lead_semantic(record) == "P" else int(record.now.moved_at)


def _is_closed(record: Record) -> str:
    return "N" if QUOTE_STAGES[record.now.stage].semantic == "P" else "Y"


def _plain(kind: str, *names: tuple[str, str, Any]) -> tuple[Field, ...]:
    return tuple(Field(name, upper, kind, constant(value)) for name, upper, value in names)


_COMMON = (
    Field("id", "ID", "integer", lambda record: record.id, "ID", True),
    Field("createdTime", "DATE_CREATE", "datetime", lambda r: int(r.created_at), "", True),
    Field("updatedTime", "DATE_MODIFY", "datetime", _second("updated_at"), "", True),
    Field("createdBy", "CREATED_BY_ID", "user", lambda record: record.created_by, "", True),
    Field("updatedBy", "MODIFY_BY_ID", "user", _now("by"), "", True),
    Field("assignedById", "ASSIGNED_BY_ID", "user", _now("owner"), "Ответственный"),
    Field("title", "TITLE", "string", _now("title"), "Название"),
    Field("opportunity", "OPPORTUNITY", "double", lambda r: roubles(r.now.amount)),
    Field("currencyId", "CURRENCY_ID", "crm_currency", lambda record: record.currency),
    Field("lastActivityBy", "LAST_ACTIVITY_BY", "user", _now("owner"), "", True),
    Field("lastActivityTime", "LAST_ACTIVITY_TIME", "datetime", _second("updated_at"), "", True),
    *_plain("boolean", ("opened", "OPENED", "Y")),
    *_plain("crm_company", ("companyId", "COMPANY_ID", 0)),
    *_plain("crm_contact", ("contactId", "CONTACT_ID", None)),
    *_plain("string", *((f"utm{name}", f"UTM_{name.upper()}", None) for name in _UTM)),
)
_LEAD = (
    Field("stageId", "STATUS_ID", "crm_status", _now("stage"), "Стадия"),
    Field("stageSemanticId", "STATUS_SEMANTIC_ID", "string", _lead_semantic, "", True),
    Field("dateClosed", "DATE_CLOSED", "datetime", _closed_at, "", True),
    Field("movedBy", "MOVED_BY_ID", "user", _now("moved_by"), "", True),
    Field("movedTime", "MOVED_TIME", "datetime", _second("moved_at"), "", True),
    *_plain(
        "string",
        ("statusDescription", "STATUS_DESCRIPTION", None),
        ("honorific", "HONORIFIC", None),
        ("name", "NAME", "Клиент"),
        ("secondName", "SECOND_NAME", None),
        ("lastName", "LAST_NAME", None),
        ("companyTitle", "COMPANY_TITLE", None),
        ("post", "POST", None),
        ("comments", "COMMENTS", None),
    ),
    *_plain("crm_status", ("sourceId", "SOURCE_ID", "WEB")),
    *_plain(
        "boolean",
        ("isManualOpportunity", "IS_MANUAL_OPPORTUNITY", "Y"),
        ("isReturnCustomer", "IS_RETURN_CUSTOMER", "N"),
        ("hasPhone", "HAS_PHONE", "N"),
        ("hasEmail", "HAS_EMAIL", "N"),
        ("hasImol", "HAS_IMOL", "N"),
    ),
)
_QUOTE = (
    Field("stageId", "STATUS_ID", "crm_status", _now("stage"), "Стадия"),
    Field("closed", "CLOSED", "boolean", _is_closed, "", True),
    Field("dealId", "DEAL_ID", "crm_deal", _now("deal"), "Сделка"),
    Field("quoteNumber", "QUOTE_NUMBER", "string", lambda record: str(record.id)),
    Field("begindate", "BEGINDATE", "date", lambda record: midnight(record.created_at)),
    Field("closedate", "CLOSEDATE", "date", lambda r: midnight(r.created_at + 7 * _DAY_S)),
    Field("actualDate", "ACTUAL_DATE", "date", lambda r: midnight(r.created_at + 7 * _DAY_S)),
    *_plain("crm_lead", ("leadId", "LEAD_ID", None)),
    *_plain("crm_company", ("mycompanyId", "MYCOMPANY_ID", 0)),
    *_plain("double", ("taxValue", "TAX_VALUE", 0.0)),
    *_plain("string", ("comments", "COMMENTS", None), ("terms", "TERMS", None)),
)
LEAD_TYPE, QUOTE_TYPE = 1, 7
"""entityTypeId (crm/data-types.md)."""

FIELDS = {LEAD_TYPE: by_name((*_COMMON, *_LEAD)), QUOTE_TYPE: by_name((*_COMMON, *_QUOTE))}
"""Columns of crm.item.* by entityTypeId."""

OLD_FIELDS = {kind: by_upper(fields.values()) for kind, fields in FIELDS.items()}
"""Columns of crm.lead.* and crm.quote.* by entityTypeId."""

_WRITABLE = {"title": "title", "assignedById": "owner", "stageId": "stage"}
_WRITABLE |= {"opportunity": "amount", "dealId": "deal"}


def show_old_record(record: Record, columns: Iterable[Field]) -> dict[str, Any]:
    """A record as the old family shows it."""
    return {one.upper: show_old(one.kind, one.get(record)) for one in columns}


def read_record(raw: dict[str, Any], fields: dict[str, Field]) -> dict[str, Any]:
    """Writable values by the records' own names; others are ignored. ValueError for a bad one."""
    values: dict[str, Any] = {}
    for one in fields.values():
        given = next((name for name in (one.name, one.upper) if name in raw), None)
        if given is not None and one.name in _WRITABLE:
            values[_WRITABLE[one.name]] = _read(one, raw[given])
    return values


def _read(one: Field, value: Any) -> Any:
    if one.kind == "user":
        return int(value)
    if one.kind == "crm_deal":
        return int(value or 0) or None
    return float(value or 0) if one.kind == "double" else str(value)
