"""The account as an ASGI application: API v4, the token endpoint, and the sandbox's controls."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.amocrm.account import Account
from sandbox.amocrm.call import Answer, Call
from sandbox.amocrm.limit import Limits
from sandbox.amocrm.problem import Problem, broken, problem
from sandbox.amocrm.route import ROUTES, find_route, known_address
from sandbox.amocrm.truth import truth
from sandbox.control import Control
from sandbox.door import Door, Knock, Reply
from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.moment import http_date
from sandbox.php import parse_query
from sandbox.wire import Broken

_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_JSON = "application/json"


def build_app(account: Account, limits: Limits, faults: Faults, journal: Journal) -> Starlette:
    """Assemble the application of one account."""
    desk = _Desk(account, limits, Door(faults, journal, account.clock, partial(_refusal, account)))
    control = Control(faults, journal, partial(truth, account), account.live_step)
    return Starlette(
        routes=[
            *control.routes(),
            Route("/oauth", desk.consent, methods=["GET"]),
            Route("/oauth2/access_token", desk.token, methods=["POST"]),
            Route("/oauth2/account/current/subdomain", desk.subdomain, methods=["GET"]),
            Route("/api/v4/{path:path}", desk.api, methods=_METHODS),
        ]
    )


class _Desk:
    def __init__(self, account: Account, limits: Limits, door: Door) -> None:
        self._account = account
        self._limits = limits
        self._door = door

    async def api(self, http: HttpRequest) -> Response | Broken:
        """Answer one request of API v4."""
        path = http.path_params["path"].strip("/")
        found = find_route(http.method, path)
        name = found[0] if found else f"{http.method} {path}"
        body = await http.body()
        return await self._door.answer(
            http,
            Knock(name),
            lambda: self._run(lambda: self._call(http, found, body)),
            self._limits.latency_s,
        )

    async def token(self, http: HttpRequest) -> Response | Broken:
        """The code or the refresh token for a new pair; JSON, or a form."""
        body = await http.body()
        sent = _decode(body)
        if not isinstance(sent, dict):
            sent = parse_query(body.decode("utf-8", "replace"))

        def exchange() -> Answer:
            return Answer(200, self._account.access.exchange(sent, self._account.now()), _JSON)

        name = "POST oauth2/access_token"
        return await self._door.answer(http, Knock(name), lambda: self._run(exchange))

    async def subdomain(self, http: HttpRequest) -> Response | Broken:
        """What the account is called today, for who has a good refresh token."""

        def tell() -> Answer:
            account = self._account
            if not account.access.knows_refresh(
                http.headers.get("x-refresh-token", ""), account.now()
            ):
                raise problem(401, "Invalid user name or password")
            domain = f"{account.subdomain}.amocrm.ru"
            body = {"id": account.id, "subdomain": account.subdomain, "domain": domain}
            return Answer(200, body | {"top_level_domain": "ru"}, _JSON)

        name = "GET oauth2/account/current/subdomain"
        return await self._door.answer(http, Knock(name), lambda: self._run(tell))

    async def consent(self, http: HttpRequest) -> Response:
        """The administrator agrees at once: back to the integration, with the code."""
        access = self._account.access
        asked = http.query_params
        if asked.get("client_id") != access.client_id:
            return Response(b"", 400)
        query = {
            "code": access.authorize(self._account.now()),
            "referer": urlsplit(str(http.base_url)).netloc,
            "state": asked.get("state", ""),
            "client_id": access.client_id,
            "platform": "1",
        }
        return Response(b"", 302, {"Location": f"{access.redirect_uri}?{urlencode(query)}"})

    def _call(self, http: HttpRequest, found: Any, body: bytes) -> Answer:
        account = self._account
        user = account.access.login(http.headers.get("authorization", ""), account.now())
        account.settle()
        if found is None:
            known = known_address(http.path_params["path"].strip("/"))
            raise problem(405 if known else 404, f"Cannot {http.method} {http.url.path}")
        name, places = found
        base = f"{http.url.scheme}://{http.url.netloc}"
        params = parse_query(http.url.query)
        call = Call(
            account, base, http.url.path, http.url.query, places, params, _decode(body), user
        )
        return ROUTES[name](call)

    def _run(self, answer: Callable[[], Answer]) -> Reply:
        """One request at a time, limits first, refusals in their documented shapes."""
        with self._account.lock:
            try:
                self._limits.hit()
                return _reply(self._account, answer())
            except Problem as error:
                return _refused(self._account, error)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body.strip() else None
    except msgspec.DecodeError:
        return None


def _reply(account: Account, answer: Answer) -> Reply:
    body = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return Reply(answer.status, body, answer.content_type, None, http_date(account.clock()))


def _refused(account: Account, error: Problem) -> Reply:
    body = error.body.encode() if isinstance(error.body, str) else msgspec.json.encode(error.body)
    return Reply(error.status, body, error.content_type, error.error, http_date(account.clock()))


def _refusal(account: Account, kind: str) -> Reply:
    """The account's own error behind a fault's name."""
    text = "You have sent too many requests in a given amount of time. Please try again later."
    problems = {
        "429": problem(429, text, retry_after=1),
        "500": broken(),
        "503": problem(503, "Service Unavailable"),
        "expired": problem(401, "Invalid user name or password"),
    }
    return _refused(account, problems[kind])
