"""Lists over HTTP: ten at most, their elements in batches; nothing of them can be deleted."""

from sandbox.amocrm.book import Write
from sandbox.amocrm.call import EMPTY, Answer, Call, Json, listed, saved
from sandbox.amocrm.catalog import MOST_CATALOGS, Catalog, Element, Elements
from sandbox.amocrm.problem import problem
from sandbox.amocrm.query import ids, read_filters, text_test
from sandbox.amocrm.table import Choice
from sandbox.amocrm.write_lead import Mistake, check, request_id

_SETTINGS = (
    "name", "sort", "can_add_elements", "can_show_in_cards", "can_link_multiple",
    "sdk_widget_code",
)  # fmt: skip


def list_catalogs(call: Call) -> Answer:
    """GET catalogs."""
    _need_access(call)
    paging = call.paging()
    found = list(call.account.catalogs.values())[paging.offset :][: paging.limit]
    return listed(call, "catalogs", [_show(call, one) for one in found], paging)


def get_catalog(call: Call) -> Answer:
    """GET catalogs/{id}."""
    _need_access(call)
    one = call.account.catalogs.get(call.number)
    return Answer(200, _show(call, one)) if one else EMPTY


def add_catalogs(call: Call) -> Answer:
    """POST catalogs."""
    _need_access(call)
    account, items = call.account, call.items()
    check(items, _catalog_mistakes)
    if len(account.catalogs) + len(items) > MOST_CATALOGS:
        raise problem(400, "Catalogs limit exceeded")
    rows = []
    for index, item in enumerate(items):
        now = account.now()
        one = Catalog(account.fresh_id() % 1_000_000, "", now, call.user, updated_at=now)
        _set(one, item)
        one.type = item.get("type", "regular")
        account.catalogs[one.id] = one
        account.elements[one.id] = Elements()
        account.writes.append(Write("POST catalogs", "catalogs", one.id, dict(item)))
        rows.append(_show(call, one) | {"request_id": request_id(item, index)})
    return saved(call, "catalogs", rows)


def change_catalogs(call: Call) -> Answer:
    """PATCH catalogs, or one of them."""
    _need_access(call)
    account, items = call.account, call.items()
    if call.number:
        items = [item | {"id": call.number} for item in items]
    check(items, lambda item: [] if item.get("id") in account.catalogs else [_unknown("id")])
    rows = []
    for index, item in enumerate(items):
        one = account.catalogs[item["id"]]
        _set(one, item)
        one.updated_at = account.now()
        account.writes.append(Write("PATCH catalogs", "catalogs", one.id, dict(item)))
        rows.append(_show(call, one) | {"request_id": request_id(item, index)})
    return Answer(200, rows[0]) if call.number else saved(call, "catalogs", rows)


def list_elements(call: Call) -> Answer:
    """GET catalogs/{id}/elements; only filter[id] and a full-text query."""
    choice = Choice()
    read_filters(call.params.get("filter"), {"id": ids}, choice)
    if call.params.get("query"):
        choice.tests.append(text_test(str(call.params["query"]), ("name", "values")))
    paging = call.paging()
    rows = _elements(call).page(choice, paging.offset, paging.limit)
    return listed(call, "elements", [_show_element(call, row) for row in rows], paging)


def get_element(call: Call) -> Answer:
    """GET catalogs/{id}/elements/{element}."""
    one = _elements(call).rows.get(int(call.places["element"]))
    return Answer(200, _show_element(call, one)) if one else EMPTY


def add_elements(call: Call) -> Answer:
    """POST catalogs/{id}/elements."""
    elements, items = _elements(call), call.items()
    check(items, lambda item: _element_mistakes(call, item))
    rows = []
    for index, item in enumerate(items):
        now = call.account.now()
        one = Element(call.account.fresh_id(), call.number, str(item["name"]), now, call.user)
        elements.put(one)
        rows.append(_write(call, one, item, "POST elements", index))
    return saved(call, "elements", rows)


