"""Telephony statistics: one row a leg, numbered in the order in which legs ended."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.bitrix24.field import Field, by_upper, constant
from sandbox.bitrix24.listing import Query, span
from sandbox.moment import iso

FRESH = 0
REASONS = {
    "200": "Success call",
    "304": "Skipped call",
    "403": "Forbidden",
    "404": "Not found",
    "480": "Temporarily not available",
    "486": "Busy",
    "503": "Service unavailable",
    "603": "Decline",
    "603-S": "Decline self",
}


@dataclass(slots=True)
class Leg:
    """One row to be written. `session` 0 = a fresh one shared by the legs given together.

    `start` and `end` are aware moments; by default the leg has just ended. A leg that ends
    later than the portal's clock appears when the clock gets there. `lead`: with whose client;
    `contact`: with whom.
    """

    user: int
    type: int = 2
    duration: int = 0
    code: str = "200"
    start: datetime | None = None
    end: datetime | None = None
    session: int | None = FRESH
    external: str | None = None
    phone: str = "+74951234567"
    category: str = "external"
    vote: int | None = None
    lead: int = 0
    contact: int = 0


class Call:
    """A row of statistics; `start` and `end` in seconds, `end` = when the row appeared."""

    __slots__ = (
        "category", "code", "contact", "duration", "end", "external", "id", "lead", "phone",
        "session", "start", "type", "user", "vote",
    )  # fmt: skip

    def __init__(
        self, user: int, kind: int, start: float, end: float, duration: int, code: str, phone: str
    ) -> None:
        self.id = 0
        self.user = user
        self.type = kind
        self.start = start
        self.end = end
        self.duration = duration
        self.code = code
        self.phone = phone
        self.session: int | None = None
        self.external: str | None = None
        self.category = "external"
        self.vote: int | None = None
        self.lead = self.contact = 0

    @property
    def client(self) -> tuple[str, int]:
        """The record that the portal links it to: its type and id."""
        if self.lead:
            return "LEAD", self.lead
        return ("CONTACT", self.contact) if self.contact else ("COMPANY", _company(self.phone))

    @property
    def call_id(self) -> str:
        """The provider's name of the leg."""
        return f"{self.id * 2654435761 % 2**48:012X}.{int(self.start)}.{self.id}"


class Calls:
    """Rows by ascending id, which is the order of their appearance."""

    id_field = "ID"
    time_field = "CALL_START_DATE"

    def __init__(self) -> None:
        self.every: list[Call] = []
        self._ids = array("q")
        self._ends = array("d")
        self._last_session = 3841557000

    def append(self, call: Call, gap: int = 1) -> int:
        """Give a finished leg its id; appearance never runs backwards."""
        if self._ends:
            call.end = max(call.end, self._ends[-1])
        call.id = (self._ids[-1] if self._ids else 0) + gap
        self.every.append(call)
        self._ids.append(call.id)
        self._ends.append(call.end)
        return call.id

    def fresh_session(self) -> int:
        """A session number that no call has yet."""
        self._last_session += 7
        return self._last_session

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[Call]:
        """Rows within the bounds; no row that began later can have appeared earlier."""
        low, high = self._bounds(query)
        every = self.every
        return (every[index] for index in span(low, high, falling))

    def count(self, query: Query) -> int | None:
        """How many rows lie within the id bounds."""
        low, high = self._bounds(query)
        return max(0, high - low)

    def _bounds(self, query: Query) -> tuple[int, int]:
        low = bisect_left(self._ids, query.lower)
        if query.since is not None:
            low = max(low, bisect_left(self._ends, query.since))
        if query.upper is None:
            return low, len(self._ids)
        return low, bisect_left(self._ids, query.upper + 1)


def show_call(call: Call) -> dict[str, Any]:
    """A row of voximplant.statistic.get, strings and nulls as documented."""
    talked = call.duration > 0 and call.code == "200"
    return {
        "ID": str(call.id),
        "PORTAL_USER_ID": str(call.user),
        "PORTAL_NUMBER": "reg133788",
        "PHONE_NUMBER": call.phone,
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external,
        "CALL_CATEGORY": call.category,
        "CALL_LOG": None,
        "CALL_DURATION": str(call.duration),
        "CALL_START_DATE": iso(call.start),
        "CALL_RECORD_URL": "",
        "CALL_VOTE": None if call.vote is None else str(call.vote),
        "COST": "0.0000",
        "COST_CURRENCY": "RUR",
        "CALL_FAILED_CODE": call.code,
        "CALL_FAILED_REASON": REASONS.get(call.code, ""),
        "CRM_ENTITY_TYPE": call.client[0],
        "CRM_ENTITY_ID": str(call.client[1]),
        "CRM_ACTIVITY_ID": str(5000 + call.id),
        "REST_APP_ID": None,
        "REST_APP_NAME": None,
        "TRANSCRIPT_ID": None,
        "TRANSCRIPT_PENDING": "N",
        "SESSION_ID": None if call.session is None else str(call.session),
        "REDIAL_ATTEMPT": None,
        "COMMENT": None,
        "RECORD_DURATION": str(call.duration) if talked else None,
        "RECORD_FILE_ID": 9000 + call.id if talked else None,
        "CALL_TYPE": str(call.type),
    }


def _company(phone: str) -> int:
    return 1 + int(phone[-4:]) % 97 if phone[-4:].isdigit() else 0


def _column(name: str, kind: str, attribute: str) -> Field:
    return Field(name, name, kind, lambda call: getattr(call, attribute))


CALL_FIELDS = by_upper(
    (
        _column("ID", "integer", "id"),
        _column("CALL_ID", "string", "call_id"),
        _column("EXTERNAL_CALL_ID", "string", "external"),
        _column("CALL_CATEGORY", "string", "category"),
        _column("PORTAL_USER_ID", "integer", "user"),
        Field("PORTAL_NUMBER", "PORTAL_NUMBER", "string", constant("reg133788")),
        _column("PHONE_NUMBER", "string", "phone"),
        _column("CALL_TYPE", "integer", "type"),
        _column("CALL_DURATION", "integer", "duration"),
        Field("CALL_START_DATE", "CALL_START_DATE", "datetime", lambda call: int(call.start)),
        _column("CALL_VOTE", "integer", "vote"),
        _column("CALL_FAILED_CODE", "string", "code"),
        _column("SESSION_ID", "integer", "session"),
    )
)
