"""The portal as an ASGI application: the REST door, its faults, and the sandbox's controls."""

import asyncio

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.bitrix24.control import control_routes
from sandbox.bitrix24.limit import Limits
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.rest import Answer, Request, Rest, canonical, read_params, refusal
from sandbox.fault import REFUSALS, UNAPPLIED, Fault, Faults, Gate
from sandbox.journal import Journal
from sandbox.wire import Broken, raw_answer

_JSON = "application/json; charset=utf-8"
_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_HTML_STATUS = {"html200": 200, "html403": 403, "html500": 500}
_HANG_S = 3600.0


def build_app(portal: Portal, limits: Limits, faults: Faults, journal: Journal) -> Starlette:
    """Assemble the application of one portal."""
    door = _Door(Rest(portal, limits, faults), faults, journal)
    rest = "/rest/{user}/{code}/{method:path}"
    return Starlette(
        routes=[
            Route(rest, door.call, methods=["GET", "POST"]),
            *control_routes(portal, faults, journal),
        ]
    )


class _Door:
    def __init__(self, rest: Rest, faults: Faults, journal: Journal) -> None:
        self._portal = rest.portal
        self._rest = rest
        self._faults = faults
        self._journal = journal

    async def call(self, http: HttpRequest) -> Response | Broken:
        """Answer one REST request, or fail it as the switches say."""
        request = await _read(http)
        gate = self._faults.arrive()
        if gate is not None and gate.when == "before":
            return await self._hold(http, request, gate)
        fault = self._faults.request_fault([request.method, *request.commands])
        if fault is not None and fault.kind in UNAPPLIED:
            return await self._refuse(http, request, fault)
        answer = self._rest.answer(request)
        if answer.status == 200 and self._rest.limits.latency_s:
            await asyncio.sleep(self._rest.limits.latency_s * max(1, len(request.commands)))
        if gate is not None:
            return await self._hold(http, request, gate)
        if fault is not None:
            return self._mangle(request, answer, fault)
        self._note(request, answer.status, answer.error)
        return _json(answer)

    async def _hold(self, http: HttpRequest, request: Request, gate: Gate) -> Broken:
        self._note(request, 0, f"gate {gate.when}")
        gate.reached.set()
        while not gate.opened.is_set() and not await http.is_disconnected():
            await asyncio.sleep(0.005)
        return Broken()

    async def _refuse(self, http: HttpRequest, request: Request, fault: Fault) -> Response | Broken:
        if fault.kind in REFUSALS:
            error = refusal(fault.kind)
            self._note(request, error.status, error.code)
            return _json(Answer(error.status, error.body()))
        if fault.kind == "hang":
            await _wait_until_gone(http, fault.seconds or _HANG_S)
        if fault.kind in ("reset", "hang"):
            self._note(request, 0, fault.kind)
            return Broken()
        response = _odd_response(request, fault)
        self._note(request, response.status_code, fault.kind)
        return response

    def _mangle(self, request: Request, answer: Answer, fault: Fault) -> Response | Broken:
        body = msgspec.json.encode(answer.body)
        broken = fault.kind in ("lost", "short")
        self._note(request, 0 if broken else answer.status, fault.kind)
        if fault.kind == "lost":
            return Broken()
        if fault.kind == "short":
            return Broken(raw_answer(body, len(body) + 64))
        if fault.kind == "slow":
            return Broken(raw_answer(body, len(body)), pause_s=(fault.seconds or 1.0) / 20)
        return Response(body[: len(body) // 2], answer.status, media_type=_JSON)

    def _note(self, request: Request, status: int, error: str | int | None) -> None:
        self._journal.add(self._portal.clock(), request.method, request.commands, status, error)


async def _read(http: HttpRequest) -> Request:
    parts = http.path_params
    params = read_params(http.url.query, http.headers.get("content-type", ""), await http.body())
    address = http.client.host if http.client else ""
    return Request(parts["user"], parts["code"], canonical(parts["method"]), params, address)


async def _wait_until_gone(http: HttpRequest, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until and not await http.is_disconnected():
        await asyncio.sleep(0.02)


def _odd_response(request: Request, fault: Fault) -> Response:
    if fault.kind == "empty200":
        return Response(b"", 200, media_type=_JSON)
    if fault.kind == "redirect":
        place = fault.location or "https://renamed.bitrix24.example"
        address = f"{place}/rest/{request.user}/{request.code}/{request.method}"
        return Response(b"", 302, {"Location": address})
    status = _HTML_STATUS[fault.kind]
    title = {200: "Авторизация", 403: "403 Forbidden", 500: "500 Internal Server Error"}[status]
    return Response(_HTML.format(title), status, media_type="text/html; charset=utf-8")


def _json(answer: Answer) -> Response:
    return Response(msgspec.json.encode(answer.body), answer.status, media_type=_JSON)
