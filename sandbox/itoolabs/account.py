"""An account: its key, its people, what it is like today, and its calls as the history tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.conversation import (
    BUSY,
    IN,
    INTERNAL,
    NO_ANSWER,
    OUT,
    ROBOT,
    UNAVAILABLE,
    VOICEMAIL,
    Conversation,
    Employee,
    Leg,
)
from sandbox.exchange import Exchange
from sandbox.moment import utc

Row = dict[str, Any]

_STATUS = {BUSY: "busy", NO_ANSWER: "noanswer", UNAVAILABLE: "notavailable", "": "cancel"}
_SPELLINGS = ("7{}", "8{}", "+7{}")


@dataclass
class Account:
    """`exports`: the history may be had at all. `most`: rows of an answer, silently; 0 = all.

    `statuses`: what to tell of a call instead of its status, by its id.
    """

    exchange: Exchange
    key: str = "demo-crm-key-0001"
    exports: bool = True
    most: int = 0
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    statuses: dict[int, str] = field(default_factory=dict)

    def users(self) -> list[Row]:
        """Everybody with a login, as GET /users lists them."""
        return [_user(one) for one in self.exchange.employees.values()]

    def domain(self) -> Row:
        """GET /domain; the minutes of a zone are counted westward."""
        offset = utc(self.exchange.now()).astimezone(self.zone).utcoffset()
        minutes = -int(offset.total_seconds() // 60) if offset is not None else 0
        return {"name": "example", "timezone": {"name": str(self.zone), "offset": minutes}}

    def history(self, begin: float, end: float) -> list[Row]:
        """The rows of calls that began between two moments, both included, the oldest first."""
        rows = [row for call in self.exchange.ended(begin, end + 1) for row in self._rows(call)]
        return rows[: self.most] if self.most else rows

    def _rows(self, call: Conversation) -> Iterator[Row]:
        if call.kind == ROBOT:
            return
        for number, row in enumerate(self._told(call)):
            status = self.statuses.get(call.id) if number == 0 else None
            yield row | {"status": status} if status else row

    def _told(self, call: Conversation) -> Iterator[Row]:
        if call.direction == INTERNAL:
            client = call.legs[1].extension
            yield self._row(call, call.legs[0], call.started_at) | {"type": OUT, "client": client}
            return
        first = _first(call)
        yield self._row(call, first, call.started_at)
        if first is not None:
            for leg in call.legs[call.legs.index(first) + 1 :]:
                if leg.transfer:
                    yield self._row(call, leg, leg.rang_at)

    def _row(self, call: Conversation, leg: Leg | None, start: float) -> Row:
        """One row: `duration` only after an answer, `user` only where one person was rung."""
        answered_at = None if leg is None else leg.answered_at
        unanswered = leg.ended_at if leg is not None and leg.transfer else call.ended_at
        until = unanswered if answered_at is None else answered_at
        row: Row = {
            "start": _iso(start),
            "uid": uid_of(call),
            "type": call.direction,
            "status": _status(call, answered_at is not None),
            "client": _spelled(call),
            "diversion": call.line,
            "destination": "vm" if call.kind == VOICEMAIL else "",
            "wait": int(until) - int(start),
        }
        queue = next((each.queue for each in call.legs if each.queue), "")
        if queue:
            row["group_name"] = queue
        if leg is not None:
            row |= _person(self.exchange.employees[leg.extension])
            if leg.answered_at is not None:
                row["duration"] = leg.talk_s
                row["record"] = f"https://records.example/{row['uid']}.mp3"
        return row


def moment_of(text: str) -> float | None:
    """A parameter like 20261120T000000Z, or with dashes; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None


def uid_of(call: Conversation) -> str:
    """What a call is called."""
    return f"{_day(call.started_at)}-{call.id:06d}"


def login_of(employee: Employee) -> str:
    """What somebody is called in calls: the name of their address."""
    return employee.email.partition("@")[0]


def _first(call: Conversation) -> Leg | None:
    """Whose row the call's first one is: who talked first, else the one person rung."""
    legs: Sequence[Leg] = call.legs
    if call.direction == OUT:
        return legs[0]
    talked = next((leg for leg in legs if leg.answered_at is not None), None)
    if talked is None and len({leg.extension for leg in legs}) == 1:
        return legs[0]
    return talked


def _status(call: Conversation, answered: bool) -> str:
    if answered:
        return "success"
    return "missed" if call.direction == IN else _STATUS[call.result]


def _spelled(call: Conversation) -> str:
    """A number as people and lines write it: with 7, 8 or +7 before it; "" when it is hidden."""
    if not call.client.startswith("7") or len(call.client) != 11:
        return call.client
    return _SPELLINGS[call.id % len(_SPELLINGS)].format(call.client[1:])


def _person(employee: Employee) -> Row:
    return {"user": login_of(employee), "user_name": employee.name}


def _user(employee: Employee) -> Row:
    return {
        "login": login_of(employee),
        "name": employee.name,
        "email": employee.email,
        "ext": employee.extension,
        "telnum": "",
        "role": "user",
        "status": "online" if employee.active else "offline",
    }


def _iso(at: float) -> str:
    return utc(int(at)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(at: float) -> str:
    return utc(at).strftime("%Y%m%d")
