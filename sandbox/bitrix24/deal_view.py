"""Deals as both families of methods show them."""

from collections.abc import Iterable
from typing import Any

from sandbox.bitrix24.deal import Deal, is_closed, kopecks, roubles
from sandbox.bitrix24.field import Field, constant, show, show_old
from sandbox.bitrix24.stage import semantic
from sandbox.bitrix24.userfield import UserFields, camel_names, column
from sandbox.moment import midnight

ENTITY_TYPE_ID = 2
_MONTH_S = 30 * 86400


def _extra(name: str, absent: Any = None) -> Any:
    return lambda deal: absent if deal.extra is None else deal.extra.get(name, absent)


def _now(name: str) -> Any:
    return lambda deal: getattr(deal.versions[-1], name)


def _second(name: str) -> Any:
    return lambda deal: int(getattr(deal.versions[-1], name))


def _closed(deal: Deal) -> str:
    return "Y" if is_closed(deal.now) else "N"


def _new(deal: Deal) -> str:
    return "Y" if deal.now.stage in ("NEW", "C1:NEW") else "N"


def _planned_end(deal: Deal) -> int:
    """The planned end is a guess made at creation, never the real one."""
    return midnight(deal.created_at + _MONTH_S)


_HEAD = (
    Field("id", "ID", "integer", lambda deal: deal.id, "ID", True),
    Field("createdTime", "DATE_CREATE", "datetime", lambda d: int(d.created_at), "", True),
    Field("updatedTime", "DATE_MODIFY", "datetime", _second("updated_at"), "", True),
    Field("createdBy", "CREATED_BY_ID", "user", lambda deal: deal.created_by, "", True),
    Field("updatedBy", "MODIFY_BY_ID", "user", _now("by"), "", True),
    Field("assignedById", "ASSIGNED_BY_ID", "user", _now("owner"), "Ответственный"),
    Field("opened", "OPENED", "boolean", constant("Y")),
    Field("leadId", "LEAD_ID", "integer", _extra("leadId")),
    Field("companyId", "COMPANY_ID", "crm_company", lambda deal: deal.company),
    Field("contactId", "CONTACT_ID", "crm_contact", _extra("contactId", 0)),
    Field("quoteId", "QUOTE_ID", "integer", _extra("quoteId")),
    Field("title", "TITLE", "string", _now("title"), "Название"),
    Field("categoryId", "CATEGORY_ID", "crm_category", _now("category"), "Воронка"),
    Field("stageId", "STAGE_ID", "crm_status", _now("stage"), "Стадия"),
    Field(
        "stageSemanticId", "STAGE_SEMANTIC_ID", "string",
        lambda deal: semantic(deal.versions[-1].stage), "", True,
    ),
    Field("isNew", "IS_NEW", "boolean", _new, "", True),
    Field("isRecurring", "IS_RECURRING", "boolean", constant("N")),
    Field("isReturnCustomer", "IS_RETURN_CUSTOMER", "boolean", constant("N")),
    Field("isRepeatedApproach", "IS_REPEATED_APPROACH", "boolean", constant("N")),
    Field("closed", "CLOSED", "boolean", _closed, "", True),
    Field("typeId", "TYPE_ID", "crm_status", _extra("typeId", "SALE")),
    Field("opportunity", "OPPORTUNITY", "double", lambda d: roubles(d.versions[-1].amount)),
    Field("isManualOpportunity", "IS_MANUAL_OPPORTUNITY", "boolean", constant("Y")),
    Field("taxValue", "TAX_VALUE", "double", constant(0.0)),
    Field("currencyId", "CURRENCY_ID", "crm_currency", lambda deal: deal.currency),
    Field("probability", "PROBABILITY", "integer", _extra("probability")),
    Field("comments", "COMMENTS", "text", _extra("comments", "")),
)  # fmt: skip
_DISABLED = tuple(
    Field(name, upper, "string", constant(None), "", True)
    for name, upper in (
        ("dateCreateShort", "DATE_CREATE_SHORT"),
        ("dateModifyShort", "DATE_MODIFY_SHORT"),
        ("productId", "PRODUCT_ID"),
        ("begindateShort", "BEGINDATE_SHORT"),
        ("closedateShort", "CLOSEDATE_SHORT"),
        ("eventDate", "EVENT_DATE"),
        ("eventDateShort", "EVENT_DATE_SHORT"),
        ("eventId", "EVENT_ID"),
        ("eventDescription", "EVENT_DESCRIPTION"),
        ("orderStage", "ORDER_STAGE"),
        ("isWork", "IS_WORK"),
        ("isWon", "IS_WON"),
        ("isLose", "IS_LOSE"),
        ("receivedAmount", "RECEIVED_AMOUNT"),
        ("lostAmount", "LOST_AMOUNT"),
        ("hasProducts", "HAS_PRODUCTS"),
    )
)
_TAIL = (
    Field("begindate", "BEGINDATE", "date", lambda deal: midnight(deal.created_at)),
    Field("closedate", "CLOSEDATE", "date", _planned_end),
    Field("locationId", "LOCATION_ID", "integer", constant(None)),
    Field("webformId", "WEBFORM_ID", "integer", constant(0)),
    Field("sourceId", "SOURCE_ID", "crm_status", _extra("sourceId", "CALL")),
    Field("sourceDescription", "SOURCE_DESCRIPTION", "text", _extra("sourceDescription", "")),
    Field("originatorId", "ORIGINATOR_ID", "string", _extra("originatorId")),
    Field("originId", "ORIGIN_ID", "string", _extra("originId")),
    Field("additionalInfo", "ADDITIONAL_INFO", "string", _extra("additionalInfo")),
    Field("movedBy", "MOVED_BY_ID", "user", _now("moved_by"), "", True),
    Field("movedTime", "MOVED_TIME", "datetime", _second("moved_at"), "", True),
    Field("lastActivityBy", "LAST_ACTIVITY_BY", "user", _now("owner"), "", True),
    Field("lastActivityTime", "LAST_ACTIVITY_TIME", "datetime", _second("updated_at"), "", True),
    *_DISABLED,
    *(
        Field(f"utm{name}", f"UTM_{name.upper()}", "string", _extra(f"utm{name}"))
        for name in ("Source", "Medium", "Campaign", "Content", "Term")
    ),
)
_LISTS = (
    Field("searchContent", "SEARCH_CONTENT", "text", lambda d: f"{d.id} {d.now.title}", "", True),
    Field("observers", "OBSERVERS", "user", constant([]), multiple=True),
    Field("contactIds", "CONTACT_IDS", "crm_contact", constant([]), multiple=True),
)
# What crm.deal.* has no columns for: `webformId` and the columns that are always null.
_NEW_ONLY = frozenset({"webformId", *(one.name for one in _DISABLED)})
_FREE = frozenset(
    {"typeId", "probability", "comments", "sourceId", "sourceDescription", "originatorId"}
    | {"originId", "additionalInfo", "utmSource", "utmMedium", "utmCampaign", "utmContent"}
    | {"utmTerm"}
)
_LINKS = frozenset({"leadId", "quoteId"})
_PORTAL_NAMES = {
    "title": "title",
    "assignedById": "owner",
    "categoryId": "category",
    "stageId": "stage",
    "opportunity": "amount",
}


