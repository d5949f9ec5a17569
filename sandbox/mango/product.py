"""One exchange as a product: who may ask, the lock after a wrong request, reports in the making."""

import base64
import hashlib
import json
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from sandbox.conversation import Conversation
from sandbox.exchange import Exchange
from sandbox.mango.span import read_span
from sandbox.mango.view import show_call, show_report, show_users

LOCK_S = 120.0
KEPT_S = 60.0
"""Seconds that a finished report is kept at least, and here at most."""

WRONG, WRONG_SIGN, DONE = 3100, 3101, 1000
_LIMITS = (1, 5, 10, 20, 50, 100, 500, 1000, 2000, 5000)
Json = dict[str, Any]
UNAUTHORIZED: Json = {"name": "Unauthorized", "code": 0, "status": 401}
NOT_FOUND: Json = {"name": "Not Found", "code": 0, "status": 404}


class Refusal(Exception):
    """An answer that is not what was asked for."""

    def __init__(self, status: int, body: Json | None) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = body


@dataclass(slots=True)
class Order:
    """A report in the making; it shows what was known at `ready_at` (seconds)."""

    begin: float
    end: float
    limit: int
    offset: int
    made_at: float
    ready_at: float
    found: list[Conversation] | None = None


@dataclass
class Product:
    """The exchange's key and salt, and switches for tests.

    `lost` and `failed`: so many of the next reports vanish, or cannot be made. `longest_s`: a
    longer span is refused. `ignored`: requests that came while the account was locked. `shift_s`:
    by how much the dates of orders are understood otherwise.
    """

    exchange: Exchange
    rng: random.Random
    key: str = ""
    salt: str = ""
    lost: int = 0
    failed: int = 0
    longest_s: float = 31 * 86_400.0
    shift_s: float = 0.0
    ignored: int = 0
    with_ids: bool = True
    locked_until: float = float("-inf")
    orders: dict[str, Order] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = self.key or f"{self.rng.getrandbits(128):032x}"
        self.salt = self.salt or f"{self.rng.getrandbits(128):032x}"

    def lock(self) -> None:
        """Refuse everything for two minutes."""
        self.locked_until = self.exchange.now() + LOCK_S

    def open(self, body: bytes) -> Json:
        """The signed JSON of a request; a wrong one locks the account."""
        if self.exchange.now() < self.locked_until:
            self.ignored += 1
            raise Refusal(401, UNAUTHORIZED)
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        key, sign, text = (form.get(name, [""])[0] for name in ("vpbx_api_key", "sign", "json"))
        whole = f"{self.key}{text}{self.salt}"
        if key != self.key or sign != hashlib.sha256(whole.encode()).hexdigest():
            raise self.wrong(WRONG_SIGN)
        try:
            sent = json.loads(text)
        except ValueError:
            raise self.wrong() from None
        return sent if isinstance(sent, dict) else {}

    def wrong(self, code: int = WRONG) -> Refusal:
        """A wrong request: told in the body of an answer, then the account is locked."""
        self.lock()
        return Refusal(200, {"result": code})

    def users(self, sent: Json) -> Json:
        """config/users/request: those who work now; ids only when asked for."""
        asked = "general.user_id" in (sent.get("ext_fields") or ())
        return show_users(self.exchange, with_ids=asked and self.with_ids)

    def order(self, sent: Json) -> Json:
        """stats/calls/request: a key to ask for the report with."""
        begin, end = read_span(sent.get("start_date")), read_span(sent.get("end_date"))
        limit, offset = (_number(sent.get(name, 0)) for name in ("limit", "offset"))
        if begin is None or end is None or limit not in _LIMITS or offset is None or offset < 0:
            raise self.wrong()
        if end < begin or end - begin > self.longest_s:
            raise self.wrong()
        key = base64.b64encode(self.rng.randbytes(16)).decode()
        now = self.exchange.now()
        span = (begin + self.shift_s, end + self.shift_s)
        self.orders[key] = Order(*span, limit, offset, now, now + self.rng.uniform(2, 6))
        return {"key": key}

    def result(self, sent: Json) -> Json:
        """stats/calls/result: how far the report is, or the report."""
        order = self.orders.get(str(sent.get("key")))
        now = self.exchange.now()
        if order is None or now > order.ready_at + KEPT_S:
            raise Refusal(404, NOT_FOUND)
        if now < order.ready_at:
            return {"result": DONE, "status": "request" if now < order.made_at + 1 else "work"}
        if self.lost > 0:
            self.lost -= 1
            return {"result": DONE, "status": "not-found"}
        if self.failed > 0:
            self.failed -= 1
            return {"result": DONE, "status": "error"}
        return {"result": DONE, "status": "complete", "data": self._report(order)}

    def _report(self, order: Order) -> list[Json]:
        if order.found is None:
            # The newest first; the span holds its last second too.
            order.found = self.exchange.ended(order.begin, order.end + 1)[::-1]
        shown = order.found[order.offset : order.offset + order.limit]
        return show_report([show_call(self.exchange, each) for each in shown], order)


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdecimal() else None
