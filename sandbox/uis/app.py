"""The Data API as an ASGI application: one address for all methods, and the sandbox's controls."""

from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.control import Control
from sandbox.door import Door, Knock, Reply
from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.moment import http_date
from sandbox.uis.account import Account
from sandbox.uis.limit import Limits
from sandbox.uis.method import METHODS
from sandbox.uis.problem import Problem
from sandbox.uis.truth import truth
from sandbox.wire import Broken

_UNREADABLE = object()


def build_app(account: Account, limits: Limits, faults: Faults, journal: Journal) -> Starlette:
    """Assemble the application of one account."""
    door = Door(faults, journal, account.exchange.clock, partial(_refusal, account, limits))
    desk = _Desk(account, limits, door)
    control = Control(faults, journal, partial(truth, account), account.exchange.live_step)
    return Starlette(routes=[*control.routes(), Route("/v2.0", desk.answer, methods=["POST"])])


class _Desk:
    def __init__(self, account: Account, limits: Limits, door: Door) -> None:
        self._account = account
        self._limits = limits
        self._door = door

    async def answer(self, http: HttpRequest) -> Response | Broken:
        """Answer one request; only the transport itself answers anything but HTTP 200."""
        sent = _decode(await http.body())
        name = str(sent.get("method")) if isinstance(sent, dict) else "?"
        address = http.client.host if http.client else ""
        run = partial(self._run, sent, address)
        return await self._door.answer(http, Knock(name), run, self._limits.latency_s)

    def _run(self, sent: Any, address: str) -> Reply:
        with self._account.exchange.lock:
            number = sent.get("id") if isinstance(sent, dict) else None
            try:
                result = self._result(sent, address)
            except Problem as problem:
                return _refused(self._account, problem, number, self._limits)
            self._limits.spend()
            told = self._limits.told()
            metadata = result["metadata"] | ({"limits": told} if told else {})
            body = {"jsonrpc": "2.0", "id": number, "result": result | {"metadata": metadata}}
            return Reply(200, msgspec.json.encode(body), date=_date(self._account))

    def _result(self, sent: Any, address: str) -> dict[str, Any]:
        method, params = _request(sent)
        if "access_token" not in params:
            raise Problem("required_parameter_missed", field="access_token")
        if params["access_token"] != self._account.key:
            value = params["access_token"]
            raise Problem("access_token_invalid", field="access_token", value=value)
        if self._account.refusal:
            raise Problem(self._account.refusal, params={"ip": address})
        self._limits.check()
        if method in self._account.closed:
            raise Problem("forbidden")
        return METHODS[method](self._account, params)


def _request(sent: Any) -> tuple[str, dict[str, Any]]:
    """Method and parameters of a well-formed request."""
    if sent is _UNREADABLE:
        raise Problem("parse_error")
    if isinstance(sent, list):
        raise Problem("batch_opreations_not_supported")
    if not isinstance(sent, dict) or sent.get("jsonrpc") != "2.0":
        raise Problem("invalid_request")
    if sent.get("id") is None:
        raise Problem("notifications_not_supported")
    method, params = sent.get("method"), sent.get("params")
    if method not in METHODS:
        raise Problem("method_not_found", value=method)
    if not isinstance(params, dict):
        raise Problem("data_type_error", field="params")
    return str(method), params


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return _UNREADABLE


def _refused(account: Account, problem: Problem, number: object, limits: Limits) -> Reply:
    body = problem.body(number, limits.told())
    return Reply(200, msgspec.json.encode(body), error=problem.mnemonic, date=_date(account))


def _date(account: Account) -> str:
    return http_date(account.exchange.clock())


def _refusal(account: Account, limits: Limits, kind: str) -> Reply:
    """The vendor's own error behind a fault's name."""
    if kind == "503":
        return Reply(503, b"Service Unavailable", "text/plain", 503, _date(account))
    problems = {
        "429": Problem("limit_exceeded", params={"limit_type": "minute", "limit_max_value": "1"}),
        "500": Problem("internal_error"),
        "expired": Problem("access_token_expired"),
    }
    return _refused(account, problems[kind], None, limits)
