"""Contacts and companies: crm.item.* with entityTypeId 3 and 4, the old lists, and merges."""

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.book import Entry
from sandbox.bitrix24.client import (
    COMPANY_TYPE,
    CONTACT_TYPE,
    FIELDS,
    Clients,
    client_fields,
    old_client_fields,
    read_client,
    show_old_client,
)
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import Field, show
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.merge import MERGED, merge
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.portal import Write
from sandbox.php import as_list, as_map

Answer = Callable[[Call], Reply]


def is_client(call: Call) -> bool:
    """Whether the call is about contacts or companies."""
    return call.whole("entityTypeId") in FIELDS


def fields_of_clients(call: Call) -> Reply:
    """crm.item.fields"""
    return Reply({"fields": {name: one.describe() for name, one in _columns(call).items()}})


def list_clients(call: Call) -> Reply:
    """crm.item.list"""
    columns, kind = _columns(call), call.whole("entityTypeId")
    page = call.page(
        _kept(call, kind), Grammar(columns, strict=True), any_case=False, visible=_visible(call)
    )
    chosen = read_select(call.params.get("select"), columns, "id")
    return listed(page, {"items": [_row(entry, chosen) for entry in page.rows]})


def get_client(call: Call) -> Reply:
    """crm.item.get"""
    return _shown(call, _found(call))


def add_client(call: Call) -> Reply:
    """crm.item.add"""
    portal, kind, values = call.portal, call.whole("entityTypeId"), _values(call)
    owner = values.pop("owner", portal.access.user)
    number = _kept(call, kind).create(owner, by=portal.access.user, **values)
    portal.note_write(Write("crm.item.add", kind, number, values), robots=True)
    return _shown(call, _kept(call, kind).every[number])


def update_client(call: Call) -> Reply:
    """crm.item.update"""
    portal, kind, values = call.portal, call.whole("entityTypeId"), _values(call)
    entry = _found(call)
    if "extra" in values:
        values["extra"] = {**(entry.extra or {}), **values["extra"]}
    if _kept(call, kind).change(entry.id, by=portal.access.user, **values):
        portal.note_write(Write("crm.item.update", kind, entry.id, values), robots=True)
    return _shown(call, entry)


def delete_client(call: Call) -> Reply:
    """crm.item.delete"""
    portal, kind, entry = call.portal, call.whole("entityTypeId"), _found(call)
    _kept(call, kind).delete(entry.id, by=portal.access.user)
    portal.note_write(Write("crm.item.delete", kind, entry.id, {}), robots=False)
    return Reply([])


def _columns(call: Call) -> dict[str, Field]:
    return client_fields(call.whole("entityTypeId"), call.portal.userfields)


def _kept(call: Call, kind: int) -> Clients:
    if kind in call.portal.access.unreadable:
        raise ApiError(400, "ACCESS_DENIED", "Access denied")
    return call.portal.contacts if kind == CONTACT_TYPE else call.portal.companies


def _visible(call: Call) -> Callable[[Entry], bool] | None:
    owners = call.portal.access.owners
    return None if owners is None else lambda entry: entry.now.owner in owners


def _found(call: Call) -> Entry:
    entry = _kept(call, call.whole("entityTypeId")).living(call.whole("id"))
    if entry is None:
        raise ApiError(400, "NOT_FOUND", "Item not found")
    return entry


def _values(call: Call) -> dict[str, Any]:
    if "fields" not in call.params:
        raise ApiError(400, 100, "Could not find value for parameter {fields}")
    try:
        kind = call.whole("entityTypeId")
        return read_client(as_map(call.params["fields"]), kind, call.portal.userfields)
    except (TypeError, ValueError) as error:
        text = f"Invalid field value: {error}"
        raise ApiError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", text) from None


def _row(entry: Entry, columns: list[Field]) -> dict[str, Any]:
    return {one.name: show(one.kind, one.get(entry)) for one in columns}


def _shown(call: Call, entry: Entry) -> Reply:
    item = _row(entry, list(_columns(call).values()))
    return Reply({"item": item | {"entityTypeId": call.whole("entityTypeId")}})


def _old_list(kind: int) -> Answer:
    def answer(call: Call) -> Reply:
        columns = old_client_fields(kind, call.portal.userfields)
        grammar = Grammar(columns, strict=False)
        page = call.page(_kept(call, kind), grammar, any_case=True, visible=_visible(call))
        chosen = read_select(call.any_case("select"), columns, "ID")
        return listed(page, [show_old_client(entry, chosen) for entry in page.rows])

    return answer


def _merge(call: Call) -> Reply:
    """The first id stays, the others are deleted; nothing tells of it later."""
    params = as_map(call.any_case("params"))
    ids = [int(each) for each in as_list(params.get("entityIds"))]
    if len(ids) < 2:
        text = "The parameter entityIds must contains at least two elements."
        raise ApiError(400, 0, text)
    kind = int(params.get("entityTypeId") or 0)
    if kind not in MERGED:
        raise ApiError(400, 0, "The parameter entityTypeId is invalid.")
    try:
        gone = merge(call.portal, kind, ids)
    except KeyError:
        raise ApiError(400, 0, "Entity not found") from None
    return Reply({"STATUS": "SUCCESS", "ENTITY_IDS": gone})


METHODS = {
    "crm.contact.list": Method(("crm",), _old_list(CONTACT_TYPE)),
    "crm.company.list": Method(("crm",), _old_list(COMPANY_TYPE)),
    "crm.entity.mergeBatch": Method(("crm",), _merge),
}
