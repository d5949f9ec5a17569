"""The door of a vendor's server: faults, gates and the log around whatever it answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from sandbox.fault import REFUSALS, UNAPPLIED, Fault, Faults, Gate
from sandbox.journal import Journal
from sandbox.wire import Broken, raw_answer

JSON = "application/json; charset=utf-8"
HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_HTML_STATUS = {"html200": 200, "html403": 403, "html500": 500}
_HANG_S = 3600.0


@dataclass(frozen=True, slots=True)
class Knock:
    """What is asked for: a method, and the inner ones of a batch."""

    name: str
    commands: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to be sent, and the error it means for the log."""

    status: int
    body: bytes
    content_type: str = JSON
    error: str | int | None = None
    date: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As it is sent; `date` is of the vendor's own clock, where that is told."""
        headers = dict(self.headers)
        if self.date:
            headers["Date"] = self.date
        if self.body:
            headers["Content-Type"] = self.content_type
        return Response(self.body, self.status, headers)


class Door:
    """`refusal` tells the vendor's own error behind a fault's name."""

    def __init__(
        self,
        faults: Faults,
        journal: Journal,
        clock: Callable[[], datetime],
        refusal: Callable[[str], Reply],
    ) -> None:
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._refusal = refusal

    async def answer(
        self, http: HttpRequest, knock: Knock, reply: Callable[[], Reply], latency_s: float = 0.0
    ) -> Response | Broken:
        """Answer one request by `reply`, or fail it as the switches say.

        `latency_s` are the seconds that a success takes, for each command of a batch.
        """
        gate = self._faults.arrive()
        if gate is not None and gate.when == "before":
            return await self._hold(http, knock, gate)
        fault = self._faults.request_fault([knock.name, *knock.commands])
        if fault is not None and fault.kind in UNAPPLIED:
            return await self._refuse(http, knock, fault)
        answer = reply()
        if latency_s and answer.status < 300:
            await asyncio.sleep(latency_s * max(1, len(knock.commands)))
        if gate is not None:
            return await self._hold(http, knock, gate)
        if fault is not None:
            return self._mangle(knock, answer, fault)
        self.note(knock, answer.status, answer.error)
        return answer.response()

    def note(self, knock: Knock, status: int, error: str | int | None) -> None:
        """Write a finished request into the log."""
        self._journal.add(self._clock(), knock.name, list(knock.commands), status, error)

    async def _hold(self, http: HttpRequest, knock: Knock, gate: Gate) -> Broken:
        self.note(knock, 0, f"gate {gate.when}")
        gate.reached.set()
        while not gate.opened.is_set() and not await http.is_disconnected():
            await asyncio.sleep(0.005)
        return Broken()

    async def _refuse(self, http: HttpRequest, knock: Knock, fault: Fault) -> Response | Broken:
        if fault.kind in REFUSALS:
            reply = self._refusal(fault.kind)
            self.note(knock, reply.status, reply.error)
            return reply.response()
        if fault.kind == "hang":
            await _wait_until_gone(http, fault.seconds or _HANG_S)
        if fault.kind in ("reset", "hang"):
            self.note(knock, 0, fault.kind)
            return Broken()
        response = _odd_response(http, fault)
        self.note(knock, response.status_code, fault.kind)
        return response

    def _mangle(self, knock: Knock, answer: Reply, fault: Fault) -> Response | Broken:
        body = answer.body
        broken = fault.kind in ("lost", "short")
        self.note(knock, 0 if broken else answer.status, fault.kind)
        if fault.kind == "lost":
            return Broken()
        if fault.kind == "short":
            return Broken(raw_answer(body, len(body) + 64))
        if fault.kind == "slow":
            return Broken(raw_answer(body, len(body)), pause_s=(fault.seconds or 1.0) / 20)
        return Response(
            body[: len(body) // 2], answer.status, {"Content-Type": answer.content_type}
        )


async def _wait_until_gone(http: HttpRequest, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until and not await http.is_disconnected():
        await asyncio.sleep(0.02)


def _odd_response(http: HttpRequest, fault: Fault) -> Response:
    if fault.kind == "empty200":
        return Response(b"", 200, media_type=JSON)
    if fault.kind == "redirect":
        place = fault.location or "https://renamed.example"
        return Response(b"", 302, {"Location": f"{place}{http.url.path}"})
    status = _HTML_STATUS[fault.kind]
    title = {200: "Авторизация", 403: "403 Forbidden", 500: "500 Internal Server Error"}[status]
    return Response(HTML.format(title), status, media_type="text/html; charset=utf-8")
