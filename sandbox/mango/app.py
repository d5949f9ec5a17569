"""The exchange as an ASGI application: signed POST forms, and the sandbox's controls."""

from collections.abc import Callable
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
from sandbox.mango.limit import Limits, TooFastError
from sandbox.mango.product import NOT_FOUND, UNAUTHORIZED, Json, Product, Refusal
from sandbox.moment import http_date
from sandbox.wire import Broken

_JSON = "application/json"
_ORDER = "stats/calls/request"
_TOO_FAST = {"name": "Too Many Requests", "message": "Rate limit exceeded.", "status": 429}
_REFUSALS: dict[str, tuple[int, Json]] = {
    "429": (429, _TOO_FAST),
    "500": (500, {"result": 5000}),
    "503": (503, {"result": 5001}),
    "expired": (401, UNAUTHORIZED),
}


def build_app(product: Product, limits: Limits, faults: Faults, journal: Journal) -> Starlette:
    """Assemble the application of one exchange."""
    exchange = product.exchange
    desk = _Desk(product, limits, Door(faults, journal, exchange.clock, partial(_fault, product)))
    truth = partial(exchange_truth, exchange)
    control = Control(faults, journal, truth, exchange.live_step)
    routes = [*control.routes(), Route("/vpbx/{path:path}", desk.ask, methods=["POST"])]
    return Starlette(routes=routes)


class _Desk:
    def __init__(self, product: Product, limits: Limits, door: Door) -> None:
        self._product = product
        self._limits = limits
        self._door = door
        self._answers: dict[str, Callable[[Json], Json]] = {
            "config/users/request": product.users,
            _ORDER: product.order,
            "stats/calls/result": product.result,
        }

    async def ask(self, http: HttpRequest) -> Response | Broken:
        """Answer one request."""
        name = http.path_params["path"].strip("/")
        body = await http.body()
        return await self._door.answer(
            http, Knock(name), lambda: self._reply(name, body), self._limits.latency_s
        )

    def _reply(self, name: str, body: bytes) -> Reply:
        """One request at a time: limits first, then the signature, then what is asked."""
        with self._product.exchange.lock:
            answer = self._answers.get(name)
            if answer is None:
                return _told(self._product, 404, NOT_FOUND)
            try:
                self._limits.hit(order=name == _ORDER)
                return _told(self._product, 200, answer(self._product.open(body)))
            except TooFastError:
                return _told(self._product, 429, _TOO_FAST)
            except Refusal as refusal:
                return _told(self._product, refusal.status, refusal.body)


def _fault(product: Product, kind: str) -> Reply:
    return _told(product, *_REFUSALS[kind])


def _told(product: Product, status: int, body: Json | None) -> Reply:
    date = http_date(product.exchange.clock())
    text = b"" if body is None else msgspec.json.encode(body)
    return Reply(status, text, _JSON, _error(status, body or {}), date)


def _error(status: int, body: Json) -> Any:
    """What the log says of a refusal."""
    code = body.get("result", 1000)
    if status == 200:
        return None if code == 1000 else code
    return status
