"""The account as an ASGI application: crmapi/v1 and the sandbox's controls."""

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest

from sandbox.fault import Faults
from sandbox.itoolabs.account import Account, login_of, moment_of
from sandbox.journal import Journal
from sandbox.minute_limit import Count, MinuteLimits
from sandbox.telephone_desk import Desk, Refused

REQUESTS = "requests"
"""The one kind that is counted."""

_LEAST_WAIT_S = 1
_ERRORS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def build_app(
    account: Account, limits: MinuteLimits, faults: Faults, journal: Journal
) -> Starlette:  # fmt: skip
    """Assemble the application of one account."""
    return _Desk(account, limits, faults, journal).app("crmapi/v1")


class _Desk(Desk[Account]):
    messages = _ERRORS
    busy: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}

    def kind_of(self, path: str) -> str:
        """All requests are counted together."""
        return REQUESTS

    def limit_headers(self, count: Count) -> Mapping[str, str]:
        """When to come again, of those sent away."""
        if not count.refused:
            return {}
        wait_s = int(count.reset_at - self.account.exchange.now()) + _LEAST_WAIT_S
        return {"Retry-After": str(wait_s)}

    def call(self, http: HttpRequest, path: str) -> Any:
        """The key first, then what is asked for."""
        if http.headers.get("x-api-key") != self.account.key:
            raise Refused(401)
        asked = http.query_params
        if path == "domain":
            return self.account.domain()
        if path == "users":
            return _users(self.account, asked)
        if path == "history/json":
            return _history(self.account, asked)
        raise Refused(404)

    def error_body(self, text: str) -> dict[str, Any]:
        """The words alone."""
        return {"error": text}


def _users(account: Account, asked: Mapping[str, str]) -> Any:
    """A part of the list; `next` is absent in its last part."""
    everybody = account.users()
    start, limit = int(asked.get("start", 0)), int(asked.get("limit", 50))
    info = {"start": start, "limit": limit, "total": len(everybody)}
    if start + limit < len(everybody):
        info["next"] = start + limit
    return {"items": everybody[start : start + limit], "info": info}


def _history(account: Account, asked: Mapping[str, str]) -> Any:
    """A bare list, without pages."""
    if not account.exports:
        raise Refused(501)
    begin, end = (moment_of(asked.get(name, "")) for name in ("start", "end"))
    if begin is None or end is None:
        raise Refused(400)
    rows = account.history(begin, end)
    if user := asked.get("user"):
        if user not in {login_of(one) for one in account.exchange.employees.values()}:
            raise Refused(404)
        rows = [row for row in rows if row.get("user") == user]
    kind = asked.get("type", "all")
    if kind == "missed":
        return [row for row in rows if row["status"] == "missed"]
    return [row for row in rows if kind in ("all", row["type"])]
