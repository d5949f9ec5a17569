"""Custom fields over HTTP: fifty a page, made by administrators, matched by code."""

from sandbox.amocrm.book import Write
from sandbox.amocrm.call import EMPTY, Answer, Call, Json, counted
from sandbox.amocrm.field import CHOICES, ENTITIES, PAID, TYPES, Enums, Field, enums_of
from sandbox.amocrm.problem import problem
from sandbox.amocrm.write_lead import Mistake, check

_MOST = 50
_API_ONLY = frozenset({"leads", "contacts", "companies"})


def list_fields(call: Call) -> Answer:
    """GET {entity}/custom_fields."""
    fields = list(call.account.fields.of(_entity(call)).values())
    paging = call.paging(_MOST)
    rows = [_show(call, one) for one in fields[paging.offset :][: paging.limit]]
    return counted(call, "custom_fields", rows, paging, len(fields))


def get_field(call: Call) -> Answer:
    """GET {entity}/custom_fields/{id}."""
    one = call.account.fields.of(_entity(call)).get(int(call.places["field"]))
    return Answer(200, _show(call, one)) if one else EMPTY


def add_fields(call: Call) -> Answer:
    """POST {entity}/custom_fields; a single object gives a single object back."""
    call.need_admin()
    entity, items = _entity(call), call.items()
    check(items, lambda item: _mistakes(entity, item))
    fields = call.account.fields
    rows = []
    for item in items:
        one = Field(
            fields.fresh_id(), str(item["name"]), str(item["type"]),
            int(item.get("sort") or 500 + len(fields.of(entity))), item.get("code"),
            api_only=bool(item.get("is_api_only")), group=item.get("group_id"),
            enums=_read_enums(call, item), currency=item.get("currency"),
        )  # fmt: skip
        fields.put(entity, one)
        call.account.writes.append(Write("POST custom_fields", entity, one.id, dict(item)))
        rows.append(_show(call, one))
    if isinstance(call.body, dict):
        return Answer(201, rows[0])
    return Answer(201, {"_total_items": len(rows), "_embedded": {"custom_fields": rows}})


def change_fields(call: Call) -> Answer:
    """PATCH {entity}/custom_fields, or one; choices not named are removed with their values."""
    call.need_admin()
    entity, items = _entity(call), call.items()
    if "field" in call.places:
        items = [item | {"id": int(call.places["field"])} for item in items]
    known = call.account.fields.of(entity)
    check(items, lambda item: [] if item.get("id") in known else [_choice("id")])
    rows = []
    for item in items:
        one = known[item["id"]]
        one.name = str(item.get("name", one.name))
        one.sort = int(item.get("sort", one.sort))
        one.code = item.get("code", one.code)
        if "enums" in item and one.type in CHOICES:
            one.enums = _read_enums(call, item)
        call.account.writes.append(Write("PATCH custom_fields", entity, one.id, dict(item)))
        rows.append(_show(call, one))
    if "field" in call.places:
        return Answer(200, rows[0])
    return Answer(200, {"_total_items": len(rows), "_embedded": {"custom_fields": rows}})


def delete_field(call: Call) -> Answer:
    """DELETE {entity}/custom_fields/{id}; what was in the field is lost."""
    call.need_admin()
    entity = _entity(call)
    one = call.account.fields.of(entity).pop(int(call.places["field"]), None)
    if one is None:
        raise problem(404, f"Cannot DELETE {call.base}{call.path}")
    call.account.writes.append(Write("DELETE custom_fields", entity, one.id))
    return EMPTY


def _mistakes(entity: str, item: Json) -> list[Mistake]:
    found: list[Mistake] = []
    if not item.get("name"):
        found.append(("NotBlank", "name", "This value should not be blank."))
    if item.get("type") not in TYPES or item.get("type") in PAID:
        found.append(_choice("type"))
    if item.get("is_api_only") and entity not in _API_ONLY:
        found.append(("FieldNotExpected", "is_api_only", "This field was not expected."))
    if item.get("type") in CHOICES and not item.get("enums"):
        found.append(("NotBlank", "enums", "This value should not be blank."))
    return found


def _choice(path: str) -> Mistake:
    return "NotSupportedChoice", path, "The value you selected is not a valid choice."


def _read_enums(call: Call, item: Json) -> Enums:
    return {
        one.get("id") or call.account.fields.fresh_id(): (
            str(one.get("value", "")),
            int(one.get("sort", index)),
            one.get("code"),
        )
        for index, one in enumerate(item.get("enums") or [], 1)
    }


def _entity(call: Call) -> str:
    """Where the fields belong; a list has its own."""
    if "id" in call.places:
        if call.number not in call.account.catalogs:
            raise problem(404, f"Cannot {call.path}")
        return f"catalogs/{call.number}"
    entity = call.places["entity"]
    if entity not in ENTITIES:
        raise problem(404, f"Cannot {call.path}")
    return entity


def _show(call: Call, one: Field) -> Json:
    row: Json = {
        "id": one.id,
        "name": one.name,
        "type": one.type,
        "account_id": call.account.id,
        "code": one.code,
        "sort": one.sort,
        "is_predefined": one.predefined,
        "is_deletable": not one.predefined,
        "settings": None,
        "remind": None,
        "is_api_only": one.api_only,
        "group_id": one.group,
        "enums": enums_of(one),
        "required_statuses": None,
        "currency": one.currency,
    }
    return row | call.link(f"custom_fields/{one.id}")
