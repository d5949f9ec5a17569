"""The methods: get.account, get.employees and the two reports."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.conversation import Conversation
from sandbox.uis.account import Account
from sandbox.uis.column import CALLS, EMPLOYEES, LEGS
from sandbox.uis.leg import leg_rows
from sandbox.uis.problem import Problem
from sandbox.uis.query import allow, listed
from sandbox.uis.session import session_row

_LONGEST = timedelta(days=92)
_LONGEST_CALL_S = 86_400
_OFFICE = "74955140578"
Params = Mapping[str, Any]


def _account(account: Account, params: Params) -> dict[str, Any]:
    allow(params, ())
    row = {"app_id": account.app_id, "name": "Окна", "timezone": account.zone.key}
    return {"metadata": {}, "data": [row]}


def _employees(account: Account, params: Params) -> dict[str, Any]:
    allow(params, ())
    people = account.exchange.employees.values()
    rows = [
        {
            "id": each.id,
            "login": None,
            "full_name": each.name,
            "email": each.email or None,
            "extension": {"extension_phone_number": each.extension},
            "phone_numbers": [
                {"phone_id": 1, "phone_number": account.mobile(each), "status": "active"},
                {"phone_id": 2, "phone_number": f"{_OFFICE}...{each.extension}"},
            ],
            "groups": [],
        }
        for each in people
        if each.id not in account.deleted
    ]
    return listed(rows, params, EMPLOYEES)


def _calls(account: Account, params: Params) -> dict[str, Any]:
    first, last = _window(account, params)
    allow(params, ("date_from", "date_till", "include_ongoing_calls"))
    found = account.exchange.ended(first, last + 1)
    return listed([session_row(account, call) for call in found], params, CALLS)


def _legs(account: Account, params: Params) -> dict[str, Any]:
    first, last = _window(account, params)
    allow(params, ("date_from", "date_till"))
    calls: list[Conversation] = account.exchange.ended(first - _LONGEST_CALL_S, last + 1)
    begins, ends = account.local(first), account.local(last)
    rows = [row for call in calls for row in leg_rows(account, call)]
    return listed([row for row in rows if begins <= row["start_time"] <= ends], params, LEGS)


def _window(account: Account, params: Params) -> tuple[float, float]:
    """The moments asked for, both included."""
    found = []
    for name in ("date_from", "date_till"):
        if name not in params:
            raise Problem("required_parameter_missed", field=name)
        try:
            found.append(account.moment(str(params[name])))
        except ValueError:
            raise Problem("invalid_parameter_value", field=name, value=params[name]) from None
    begins, ends = (datetime.fromtimestamp(at, account.zone) for at in found)
    if ends - begins > _LONGEST:
        raise Problem("date_interval_limit_reached")
    return found[0], found[1]


METHODS: Mapping[str, Callable[[Account, Params], dict[str, Any]]] = {
    "get.account": _account,
    "get.employees": _employees,
    "get.calls_report": _calls,
    "get.call_legs_report": _legs,
}
