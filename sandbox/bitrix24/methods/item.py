"""crm.item.*: the new family, for deals and for items of smart processes; others beside it."""

from typing import Any

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.deal_view import ENTITY_TYPE_ID, deal_fields, read_deal, show_deal
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import Field, by_upper, show
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.methods.client import (
    add_client,
    delete_client,
    fields_of_clients,
    get_client,
    is_client,
    list_clients,
    update_client,
)
from sandbox.bitrix24.methods.deal import add_deal, change_deal, refusing
from sandbox.bitrix24.methods.record import (
    Answer,
    add_record,
    delete_record,
    fields_of_records,
    get_record,
    is_record,
    list_records,
    update_record,
)
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.smart import SmartProcess
from sandbox.php import as_list, as_map

_NOT_VALID = "CRM_FIELD_ERROR_VALUE_NOT_VALID"
_REFUSED = frozenset({5, 14, 31})


def _fields(call: Call) -> Reply:
    columns = _named(call, _columns(call))
    return Reply({"fields": {name: one.describe() for name, one in columns.items()}})


def _list(call: Call) -> Reply:
    process = _process(call)
    named = _named(call, _columns(call))
    page = call.page(
        call.portal.deals if process is None else process,
        Grammar(named, strict=True),
        any_case=False,
        visible=call.portal.access.deal_test() if process is None else None,
    )
    chosen = _chosen(call, named)
    return listed(page, {"items": [_row(call, row, chosen) or [] for row in page.rows]})


def _chosen(call: Call, named: dict[str, Field]) -> list[Field]:
    """With useOriginalUfNames a selection loses all but custom fields (b24-rest-docs#263, #368)."""
    select = call.params.get("select")
    chosen = read_select(select, named, "id")
    if not _original(call) or not select or "*" in as_list(select):
        return chosen
    return [one for one in chosen if one.dynamic]


def _get(call: Call) -> Reply:
    process = _process(call)
    found = _deal(call) if process is None else _item(call, process)
    return _shown(call, found, process)


def _add(call: Call) -> Reply:
    process = _process(call)
    raw = _raw(call)
    portal = call.portal
    if process is None:
        with refusing(_NOT_VALID):
            deal_id = add_deal(portal, _deal_values(call, raw), "crm.item.add")
        return _shown(call, portal.deals.every[deal_id], None)
    item = process.add(raw, portal.now(), portal.access.user)
    kept = {name: value for name, value in raw.items() if name in process.fields()}
    write = Write("crm.item.add", process.entity_type_id, item.id, kept)
    portal.note_write(write, robots=True)
    return _shown(call, item, process)


def _update(call: Call) -> Reply:
    process = _process(call)
    raw = _raw(call)
    portal = call.portal
    if process is None:
        deal = _deal(call)
        with refusing(_NOT_VALID):
            change_deal(portal, deal.id, _deal_values(call, raw), "crm.item.update")
        return _shown(call, deal, None)
    item = _item(call, process)
    changed = process.update(item.id, raw, portal.now(), portal.access.user)
    if changed:
        write = Write("crm.item.update", process.entity_type_id, item.id, changed)
        portal.note_write(write, robots=True)
    return _shown(call, item, process)


def _delete(call: Call) -> Reply:
    process = _process(call)
    portal = call.portal
    if process is None:
        gone = portal.delete_deal(_deal(call).id, by=portal.access.user)
    else:
        gone = process.items.pop(_item(call, process).id).id
    entity_type_id = ENTITY_TYPE_ID if process is None else process.entity_type_id
    portal.note_write(Write("crm.item.delete", entity_type_id, gone, {}), robots=False)
    return Reply([])


def _process(call: Call) -> SmartProcess | None:
    """The smart process that is meant; None means deals."""
    entity_type_id = call.whole("entityTypeId")
    if entity_type_id == ENTITY_TYPE_ID:
        return None
    if entity_type_id in _REFUSED:
        raise ApiError(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    return call.portal.smart.by_entity_type(entity_type_id)


def _columns(call: Call) -> dict[str, Field]:
    process = _process(call)
    return deal_fields(call.portal.userfields) if process is None else process.fields()


def _named(call: Call, columns: dict[str, Field]) -> dict[str, Field]:
    if not _original(call):
        return columns
    return {one.upper if one.dynamic else name: one for name, one in columns.items()}


def _original(call: Call) -> bool:
    return str(call.params.get("useOriginalUfNames")) == "Y"


def _row(call: Call, row: Any, columns: list[Field]) -> dict[str, Any]:
    if not _original(call):
        return {one.name: show(one.kind, one.get(row)) for one in columns}
    return {one.upper if one.dynamic else one.name: show(one.kind, one.get(row)) for one in columns}


def _shown(call: Call, row: Any, process: SmartProcess | None) -> Reply:
    columns = list(_columns(call).values())
    item = show_deal(row, columns) if process is None else process.show(row, columns)
    if _original(call):
        item = _row(call, row, columns)
    item["entityTypeId"] = ENTITY_TYPE_ID if process is None else process.entity_type_id
    return Reply({"item": item})


def _raw(call: Call) -> dict[str, Any]:
    if "fields" not in call.params:
        raise ApiError(400, 100, "Could not find value for parameter {fields}")
    raw = as_map(call.params["fields"])
    for name, one in _columns(call).items():
        given = raw.get(name, raw.get(one.upper))
        if one.multiple and given is not None and not isinstance(given, (list, dict)):
            kind = type(given).__name__
            text = f"Expected iterable value for multiple field, but got {kind} instead"
            raise ApiError(400, 100, text)
    return raw


def _deal_values(call: Call, raw: dict[str, Any]) -> dict[str, Any]:
    userfields = call.portal.userfields
    columns = deal_fields(userfields)
    known = columns | by_upper(columns.values())
    values: dict[str, Any] = read_deal(raw, known, userfields)
    return values


def _deal(call: Call) -> Deal:
    deal = call.portal.deals.living(call.whole("id"))
    if deal is None:
        raise ApiError(400, "NOT_FOUND", "Item not found")
    if not call.portal.access.sees(deal):
        raise ApiError(400, "ACCESS_DENIED", "You do not have permission to view this item")
    return deal


def _item(call: Call, process: SmartProcess) -> Any:
    item = process.items.get(call.whole("id"))
    if item is None:
        raise ApiError(400, "NOT_FOUND", "Item not found")
    return item


def _either(record: Answer, client: Answer, other: Answer) -> Method:
    def answer(call: Call) -> Reply:
        chosen = record if is_record(call) else client if is_client(call) else other
        return chosen(call)

    return Method(("crm",), answer)


METHODS = {
    "crm.item.fields": _either(fields_of_records, fields_of_clients, _fields),
    "crm.item.list": _either(list_records, list_clients, _list),
    "crm.item.get": _either(get_record, get_client, _get),
    "crm.item.add": _either(add_record, add_client, _add),
    "crm.item.update": _either(update_record, update_client, _update),
    "crm.item.delete": _either(delete_record, delete_client, _delete),
}
