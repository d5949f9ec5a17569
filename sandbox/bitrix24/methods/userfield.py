"""userfieldconfig.*: custom fields; errors have an empty code."""

from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply, missing
from sandbox.bitrix24.listing import split_key
from sandbox.bitrix24.method import Call, Method
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.userfield import UserField
from sandbox.php import as_list, as_map

_SCOPES = ("userfieldconfig",)


def _add(call: Call) -> Reply:
    portal = _open(call)
    if "field" not in call.params:
        raise missing("field")
    raw = as_map(call.params["field"])
    _check_entity(call, str(raw.get("entityId", "")))
    created = portal.userfields.add(raw)
    write = Write("userfieldconfig.add", 0, created.id, {"fieldName": created.name})
    portal.note_write(write, robots=False)
    return Reply({"field": created.show()})


def _get(call: Call) -> Reply:
    _open(call)
    return Reply({"field": _found(call).show()})


def _list(call: Call) -> Reply:
    portal = _open(call)
    rows = [item.show() for item in portal.userfields.by_id.values() if item.entity != "USER"]
    for key, value in as_map(call.params.get("filter")).items():
        operator, name = split_key(key)
        wanted = {str(item) for item in as_list(value)}
        rows = [row for row in rows if (str(row.get(name)) in wanted) != operator.startswith("!")]
    if str(as_map(call.params.get("order")).get("id", "ASC")).upper() == "DESC":
        rows.reverse()
    start = max(0, int(call.params.get("start") or 0))
    following = start + 50 if start + 50 < len(rows) else None
    page: list[dict[str, Any]] = rows[start : start + 50]
    for row in page:
        row.pop("enum", None)
    return Reply({"fields": page}, len(rows), following)


def _delete(call: Call) -> Reply:
    portal = _open(call)
    gone = _found(call)
    del portal.userfields.by_id[gone.id]
    write = Write("userfieldconfig.delete", 0, gone.id, {"fieldName": gone.name})
    portal.note_write(write, robots=False)
    return Reply(None)


def _open(call: Call) -> Any:
    """Check the module's own scope and the right to change settings."""
    if not call.params.get("moduleId"):
        raise missing("moduleId")
    call.portal.access.need(("crm",))
    if not call.portal.access.admin:
        raise ApiError(400, "", "Access denied")
    return call.portal


def _check_entity(call: Call, entity: str) -> None:
    known = {process.entity for process in call.portal.smart.by_id.values()}
    known |= {"CRM_LEAD", "CRM_DEAL", "CRM_CONTACT", "CRM_COMPANY", "CRM_QUOTE"}
    if entity not in known:
        raise ApiError(400, "", "You cannot create custom fields")


def _found(call: Call) -> UserField:
    found: UserField | None = call.portal.userfields.by_id.get(call.whole("id"))
    if found is None:
        raise ApiError(400, "", "User field is not found")
    return found


METHODS = {
    "userfieldconfig.add": Method(_SCOPES, _add),
    "userfieldconfig.get": Method(_SCOPES, _get),
    "userfieldconfig.list": Method(_SCOPES, _list),
    "userfieldconfig.delete": Method(_SCOPES, _delete),
}
