"""The account as an ASGI application: three methods of API v1 and the sandbox's controls."""

from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest

from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.minute_limit import Count, MinuteLimits
from sandbox.moment import LOCAL
from sandbox.telephone_desk import Desk, Refused
from sandbox.zadarma.account import Account, moment_of
from sandbox.zadarma.login import is_signed

REPORTS, OTHERS = "reports", "others"
"""What is counted apart."""

_REPORT = "statistics/pbx"
_MOST = 1000
_MESSAGES = {
    400: "Wrong parameters",
    401: "Not authorized",
    404: "Method not found",
    429: "You exceeded your rate limit",
    500: "Internal error",
    503: "Service unavailable",
}


def build_app(
    account: Account, limits: MinuteLimits, faults: Faults, journal: Journal
) -> Starlette:  # fmt: skip
    """Assemble the application of one account."""
    return _Desk(account, limits, faults, journal).app("v1")


class _Desk(Desk[Account]):
    messages = _MESSAGES
    busy: ClassVar[Mapping[str, str]] = {"X-RateLimit-Reset": "1"}

    def kind_of(self, path: str) -> str:
        """Reports are counted apart."""
        return REPORTS if path == _REPORT else OTHERS

    def limit_headers(self, count: Count) -> Mapping[str, str]:
        """How the limit stands, with every answer."""
        return {
            "X-RateLimit-Limit": str(count.limit),
            "X-RateLimit-Remaining": str(count.remaining),
            "X-RateLimit-Reset": str(int(count.reset_at) + 1),
        }

    def call(self, http: HttpRequest, path: str) -> dict[str, Any]:
        """The signature first, then what is asked for."""
        account = self.account
        shown = http.headers.get("authorization", "")
        if not is_signed(shown, http.url.path, http.url.query, account.key, account.secret):
            raise Refused(401)
        if path == "info/timezone":
            return _told(account.timezone())
        if path == "pbx/internal":
            numbers = [int(extension) for extension in account.exchange.employees]
            return _told({"pbx_id": 1234, "numbers": numbers})
        if path == _REPORT:
            return _told(_report(account, http.query_params))
        raise Refused(404)

    def error_body(self, text: str) -> dict[str, Any]:
        """The words, beside the status of every answer."""
        return {"status": "error", "message": text}


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"status": "success", **body}


def _report(account: Account, asked: Mapping[str, str]) -> dict[str, Any]:
    begins, ends = (moment_of(asked.get(name, "")) for name in ("start", "end"))
    version, limit = asked.get("version"), int(asked.get("limit", _MOST))
    if begins is None or ends is None or version != "2" or not 1 <= limit <= _MOST:
        raise Refused(400)
    skip = int(asked.get("skip", 0))
    begins, ends = account.cut(begins, ends)
    rows = account.rows(begins, ends)[skip : skip + limit]
    return {
        "start": begins.strftime(LOCAL),
        "end": ends.strftime(LOCAL),
        "version": 2,
        "stats": rows,
    }
