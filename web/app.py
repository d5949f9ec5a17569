"""The web application: the board, its evidence, its JSON, and whether the service is well."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from store.error import StoreError
from web.board import Board, Reader
from web.guard import COOKIE, Gate, Guard
from web.health import SourceHealth, is_ready, readiness
from web.json import board_json
from web.page import Page

_LONGEST_FORM = 4096
_LONGEST_CALL = 32_768
_log = structlog.get_logger("merilo.web")


def create_app(
    reader: Reader,
    *,
    states: Callable[[], Sequence[SourceHealth]],
    guard: Guard,
    language: str = "ru",
    install: Callable[[str, Mapping[str, str]], int] = lambda _source, _form: 404,
    hint: Callable[[str, str], bool] = lambda _source, _secret: False,
) -> Starlette:
    """The application over a reader of values and the states of the service's sources.

    `install` takes a vendor's call to /install/SOURCE and returns the status to answer with.
    `hint` takes a webhook's call to /hook/SOURCE/SECRET, and tells whether it knew it.
    """
    site = _Site(reader, states, guard, Page(language), install, hint)
    static = StaticFiles(directory=Path(__file__).parent / "static")
    return Starlette(
        routes=[
            Route("/", site.board),
            Route("/explain", site.explain),
            Route("/api/board.json", site.board_json),
            Route("/login", site.enter, methods=["POST"]),
            Route("/install/{source}", site.install, methods=["POST"]),
            Route("/hook/{source}/{secret}", site.hook, methods=["POST"]),
            Route("/healthz", site.healthz),
            Route("/readyz", site.readyz),
            Mount("/static", static),
        ],
        middleware=[Middleware(Gate, guard=guard, refuse=site.refuse)],
        exception_handlers={
            HTTPException: site.refused,
            StoreError: site.store_failed,
            Exception: site.failed,
        },
    )


class _Site:
    def __init__(
        self,
        reader: Reader,
        states: Callable[[], Sequence[SourceHealth]],
        guard: Guard,
        page: Page,
        take_installation: Callable[[str, Mapping[str, str]], int],
        take_hint: Callable[[str, str], bool],
    ) -> None:
        self.reader = reader
        self.states = states
        self.guard = guard
        self.page = page
        self.take_installation = take_installation
        self.take_hint = take_hint

    def board(self, request: Request) -> Response:
        board = self._read(request)
        known = {column.metric for column in board.columns} | {"name"}
        sort = request.query_params.get("sort", "")
        if sort not in known:
            sort = "revenue" if "revenue" in known else "name"
        order = request.query_params.get("order", "asc" if sort == "name" else "desc")
        return HTMLResponse(self.page.board(board, sort, ascending=order == "asc"))

    def explain(self, request: Request) -> Response:
        board = self._read(request)
        person, metric = (request.query_params.get(key, "") for key in ("manager", "metric"))
        if person != "team" and not (person.isascii() and person.isdigit() and len(person) < 10):
            raise HTTPException(404)
        manager_id = None if person == "team" else int(person)
        known = {None, *(row.manager_id for row in board.rows)}
        if manager_id not in known or metric not in board.links:
            raise HTTPException(404)
        found = self.reader.explain(manager_id, metric, board.month)
        return HTMLResponse(self.page.explanation(found, board))

    def board_json(self, request: Request) -> Response:
        return JSONResponse(board_json(self._read(request)))

    async def install(self, request: Request) -> Response:
        form = {**request.query_params, **await _form(request, _LONGEST_CALL, 100)}
        source = request.path_params["source"]
        status = await run_in_threadpool(self.take_installation, source, form)
        return JSONResponse({"installed": status == 200}, status)

    async def hook(self, request: Request) -> Response:
        """Answers at once and reads nothing of the body: a webhook is a hint, never truth."""
        place = request.path_params
        known = await run_in_threadpool(self.take_hint, place["source"], place["secret"])
        return JSONResponse({"heard": known}, 200 if known else 404)

    def healthz(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    def readyz(self, request: Request) -> Response:
        states = self.states()
        body = readiness(states, detailed=request.state.admitted)
        return JSONResponse(body, status_code=200 if is_ready(states) else 503)

    async def enter(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403)
        if not self.guard.accepts(await _form_value(request, "token")):
            _log.warning("web.login_refused")
            return HTMLResponse(self.page.login(refused=True), status_code=401)
        answer = RedirectResponse(".", status_code=303)
        answer.set_cookie(
            COOKIE,
            self.guard.session(),
            httponly=True,
            samesite="strict",
            secure=self.guard.secure,
            max_age=90 * 86_400,
        )
        return answer

    def refuse(self, connection: HTTPConnection, status: int) -> Response:
        if connection.url.path.startswith("/api/"):
            reason = "token required" if status == 401 else "unknown host"
            return JSONResponse({"error": reason}, status)
        if status == 401:
            return HTMLResponse(
                self.page.login(refused=False), 401, headers={"WWW-Authenticate": "Bearer"}
            )
        return HTMLResponse(self.page.error(status), status)

    def refused(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._error(request, status if status in (400, 403, 404, 405) else 400)

    def store_failed(self, request: Request, error: Exception) -> Response:
        _log.warning("web.store_unavailable", reason=str(error))
        return self._error(request, 503)

    def failed(self, request: Request, error: Exception) -> Response:
        _log.error("web.page_failed", path=request.url.path, exc_info=error)
        return self._error(request, 500)

    def _error(self, request: Request, status: int) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": self.page.text(f"error_{status}")}, status)
        return HTMLResponse(self.page.error(status), status)

    def _read(self, request: Request) -> Board:
        text = request.query_params.get("month")
        if text is None:
            return self.reader.board()
        try:
            month = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise HTTPException(400) from None
        board = self.reader.board() if month.year >= 2000 else None
        if board is None or month > board.today:
            raise HTTPException(404)
        return board if month == board.month else self.reader.board(month)


async def _form_value(request: Request, name: str) -> str:
    return (await _form(request, _LONGEST_FORM, 4)).get(name, "")


async def _form(request: Request, longest: int, most: int) -> dict[str, str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > longest:
            raise HTTPException(400)
    try:
        found = parse_qs(body.decode(errors="replace"), max_num_fields=most)
    except ValueError:
        raise HTTPException(400) from None
    return {name: values[0] for name, values in found.items()}
