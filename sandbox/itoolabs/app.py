"""The account as an ASGI application: crmapi/v1 and the sandbox's controls."""

from collections.abc import Callable, Mapping
from email.utils import format_datetime
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.control import Control
from sandbox.door import Door, Knock, Reply
from sandbox.exchange_truth import exchange_truth
from sandbox.fault import Faults
from sandbox.itoolabs.account import Account, login_of, moment_of
from sandbox.journal import Journal
from sandbox.minute_limit import MinuteLimits
from sandbox.moment import utc
from sandbox.wire import Broken

REQUESTS = "requests"
"""The one kind that is counted."""

_LEAST_WAIT_S = 1
_REFUSALS = {"429": 429, "500": 500, "503": 503, "expired": 401}
_ERRORS = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def build_app(
    account: Account, limits: MinuteLimits, faults: Faults, journal: Journal
) -> Starlette:  # fmt: skip
    """Assemble the application of one account."""
    exchange = account.exchange
    refusal = partial(_refusal, account)
    desk = _Desk(account, limits, Door(faults, journal, exchange.clock, refusal))
    control = Control(faults, journal, partial(exchange_truth, exchange), exchange.live_step)
    return Starlette(
        routes=[
            *control.routes(),
            Route("/crmapi/v1/{path:path}", desk.api, methods=["GET"]),
        ]
    )


class _Desk:
    def __init__(self, account: Account, limits: MinuteLimits, door: Door) -> None:
        self._account = account
        self._limits = limits
        self._door = door

    async def api(self, http: HttpRequest) -> Response | Broken:
        """Answer one request of the API."""
        path = http.path_params["path"].strip("/")
        return await self._door.answer(
            http,
            Knock(f"GET {path}"),
            lambda: self._run(lambda: self._call(http, path)),
            self._limits.latency_s,
        )

    def _run(self, answer: Callable[[], Any]) -> Reply:
        with self._account.exchange.lock:
            count = self._limits.hit(REQUESTS)
            if count.refused:
                wait_s = int(count.reset_at - self._account.exchange.now()) + _LEAST_WAIT_S
                return _refused(self._account, 429, {"Retry-After": str(wait_s)})
            try:
                body = msgspec.json.encode(answer())
            except Refused as error:
                return _refused(self._account, error.status)
            return Reply(200, body, date=_date(self._account))

    def _call(self, http: HttpRequest, path: str) -> Any:
        if http.headers.get("x-api-key") != self._account.key:
            raise Refused(401)
        asked = http.query_params
        if path == "domain":
            return self._account.domain()
        if path == "users":
            return _users(self._account, asked)
        if path == "history/json":
            return _history(self._account, asked)
        raise Refused(404)


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


def _refusal(account: Account, kind: str) -> Reply:
    """The account's own error behind a fault's name."""
    headers = {"Retry-After": "1"} if kind == "429" else {}
    return _refused(account, _REFUSALS[kind], headers)


def _refused(account: Account, status: int, headers: Mapping[str, str] | None = None) -> Reply:
    text = _ERRORS[status]
    body = msgspec.json.encode({"error": text})
    return Reply(status, body, error=text, date=_date(account), headers=headers or {})


def _date(account: Account) -> str:
    return format_datetime(utc(account.exchange.now()), usegmt=True)
