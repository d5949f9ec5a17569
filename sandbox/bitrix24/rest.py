"""One request from its address to its answer: login, limits, the method or a batch of them."""

from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.bitrix24.batch import command_names, run_batch
from sandbox.bitrix24.envelope import ApiError, Reply, Stopwatch, success
from sandbox.bitrix24.limit import Limits
from sandbox.bitrix24.method import Call
from sandbox.bitrix24.methods import METHODS
from sandbox.bitrix24.portal import Portal
from sandbox.fault import Faults
from sandbox.php import Params, parse_query

_BY_CASE = {name.casefold(): (name, method) for name, method in METHODS.items()}
_CANONICAL = {name.casefold(): name for name in (*METHODS, "batch")}


@dataclass(frozen=True, slots=True)
class Request:
    """What came in: the path's parts, the parameters, and the sender's address.

    No user and no code: an application's request, whose parameter `auth` is an access token.
    """

    user: str
    code: str
    method: str
    params: Params
    address: str

    @property
    def commands(self) -> list[str]:
        """The inner methods of a batch by their documented names; else empty."""
        if self.method != "batch":
            return []
        return [canonical(name) for name in command_names(self.params)]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: dict[str, Any]

    @property
    def error(self) -> str | int | None:
        """The error code; None in a success."""
        return self.body.get("error")


class Rest:
    """The portal's REST door."""

    def __init__(self, portal: Portal, limits: Limits, faults: Faults) -> None:
        self.portal = portal
        self.limits = limits
        self._faults = faults

    def answer(self, request: Request) -> Answer:
        """Run a request against the portal, one at a time."""
        with self.portal.lock:
            watch = Stopwatch(self.portal.clock)
            try:
                self.limits.hit(request.address)
                self._login(request)
                self.portal.settle()
                reply, time = self._run(request, watch)
            except ApiError as error:
                return Answer(error.status, error.body())
            return Answer(200, success(reply, time))

    def token(self, params: Params, origin: str) -> Answer:
        """A pair of tokens from the authorisation server, which has no envelope of its own."""
        access = self.portal.access
        with self.portal.lock:
            try:
                found = self.portal.oauth.token(params, origin, access.scopes, access.user)
            except ApiError as error:
                return Answer(error.status, error.body())
        return Answer(200, found)

    def _login(self, request: Request) -> None:
        access = self.portal.access
        access.by_app = not request.code
        if access.by_app:
            self.portal.oauth.login(str(request.params.pop("auth", "")))
        else:
            access.login(request.user, request.code)

    def _run(self, request: Request, watch: Stopwatch) -> tuple[Reply, dict[str, Any]]:
        if request.method != "batch":
            return self._call(request.method, request.params, watch)
        reply = run_batch(request.params, self._command)
        return reply, watch.read(0.0, self.limits.reset_at("batch"))

    def _command(self, method: str, params: Params) -> tuple[Reply, dict[str, Any]]:
        kind = self._faults.command_fault(canonical(method))
        if kind is not None:
            raise refusal(kind)
        return self._call(method, params, Stopwatch(self.portal.clock))

    def _call(self, method: str, params: Params, watch: Stopwatch) -> tuple[Reply, dict[str, Any]]:
        known = _BY_CASE.get(_bare(method))
        if known is None:
            raise ApiError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
        name, found = known
        self.portal.access.need(found.scopes)
        self.limits.begin(name)
        reply = found.run(Call(self.portal, params))
        self.limits.spend(name)
        return reply, watch.read(self.limits.operating(name), self.limits.reset_at(name))


def canonical(method: str) -> str:
    """The documented spelling of a method's name, without `.json`."""
    return _CANONICAL.get(_bare(method), method)


def read_params(query: str, content_type: str, body: bytes) -> Params:
    """Parameters of the address and of the body; JSON or form, the body wins."""
    params = parse_query(query)
    if not body.strip():
        return params
    if "json" in content_type:
        try:
            sent = msgspec.json.decode(body)
        except msgspec.DecodeError:
            sent = {}
        return params | (sent if isinstance(sent, dict) else {})
    return params | parse_query(body.decode("utf-8", "replace"))


def refusal(kind: str) -> ApiError:
    """The portal's own error behind a fault's name."""
    return {
        "503": ApiError(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
        "429": ApiError(
            429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit"
        ),
        "500": ApiError(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
        "expired": ApiError(401, "expired_token", "The access token provided has expired"),
    }[kind]


def _bare(method: str) -> str:
    return method.casefold().removesuffix(".json")
