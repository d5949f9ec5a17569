"""What vendors that are asked by GET do alike: limits by the minute, then an answer or an error."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Generic

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
from sandbox.minute_limit import Count, MinuteLimits
from sandbox.moment import http_date
from sandbox.telephone_box import AccountT
from sandbox.wire import Broken

_REFUSALS = {"429": 429, "500": 500, "503": 503, "expired": 401}


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Desk(ABC, Generic[AccountT]):
    """`messages`: what an error is called, by status. `busy`: headers of a fault's 429."""

    messages: ClassVar[Mapping[int, str]]
    busy: ClassVar[Mapping[str, str]]

    def __init__(
        self, account: AccountT, limits: MinuteLimits, faults: Faults, journal: Journal
    ) -> None:  # fmt: skip
        exchange = account.exchange
        truth = partial(exchange_truth, exchange)
        self.account = account
        self._limits = limits
        self._door = Door(faults, journal, exchange.clock, self._fault)
        self._control = Control(faults, journal, truth, exchange.live_step)

    def app(self, folder: str) -> Starlette:
        """The application: whatever is under a folder, and the sandbox's controls."""
        api = Route(f"/{folder}/{{path:path}}", self._api, methods=["GET"])
        return Starlette(routes=[*self._control.routes(), api])

    @abstractmethod
    def kind_of(self, path: str) -> str:
        """What a request is counted as."""

    @abstractmethod
    def limit_headers(self, count: Count) -> Mapping[str, str]:
        """What an answer tells of the limit."""

    @abstractmethod
    def call(self, http: HttpRequest, path: str) -> Any:
        """The answer to a request, or Refused."""

    @abstractmethod
    def error_body(self, text: str) -> dict[str, Any]:
        """An error as the vendor tells it."""

    async def _api(self, http: HttpRequest) -> Response | Broken:
        path = http.path_params["path"].strip("/")
        return await self._door.answer(
            http, Knock(f"GET {path}"), lambda: self._reply(http, path), self._limits.latency_s
        )

    def _reply(self, http: HttpRequest, path: str) -> Reply:
        exchange = self.account.exchange
        with exchange.lock:
            count = self._limits.hit(self.kind_of(path))
            headers = self.limit_headers(count)
            if count.refused:
                return self._refused(429, headers)
            try:
                body = msgspec.json.encode(self.call(http, path))
            except Refused as error:
                return self._refused(error.status, headers)
            return Reply(200, body, date=http_date(exchange.clock()), headers=headers)

    def _fault(self, kind: str) -> Reply:
        """The account's own error behind a fault's name."""
        return self._refused(_REFUSALS[kind], self.busy if kind == "429" else {})

    def _refused(self, status: int, headers: Mapping[str, str]) -> Reply:
        text = self.messages[status]
        body = msgspec.json.encode(self.error_body(text))
        date = http_date(self.account.exchange.clock())
        return Reply(status, body, error=text, date=date, headers=headers)