def change_elements(call: Call) -> Answer:
    """PATCH catalogs/{id}/elements, or one of them; fields that are not named stay."""
    elements, items = _elements(call), call.items()
    alone = "element" in call.places
    if alone:
        items = [item | {"id": int(call.places["element"])} for item in items]
    known = elements.rows
    check(
        items,
        lambda item: (
            _element_mistakes(call, {"name": "-"} | item)
            if item.get("id") in known
            else [_unknown("id")]
        ),
    )
    rows = []
    for index, item in enumerate(items):
        one = known[item["id"]]
        one.updated_at, one.updated_by = call.account.now(), call.user
        rows.append(_write(call, one, item, "PATCH elements", index))
    elements.touch()
    return Answer(200, rows[0]) if alone else saved(call, "elements", rows)


def _write(call: Call, one: Element, item: Json, request: str, index: int) -> Json:
    changed: Json = {}
    if "name" in item and str(item["name"]) != one.name:
        one.name = changed["name"] = str(item["name"])
    entity = f"catalogs/{one.catalog}"
    fields, _ = call.account.fields.write(entity, one.values, item.get("custom_fields_values"))
    changed |= {field.code or str(field.id): one.values.get(field.id) for field in fields}
    if changed or request.startswith("POST"):
        call.account.writes.append(Write(request, entity, one.id, changed))
    mark = item.get("request_id", item.get("id", index))
    return _show_element(call, one) | {"request_id": mark, "invoice_link": None}


def _element_mistakes(call: Call, item: Json) -> list[Mistake]:
    found: list[Mistake] = []
    if not item.get("name"):
        found.append(("NotBlank", "name", "This value should not be blank."))
    entity = f"catalogs/{call.number}"
    return found + call.account.fields.write(entity, {}, item.get("custom_fields_values"))[1]


def _catalog_mistakes(item: Json) -> list[Mistake]:
    if not item.get("name"):
        return [("NotBlank", "name", "This value should not be blank.")]
    if item.get("type", "regular") not in ("regular", "invoices", "products"):
        return [_unknown("type")]
    return []


def _unknown(path: str) -> Mistake:
    return "NotSupportedChoice", path, "The value you selected is not a valid choice."


def _set(one: Catalog, item: Json) -> None:
    for name in _SETTINGS:
        if name in item:
            setattr(one, name, item[name])


def _elements(call: Call) -> Elements:
    _need_access(call)
    elements = call.account.elements.get(call.number)
    if elements is None:
        raise problem(404, f"Cannot {call.path}")
    return elements


def _need_access(call: Call) -> None:
    if not call.account.access.catalogs:
        raise problem(403, "Forbidden")


def _show(call: Call, one: Catalog) -> Json:
    row: Json = {
        "id": one.id,
        "name": one.name,
        "created_by": one.by,
        "updated_by": one.by,
        "created_at": one.at,
        "updated_at": one.updated_at,
        "sort": one.sort,
        "type": one.type,
        "can_add_elements": one.can_add_elements,
        "can_show_in_cards": one.can_show_in_cards,
        "can_link_multiple": one.can_link_multiple,
        "can_be_deleted": one.can_be_deleted,
        "sdk_widget_code": one.sdk_widget_code,
        "account_id": call.account.id,
    }
    return row | call.link(f"catalogs/{one.id}")


def _show_element(call: Call, one: Element) -> Json:
    fields = call.account.fields.show(f"catalogs/{one.catalog}", one.values)
    row: Json = {
        "id": one.id,
        "name": one.name,
        "created_by": one.created_by,
        "updated_by": one.updated_by,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "is_deleted": None,
        "custom_fields_values": fields,
        "catalog_id": one.catalog,
        "account_id": call.account.id,
    }
    return row | call.link(f"catalogs/{one.catalog}/elements/{one.id}")
