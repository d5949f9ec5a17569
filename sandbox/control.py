"""/_sandbox: the log, the faults, the truth and live steps of a vendor's server, over HTTP."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.fault import Faults
from sandbox.journal import Journal


class _Plain(Protocol):
    def plain(self) -> dict[str, Any]: ...


class Control:
    """`truth` counts what an agent should show, `live` lets one thing happen."""

    def __init__(
        self,
        faults: Faults,
        journal: Journal,
        truth: Callable[..., Sequence[_Plain]],
        live: Callable[[random.Random], dict[str, Any]],
    ) -> None:
        self._faults = faults
        self._journal = journal
        self._truth = truth
        self._live = live

    def routes(self) -> list[Route]:
        """They need no login and count for no limit."""
        return [
            Route("/_sandbox/log", self._log, methods=["GET", "DELETE"]),
            Route("/_sandbox/faults", self._arm, methods=["POST", "DELETE"]),
            Route("/_sandbox/truth", self._count, methods=["GET"]),
            Route("/_sandbox/live", self._work, methods=["POST"]),
        ]

    async def _log(self, request: Request) -> Response:
        """GET tells every request so far, DELETE forgets them."""
        if request.method == "DELETE":
            self._journal.clear()
        return json_response({"log": [record.plain() for record in self._journal]})

    async def _arm(self, request: Request) -> Response:
        """POST arms one fault, DELETE disarms all."""
        if request.method == "DELETE":
            self._faults.clear()
            return json_response({})
        sent = await read_json(request)
        try:
            fault = self._faults.add(str(sent.pop("kind", "")), **sent)
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"kind": fault.kind, "method": fault.method})

    async def _count(self, request: Request) -> Response:
        """The numbers an agent should show."""
        try:
            arguments = _truth_arguments(request)
            rows = await run_in_threadpool(self._truth, **arguments)
        except (KeyError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"rows": [row.plain() for row in rows]})

    async def _work(self, request: Request) -> Response:
        """Do some work at once and tell what was done."""
        sent = await read_json(request)
        rng = random.Random(sent.get("seed"))
        return json_response({"done": [self._live(rng) for _ in range(int(sent.get("steps", 1)))]})


def _truth_arguments(request: Request) -> dict[str, Any]:
    asked = request.query_params
    reads = [datetime.fromisoformat(text) for text in asked.get("reads", "").split(",") if text]
    if any(moment.tzinfo is None for moment in reads):
        raise ValueError("reads must be moments with an offset, separated by commas")
    return {
        "since": date.fromisoformat(asked["from"]),
        "until": date.fromisoformat(asked["to"]),
        "by": asked.get("by", "month"),
        "tz": asked.get("tz", "Europe/Moscow"),
        "view": asked.get("view", "actual"),
        "reads": [moment.astimezone(UTC) for moment in reads],
    }


async def read_json(request: Request) -> dict[str, Any]:
    """The object in a request's body; an empty one without a body."""
    body = await request.body()
    sent = msgspec.json.decode(body) if body.strip() else {}
    return sent if isinstance(sent, dict) else {}


def json_response(body: dict[str, Any], status: int = 200) -> Response:
    """An object as JSON."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")
