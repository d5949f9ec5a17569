"""/_sandbox: the log, the faults, the truth and live steps, over HTTP."""

import random
from datetime import date
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.bitrix24.live import live_step
from sandbox.bitrix24.moment import read_moment, utc
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth import truth
from sandbox.fault import Faults
from sandbox.journal import Journal


def control_routes(portal: Portal, faults: Faults, journal: Journal) -> list[Route]:
    """The controls of one portal; they need no login and count for no limit."""
    control = _Control(portal, faults, journal)
    return [
        Route("/_sandbox/log", control.log, methods=["GET", "DELETE"]),
        Route("/_sandbox/faults", control.faults, methods=["POST", "DELETE"]),
        Route("/_sandbox/truth", control.truth, methods=["GET"]),
        Route("/_sandbox/live", control.live, methods=["POST"]),
    ]


class _Control:
    def __init__(self, portal: Portal, faults: Faults, journal: Journal) -> None:
        self._portal = portal
        self._faults = faults
        self._journal = journal

    async def log(self, request: Request) -> Response:
        """GET tells every request so far, DELETE forgets them."""
        if request.method == "DELETE":
            self._journal.clear()
        return _json({"log": [record.plain() for record in self._journal]})

    async def faults(self, request: Request) -> Response:
        """POST arms one fault, DELETE disarms all."""
        if request.method == "DELETE":
            self._faults.clear()
            return _json({})
        sent = await _sent(request)
        try:
            fault = self._faults.add(str(sent.pop("kind", "")), **sent)
        except (TypeError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"kind": fault.kind, "method": fault.method})

    async def truth(self, request: Request) -> Response:
        """The numbers an agent should show; see `truth`."""
        try:
            arguments = _truth_arguments(request)
            rows = await run_in_threadpool(truth, self._portal, **arguments)
        except (KeyError, ValueError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"rows": [row.plain() for row in rows]})

    async def live(self, request: Request) -> Response:
        """Do some work at once and tell what was done."""
        sent = await _sent(request)
        rng = random.Random(sent.get("seed"))
        done = [live_step(self._portal, rng) for _ in range(int(sent.get("steps", 1)))]
        return _json({"done": done})


def _truth_arguments(request: Request) -> dict[str, Any]:
    asked = request.query_params
    reads = [read_moment(text) for text in asked.get("reads", "").split(",") if text]
    if None in reads:
        raise ValueError("reads must be moments with an offset, separated by commas")
    return {
        "since": date.fromisoformat(asked["from"]),
        "until": date.fromisoformat(asked["to"]),
        "by": asked.get("by", "month"),
        "tz": asked.get("tz", "Europe/Moscow"),
        "view": asked.get("view", "actual"),
        "reads": [utc(at) for at in reads if at is not None],
    }


async def _sent(request: Request) -> dict[str, Any]:
    body = await request.body()
    sent = msgspec.json.decode(body) if body.strip() else {}
    return sent if isinstance(sent, dict) else {}


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
