"""The portal as an ASGI application: the REST door, its faults, and the sandbox's controls."""

from collections.abc import Callable
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.bitrix24.envelope import ApiError
from sandbox.bitrix24.limit import Limits
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.rest import Answer, Request, Rest, canonical, read_params, refusal
from sandbox.bitrix24.truth import truth
from sandbox.control import Control, json_response, read_json
from sandbox.door import HTML, Door, Knock, Reply
from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.wire import Broken

_TOKENS = "oauth.token"
"""How requests for tokens are called in the log and in faults."""


def build_app(portal: Portal, limits: Limits, faults: Faults, journal: Journal) -> Starlette:
    """Assemble the application of one portal."""
    desk = _Desk(Rest(portal, limits, faults), faults, journal)
    control = Control(faults, journal, partial(truth, portal), portal.live_step)
    rest = "/rest/{user}/{code}/{method:path}"
    return Starlette(
        routes=[
            Route(rest, desk.call, methods=["GET", "POST"]),
            Route("/rest/{method}", desk.call, methods=["GET", "POST"]),
            Route("/oauth/authorize/", desk.consent),
            Route("/oauth/token/", desk.token),
            Route("/_sandbox/oauth", desk.switch, methods=["GET", "POST"]),
            *control.routes(),
        ]
    )


class _Desk:
    def __init__(self, rest: Rest, faults: Faults, journal: Journal) -> None:
        self._portal = rest.portal
        self._rest = rest
        self._door = Door(faults, journal, rest.portal.clock, _refusal)

    async def call(self, http: HttpRequest) -> Response | Broken:
        """Answer one REST request, or fail it as the switches say."""
        request = await _read(http)
        if self._portal.oauth.moved_to not in ("", http.headers.get("host", "")):
            return self._moved(http, request)
        return await self._serve(http, request, self._rest.answer)

    async def token(self, http: HttpRequest) -> Response | Broken:
        """Answer one request for tokens, or fail it as the switches say."""
        params = read_params(http.url.query, "", b"")
        request = Request("", "", _TOKENS, params, http.client.host if http.client else "")
        origin = str(http.base_url).rstrip("/")
        return await self._serve(http, request, lambda one: self._rest.token(one.params, origin))

    async def consent(self, http: HttpRequest) -> Response:
        """The page on which a person agrees: here everybody does, at once."""
        asked, oauth = http.query_params, self._portal.oauth
        try:
            place = oauth.consent(
                asked.get("client_id", ""),
                asked.get("state", ""),
                str(http.base_url).rstrip("/"),
                self._portal.access.scopes,
            )
        except ApiError as error:
            page = HTML.format(error.description)
            return Response(page, error.status, media_type="text/html; charset=utf-8")
        return Response(b"", 302, {"Location": place})

    async def switch(self, http: HttpRequest) -> Response:
        """GET tells what the portal posts at an installation; POST {do, to} changes the login."""
        oauth = self._portal.oauth
        if http.method == "GET":
            return json_response(oauth.install_form(str(http.base_url).rstrip("/")))
        sent = await read_json(http)
        try:
            oauth.switch(str(sent.get("do", "")), str(sent.get("to", "")))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
        return json_response({"done": sent["do"]})

    def _moved(self, http: HttpRequest, request: Request) -> Response:
        place = http.url.replace(netloc=self._portal.oauth.moved_to)
        self._door.note(Knock(request.method, request.commands), 302, "moved")
        return Response(b"", 302, {"Location": str(place)})

    async def _serve(
        self, http: HttpRequest, request: Request, serve: Callable[[Request], Answer]
    ) -> Response | Broken:
        knock = Knock(request.method, request.commands)
        latency_s = self._rest.limits.latency_s
        return await self._door.answer(http, knock, lambda: _reply(serve(request)), latency_s)


async def _read(http: HttpRequest) -> Request:
    parts = http.path_params
    params = read_params(http.url.query, http.headers.get("content-type", ""), await http.body())
    address = http.client.host if http.client else ""
    user, code = parts.get("user", ""), parts.get("code", "")
    return Request(user, code, canonical(parts["method"]), params, address)


def _reply(answer: Answer) -> Reply:
    return Reply(answer.status, msgspec.json.encode(answer.body), error=answer.error)


def _refusal(kind: str) -> Reply:
    """The portal's own error behind a fault's name."""
    error = refusal(kind)
    return _reply(Answer(error.status, error.body()))
