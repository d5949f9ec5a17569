"""The account as an ASGI application: three methods of API v1 and the sandbox's controls."""

from collections.abc import Mapping
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
from sandbox.journal import Journal
from sandbox.minute_limit import Count, MinuteLimits
from sandbox.moment import utc
from sandbox.wire import Broken
from sandbox.zadarma.account import Account, moment_of
from sandbox.zadarma.login import is_signed

REPORTS, OTHERS = "reports", "others"
"""What is counted apart."""

_REPORT = "statistics/pbx"
_MOST = 1000
_REFUSALS = {"429": 429, "500": 500, "503": 503, "expired": 401}
_MESSAGES = {
    400: "Wrong parameters",
    401: "Not authorized",
    404: "Method not found",
    429: "You exceeded your rate limit",
    500: "Internal error",
    503: "Service unavailable",
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
        routes=[*control.routes(), Route("/v1/{path:path}", desk.api, methods=["GET"])]
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
            lambda: self._run(http, path),
            self._limits.latency_s,
        )

    def _run(self, http: HttpRequest, path: str) -> Reply:
        account = self._account
        with account.exchange.lock:
            count = self._limits.hit(REPORTS if path == _REPORT else OTHERS)
            headers = _limit_headers(count)
            if count.refused:
                return _refused(account, 429, headers)
            try:
                told = {"status": "success"} | self._call(http, path)
            except Refused as error:
                return _refused(account, error.status, headers)
            return Reply(200, msgspec.json.encode(told), date=_date(account), headers=headers)

    def _call(self, http: HttpRequest, path: str) -> dict[str, Any]:
        account = self._account
        shown = http.headers.get("authorization", "")
        if not is_signed(shown, http.url.path, http.url.query, account.key, account.secret):
            raise Refused(401)
        if path == "info/timezone":
            return account.timezone()
        if path == "pbx/internal":
            numbers = [int(extension) for extension in account.exchange.employees]
            return {"pbx_id": 1234, "numbers": numbers}
        if path == _REPORT:
            return _report(account, http.query_params)
        raise Refused(404)


def _report(account: Account, asked: Mapping[str, str]) -> dict[str, Any]:
    begins, ends = (moment_of(asked.get(name, "")) for name in ("start", "end"))
    version, limit = asked.get("version"), int(asked.get("limit", _MOST))
    if begins is None or ends is None or version != "2" or not 1 <= limit <= _MOST:
        raise Refused(400)
    skip = int(asked.get("skip", 0))
    begins, ends = account.cut(begins, ends)
    rows = account.rows(begins, ends)[skip : skip + limit]
    return {
        "start": f"{begins:%Y-%m-%d %H:%M:%S}",
        "end": f"{ends:%Y-%m-%d %H:%M:%S}",
        "version": 2,
        "stats": rows,
    }


def _limit_headers(count: Count) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(count.limit),
        "X-RateLimit-Remaining": str(count.remaining),
        "X-RateLimit-Reset": str(int(count.reset_at) + 1),
    }


def _refusal(account: Account, kind: str) -> Reply:
    """The account's own error behind a fault's name."""
    return _refused(account, _REFUSALS[kind], {"X-RateLimit-Reset": "1"} if kind == "429" else {})


def _refused(account: Account, status: int, headers: Mapping[str, str]) -> Reply:
    text = _MESSAGES[status]
    body = msgspec.json.encode({"status": "error", "message": text})
    return Reply(status, body, error=text, date=_date(account), headers=headers)


def _date(account: Account) -> str:
    return format_datetime(utc(account.exchange.now()), usegmt=True)
