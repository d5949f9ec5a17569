"""event.*: the offline queue, for applications of an administrator only."""

from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.event import DELETIONS, Event
from sandbox.bitrix24.method import Call, Method
from sandbox.moment import iso


def _bind(call: Call) -> Reply:
    _admit(call)
    name = str(call.any_case("event") or "").upper()
    if name not in DELETIONS:
        raise ApiError(400, "ERROR_EVENT_NOT_FOUND", "Event not found")
    if str(call.any_case("event_type")) != "offline":
        raise ApiError(400, "ERROR_ARGUMENT", "Only offline events are simulated")
    if name in call.portal.events.bound:
        raise ApiError(400, "ERROR_EVENT_BINDING_EXISTS", "Handler already binded")
    call.portal.events.bound.add(name)
    return Reply(True)


def _list_bound(call: Call) -> Reply:
    _admit(call, admin=False)
    bound = sorted(call.portal.events.bound)
    rows = [{"event": name, "handler": "", "auth_type": "0", "offline": 1} for name in bound]
    return Reply(rows)


def _take(call: Call) -> Reply:
    _admit(call)
    clear = str(call.any_case("clear", 1)) != "0"
    limit = int(call.any_case("limit", 50))
    process, events = call.portal.events.take(limit, clear=clear)
    return Reply({"process_id": process, "events": [_shown(event) for event in events]})


def _clear(call: Call) -> Reply:
    _admit(call)
    call.portal.events.reserved.pop(str(call.any_case("process_id")), None)
    return Reply(True)


def _shown(event: Event) -> dict[str, Any]:
    return {
        "ID": str(event.id),
        "TIMESTAMP_X": iso(event.at),
        "EVENT_NAME": event.name,
        "EVENT_DATA": _data(event),
        "EVENT_ADDITIONAL": False,
        "MESSAGE_ID": str(event.id),
    }


def _data(event: Event) -> dict[str, Any]:
    key = "FIELDS_BEFORE" if event.name == "ONTASKDELETE" else "FIELDS"
    return {key: {"ID": event.object_id}}


def _admit(call: Call, *, admin: bool = True) -> None:
    if not call.portal.access.by_app:
        text = "Current authorization type is denied for this method"
        raise ApiError(403, "WRONG_AUTH_TYPE", text)
    if admin and not call.portal.access.admin:
        raise ApiError(403, "ACCESS_DENIED", "Access denied")


METHODS = {
    "event.bind": Method((), _bind),
    "event.get": Method((), _list_bound),
    "event.offline.get": Method((), _take),
    "event.offline.clear": Method((), _clear),
}
