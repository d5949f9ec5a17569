"""crm.deal.*: the old family, where every scalar is a string and the error code is empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.deal_view import (
    ENTITY_TYPE_ID,
    old_deal_fields,
    read_deal,
    show_old_deal,
)
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import Field
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.portal import Portal, Write
from sandbox.php import as_map


def _fields(call: Call) -> Reply:
    columns = old_deal_fields(call.portal.userfields)
    return Reply({name: _described(one) for name, one in columns.items()})


def _described(one: Field) -> dict[str, Any]:
    entry = one.describe()
    del entry["upperName"]
    return entry


def _list(call: Call) -> Reply:
    columns = old_deal_fields(call.portal.userfields)
    page = call.page(
        call.portal.deals,
        Grammar(columns, strict=False),
        any_case=True,
        visible=call.portal.access.deal_test(),
    )
    chosen = read_select(call.any_case("select"), columns, "ID")
    return listed(page, [show_old_deal(deal, chosen) for deal in page.rows])


def _get(call: Call) -> Reply:
    deal = _found(call)
    return Reply(show_old_deal(deal, old_deal_fields(call.portal.userfields).values()))


def _add(call: Call) -> Reply:
    with refusing(""):
        return Reply(add_deal(call.portal, _values(call), "crm.deal.add"))


def _update(call: Call) -> Reply:
    deal = _found(call)
    values = _values(call)
    with refusing(""):
        change_deal(call.portal, deal.id, values, "crm.deal.update")
    return Reply(True)


def add_deal(portal: Portal, values: dict[str, Any], method: str) -> int:
    """Create a deal for the webhook's owner from values read off a request."""
    actor = portal.access.user
    known = {name: values[name] for name in ("amount", "stage", "category") if name in values}
    title = values.get("title", "Сделка")
    deal_id = portal.create_deal(values.get("owner", actor), title=title, by=actor, **known)
    portal.update_deal(deal_id, by=actor, **values)
    portal.note_write(Write(method, ENTITY_TYPE_ID, deal_id, values), robots=True)
    return deal_id


def change_deal(portal: Portal, deal_id: int, values: dict[str, Any], method: str) -> None:
    """Update a deal for the webhook's owner; nothing is noted when nothing changed."""
    if portal.update_deal(deal_id, by=portal.access.user, **values):
        portal.note_write(Write(method, ENTITY_TYPE_ID, deal_id, values), robots=True)


@contextmanager
def refusing(code: str) -> Iterator[None]:
    """Turn a value that no field takes into the family's own error."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ApiError(400, code, f"Invalid field value: {error}") from None


def _values(call: Call) -> dict[str, Any]:
    raw = call.any_case("fields")
    if not isinstance(raw, (dict, list)):
        raise ApiError(400, "", "Parameter 'fields' must be array.")
    userfields = call.portal.userfields
    with refusing(""):
        values: dict[str, Any] = read_deal(as_map(raw), old_deal_fields(userfields), userfields)
        return values


def _found(call: Call) -> Deal:
    try:
        deal_id = int(call.any_case("id"))
    except (TypeError, ValueError):
        raise ApiError(400, "", "ID is not defined or invalid.") from None
    deal = call.portal.deals.living(deal_id)
    if deal is None:
        raise ApiError(400, "", "Not found")
    if not call.portal.access.sees(deal):
        raise ApiError(400, "", "Access denied.")
    return deal


METHODS = {
    "crm.deal.fields": Method(("crm",), _fields),
    "crm.deal.list": Method(("crm",), _list),
    "crm.deal.get": Method(("crm",), _get),
    "crm.deal.add": Method(("crm",), _add),
    "crm.deal.update": Method(("crm",), _update),
}
