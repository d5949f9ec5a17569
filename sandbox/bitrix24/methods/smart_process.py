"""crm.type.*: smart processes as types. `id` and `entityTypeId` are two numbers."""

from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply, missing
from sandbox.bitrix24.field import Field
from sandbox.bitrix24.listing import split_key
from sandbox.bitrix24.method import Call, Method
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.smart import FLAGS, SmartProcess
from sandbox.php import as_list, as_map


def _add(call: Call) -> Reply:
    portal = call.portal
    portal.access.need_admin()
    if "fields" not in call.params:
        raise missing("fields")
    process = portal.smart.add(as_map(call.params["fields"]), portal.now(), portal.access.user)
    write = Write("crm.type.add", process.entity_type_id, process.id, {"title": process.title})
    portal.note_write(write, robots=False)
    return Reply({"type": process.describe_fully()})


def _get(call: Call) -> Reply:
    return Reply({"type": _by_id(call).describe_fully()})


def _get_by_entity_type(call: Call) -> Reply:
    process = call.portal.smart.by_entity_type(call.whole("entityTypeId"))
    return Reply({"type": process.describe_fully()})


def _list(call: Call) -> Reply:
    rows = call.portal.smart.rows()
    for key, value in as_map(call.params.get("filter")).items():
        operator, name = split_key(key)
        _need_known(name)
        rows = [row for row in rows if _passes(operator, row[name], value)]
    for name, direction in reversed(as_map(call.params.get("order")).items()):
        _need_known(name)
        rows.sort(key=lambda row: row[name], reverse=str(direction).upper() == "DESC")
    return Reply({"types": rows[:50]}, len(rows))


def _fields(_call: Call) -> Reply:
    columns = [
        Field("id", "ID", "integer", len, "ID", True),
        Field("title", "TITLE", "string", len, "Название", required=True),
        Field("code", "CODE", "string", len, "Символьный код"),
        Field("createdBy", "CREATED_BY", "user", len, "Кем создан", True),
        Field("entityTypeId", "ENTITY_TYPE_ID", "integer", len, "ID типа", required=True),
        *(Field(name, _upper(name), "boolean", len) for name in FLAGS),
        Field("createdTime", "CREATED_TIME", "datetime", len, "Дата создания"),
        Field("updatedTime", "UPDATED_TIME", "datetime", len, "Дата изменения"),
        Field("updatedBy", "UPDATED_BY", "user", len, "Кем изменён"),
    ]
    return Reply({"fields": {one.name: one.describe() for one in columns}})


def _delete(call: Call) -> Reply:
    call.portal.access.need_admin()
    process = _by_id(call)
    if process.items:
        text = "You cannot delete an entity type that has elements"
        raise ApiError(400, "BX_ERROR", text)
    del call.portal.smart.by_id[process.id]
    write = Write("crm.type.delete", process.entity_type_id, process.id, {})
    call.portal.note_write(write, robots=False)
    return Reply([])


def _by_id(call: Call) -> SmartProcess:
    process = call.portal.smart.by_id.get(call.whole("id"))
    if process is None:
        raise ApiError(400, 0, "Smart process not found")
    return process


def _need_known(name: str) -> None:
    known = {"id", "title", "code", "createdBy", "entityTypeId", "updatedBy", *FLAGS}
    if name not in known:
        raise ApiError(400, 100, f"Unknown field definition `{_upper(name)}`")


def _passes(operator: str, stored: Any, wanted: Any) -> bool:
    if operator in ("%", "%=", "=%"):
        return str(wanted).strip("%").casefold() in str(stored).casefold()
    if operator in (">", ">=", "<", "<="):
        left, right = int(stored), int(wanted)
        reached = left > right if ">" in operator else left < right
        return reached or (operator.endswith("=") and left == right)
    among = str(stored) in {str(item) for item in as_list(wanted)}
    return among != operator.startswith("!")


def _upper(name: str) -> str:
    """`ID` comes out as `I_D`, which is what the portal complains about."""
    spread = "".join(f"_{letter}" if letter.isupper() else letter for letter in name)
    return spread.upper().lstrip("_")


METHODS = {
    "crm.type.add": Method(("crm",), _add),
    "crm.type.get": Method(("crm",), _get),
    "crm.type.getByEntityTypeId": Method(("crm",), _get_by_entity_type),
    "crm.type.list": Method(("crm",), _list),
    "crm.type.fields": Method(("crm",), _fields),
    "crm.type.delete": Method(("crm",), _delete),
}