def deal_fields(userfields: UserFields) -> dict[str, Field]:
    """Every column of crm.item.* for deals, by its name."""
    own = (*_HEAD, *_TAIL, *_LISTS)
    return {one.name: one for one in (*own, *_custom(userfields))}


def old_deal_fields(userfields: UserFields) -> dict[str, Field]:
    """Every column of crm.deal.*, by its upper-case name."""
    own = [one for one in (*_HEAD, *_TAIL) if one.name not in _NEW_ONLY]
    return {one.upper: one for one in (*own, *_custom(userfields))}


def show_deal(deal: Deal, columns: Iterable[Field]) -> dict[str, Any]:
    """A deal as crm.item.* shows it."""
    return {one.name: show(one.kind, one.get(deal)) for one in columns}


def show_old_deal(deal: Deal, columns: Iterable[Field]) -> dict[str, Any]:
    """A deal as crm.deal.* shows it."""
    return {one.upper: show_old(one.kind, one.get(deal)) for one in columns}


def read_deal(raw: dict[str, Any], fields: dict[str, Field], userfields: UserFields) -> Any:
    """Writable values by the portal's own names; unknown fields are ignored.

    `fields` decides which family's names are read. Raises ValueError for a bad value.
    """
    custom = {one.name: one for one in userfields.of("CRM_DEAL")}
    values: dict[str, Any] = {}
    for given, one in fields.items():
        if given not in raw or one.read_only:
            continue
        value = raw[given]
        if one.dynamic:
            values[one.upper] = custom[one.upper].read(value)
        elif one.name in _LINKS:
            values[one.name] = int(value or 0) or None
        elif one.name in _FREE:
            values[one.name] = value
        elif one.name in _PORTAL_NAMES:
            values[_PORTAL_NAMES[one.name]] = _read_own(one, value)
    return values


def _read_own(one: Field, value: Any) -> Any:
    if one.kind in ("user", "crm_category"):
        return int(value)
    if one.kind == "double":
        return kopecks(value or 0) / 100
    return str(value)


def _custom(userfields: UserFields) -> Iterable[Field]:
    items = userfields.of("CRM_DEAL")
    names = camel_names(items)
    return [column(item, names[item.name], "extra") for item in items]
