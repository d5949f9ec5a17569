"""Webhook subscriptions and the sorting of Unsorted over HTTP."""

from sandbox.amocrm.call import EMPTY, Answer, Call, Json
from sandbox.amocrm.hook import SETTINGS, Hook
from sandbox.amocrm.problem import invalid, problem
from sandbox.amocrm.query import whole
from sandbox.amocrm.read_account import show_incoming
from sandbox.php import as_map

_MOST = 100


def list_hooks(call: Call) -> Answer:
    """GET webhooks."""
    call.need_admin()
    wanted = as_map(call.params.get("filter")).get("destination")
    rows = [
        _show(call, hook)
        for hook in call.account.hooks.every.values()
        if wanted in (None, hook.destination)
    ]
    if not rows:
        return EMPTY
    return Answer(200, {"_total_items": len(rows), "_embedded": {"webhooks": rows}})


def subscribe(call: Call) -> Answer:
    """POST webhooks; a known address gets the new settings instead of the old."""
    call.need_admin()
    sent = call.items()[0]
    hooks, now = call.account.hooks, call.account.now()
    settings = [str(one) for one in sent.get("settings") or []]
    unknown = [one for one in settings if one not in SETTINGS]
    if unknown or not settings or not sent.get("destination"):
        path = "settings" if sent.get("destination") else "destination"
        detail = "The value you selected is not a valid choice."
        raise invalid({"0": [("NotSupportedChoice", path, detail)]})
    destination = str(sent["destination"])
    hook = hooks.find(destination)
    if hook is None:
        if len(hooks.every) >= _MOST:
            raise problem(400, "Webhooks limit exceeded")
        hook = Hook(
            call.account.fresh_id() % 10_000_000, destination, settings, now, call.user, now
        )
        hooks.every[hook.id] = hook
    hook.settings, hook.updated_at, hook.disabled = settings, now, False
    return Answer(201, _show(call, hook))


def unsubscribe(call: Call) -> Answer:
    """DELETE webhooks, with the address in the body."""
    call.need_admin()
    sent = call.items()[0]
    hook = call.account.hooks.find(str(sent.get("destination")))
    if hook is None:
        raise problem(404, f"Cannot DELETE {call.base}{call.path}")
    del call.account.hooks.every[hook.id]
    return EMPTY


def _show(call: Call, hook: Hook) -> Json:
    return {
        "id": hook.id,
        "destination": hook.destination,
        "created_at": hook.at,
        "updated_at": hook.updated_at,
        "account_id": call.account.id,
        "created_by": hook.by,
        "sort": hook.sort,
        "disabled": hook.disabled,
        "settings": list(hook.settings),
    }


def accept(call: Call) -> Answer:
    """POST leads/unsorted/{uid}/accept."""
    one = _waiting(call)
    sent = call.body if isinstance(call.body, dict) else {}
    status = whole(sent.get("status_id"), 0) or None
    call.account.accept_unsorted(one, whole(sent.get("user_id"), call.user), status, by=call.user)
    return Answer(200, _result(call, one))


def decline(call: Call) -> Answer:
    """DELETE leads/unsorted/{uid}/decline."""
    one = _waiting(call)
    call.account.decline_unsorted(one, by=call.user)
    return Answer(200, _result(call, one))


def _waiting(call: Call) -> str:
    uid = call.places["uid"]
    one = call.account.incoming.get(uid)
    if one is None or one.done:
        raise problem(404, f"Cannot find {call.path}")
    return uid


def _result(call: Call, uid: str) -> Json:
    shown = show_incoming(call, call.account.incoming[uid])
    return {
        name: shown[name] for name in ("uid", "pipeline_id", "category", "created_at", "_embedded")
    }
