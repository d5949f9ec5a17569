"""crm.activity.*: reading what people wrote, met about and have to do."""

from sandbox.bitrix24.activity import Activity
from sandbox.bitrix24.activity_view import ACTIVITY_FIELDS, ON_REQUEST, show_activity
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.php import as_list

_EVERY = ACTIVITY_FIELDS | ON_REQUEST
_GRAMMAR = Grammar(_EVERY, strict=False)


def _fields(_call: Call) -> Reply:
    return Reply({name: _described(name) for name in _EVERY})


def _described(name: str) -> dict[str, object]:
    entry = _EVERY[name].describe()
    del entry["upperName"]
    return entry


def _list(call: Call) -> Reply:
    page = call.page(call.portal.activities, _GRAMMAR, any_case=True)
    chosen = {str(name) for name in as_list(call.any_case("select"))}
    columns = read_select(call.any_case("select"), ACTIVITY_FIELDS, "ID")
    columns = columns + [field for name, field in ON_REQUEST.items() if name in chosen]
    return listed(page, [show_activity(row, columns) for row in page.rows])


def _get(call: Call) -> Reply:
    return Reply(show_activity(_found(call, "id"), ACTIVITY_FIELDS.values()))


def _bindings(call: Call) -> Reply:
    activity = _found(call, "activityId")
    kind, ref = activity.owner
    rows = [{"entityTypeId": kind, "entityId": ref}]
    return Reply(rows, len(rows))


def _found(call: Call, name: str) -> Activity:
    try:
        activity = call.portal.activities.living(int(call.any_case(name)))
    except (TypeError, ValueError):
        raise ApiError(400, "", "ID is not defined or invalid.") from None
    if activity is None:
        raise ApiError(400, "NOT_FOUND", "Not found")
    return activity


METHODS = {
    "crm.activity.fields": Method(("crm",), _fields),
    "crm.activity.list": Method(("crm",), _list),
    "crm.activity.get": Method(("crm",), _get),
    "crm.activity.binding.list": Method(("crm",), _bindings),
}
