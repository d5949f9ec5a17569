"""Leads and quotes: crm.item.* with entityTypeId 1 and 7, and what is read of the old families."""

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import Field, show
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.record import Record, Records
from sandbox.bitrix24.record_view import (
    FIELDS,
    LEAD_TYPE,
    OLD_FIELDS,
    QUOTE_TYPE,
    read_record,
    show_old_record,
)
from sandbox.php import as_map

Answer = Callable[[Call], Reply]


def is_record(call: Call) -> bool:
    """Whether the call is about leads or quotes."""
    return call.whole("entityTypeId") in FIELDS


def fields_of_records(call: Call) -> Reply:
    """crm.item.fields"""
    return Reply({"fields": {name: one.describe() for name, one in _columns(call).items()}})


def list_records(call: Call) -> Reply:
    """crm.item.list"""
    columns = _columns(call)
    page = call.page(
        _records(call), Grammar(columns, strict=True), any_case=False, visible=_visible(call)
    )
    chosen = read_select(call.params.get("select"), columns, "id")
    return listed(page, {"items": [_row(record, chosen) for record in page.rows]})


def get_record(call: Call) -> Reply:
    """crm.item.get"""
    return _shown(call, _found(call))


def add_record(call: Call) -> Reply:
    """crm.item.add"""
    portal, records = call.portal, _records(call)
    values = _values(call)
    owner = values.pop("owner", portal.access.user)
    record_id = records.create(owner, by=portal.access.user, **values)
    write = Write("crm.item.add", call.whole("entityTypeId"), record_id, values)
    portal.note_write(write, robots=True)
    return _shown(call, records.every[record_id])


def update_record(call: Call) -> Reply:
    """crm.item.update"""
    portal, record, values = call.portal, _found(call), _values(call)
    if _records(call).update(record.id, by=portal.access.user, **values):
        write = Write("crm.item.update", call.whole("entityTypeId"), record.id, values)
        portal.note_write(write, robots=True)
    return _shown(call, record)


def delete_record(call: Call) -> Reply:
    """crm.item.delete"""
    portal, record = call.portal, _found(call)
    _records(call).delete(record.id, by=portal.access.user)
    write = Write("crm.item.delete", call.whole("entityTypeId"), record.id, {})
    portal.note_write(write, robots=False)
    return Reply([])


def _columns(call: Call) -> dict[str, Field]:
    return FIELDS[call.whole("entityTypeId")]


def _records(call: Call) -> Records:
    return _kept(call, call.whole("entityTypeId"))


def _kept(call: Call, kind: int) -> Records:
    if kind in call.portal.access.unreadable:
        raise ApiError(400, "ACCESS_DENIED", "Access denied")
    return call.portal.leads if kind == LEAD_TYPE else call.portal.quotes


def _visible(call: Call) -> Callable[[Record], bool] | None:
    owners = call.portal.access.owners
    return None if owners is None else lambda record: record.now.owner in owners


def _found(call: Call) -> Record:
    record = _records(call).living(call.whole("id"))
    if record is None:
        raise ApiError(400, "NOT_FOUND", "Item not found")
    return record


def _values(call: Call) -> dict[str, Any]:
    if "fields" not in call.params:
        raise ApiError(400, 100, "Could not find value for parameter {fields}")
    try:
        values = read_record(as_map(call.params["fields"]), _columns(call))
    except (TypeError, ValueError) as error:
        raise _not_valid(error) from None
    if "stage" in values and values["stage"] not in _records(call).stages:
        raise _not_valid(ValueError("stageId"))
    return values


def _not_valid(error: Exception) -> ApiError:
    return ApiError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"Invalid field value: {error}")


def _row(record: Record, columns: list[Field]) -> dict[str, Any]:
    return {one.name: show(one.kind, one.get(record)) for one in columns}


def _shown(call: Call, record: Record) -> Reply:
    item = _row(record, list(_columns(call).values()))
    return Reply({"item": item | {"entityTypeId": call.whole("entityTypeId")}})


def _old_list(kind: int) -> Answer:
    def answer(call: Call) -> Reply:
        columns = OLD_FIELDS[kind]
        page = call.page(
            _kept(call, kind),
            Grammar(columns, strict=False),
            any_case=True,
            visible=_visible(call),
        )
        chosen = read_select(call.any_case("select"), columns, "ID")
        return listed(page, [show_old_record(record, chosen) for record in page.rows])

    return answer


def _old_get(kind: int) -> Answer:
    def answer(call: Call) -> Reply:
        number = str(call.any_case("id") or "")
        record = _kept(call, kind).living(int(number)) if number.isdigit() else None
        if record is None:
            raise ApiError(400, "", "Not found")
        return Reply(show_old_record(record, OLD_FIELDS[kind].values()))

    return answer


def _mode(call: Call) -> Reply:
    """1 classic, 2 simple: without leads (crm-settings-mode-get.md)."""
    return Reply(call.portal.mode)


METHODS = {
    "crm.lead.list": Method(("crm",), _old_list(LEAD_TYPE)),
    "crm.lead.get": Method(("crm",), _old_get(LEAD_TYPE)),
    "crm.quote.list": Method(("crm",), _old_list(QUOTE_TYPE)),
    "crm.quote.get": Method(("crm",), _old_get(QUOTE_TYPE)),
    "crm.settings.mode.get": Method(("crm",), _mode),
}
