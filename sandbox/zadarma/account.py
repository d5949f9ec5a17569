"""An account: its key, its zone, what it is like today, and its calls as the report tells."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
    Leg,
)
from sandbox.exchange import Exchange
from sandbox.moment import LOCAL, local

Row = dict[str, Any]

_DISPOSITION = {BUSY: "busy", NO_ANSWER: "no answer", UNAVAILABLE: "failed", "": "cancel"}


@dataclass
class Account:
    """`cut_days`: longer windows are cut silently; `keeps_end`: to their last days.

    `dispositions`: what to tell of a call instead of its own, by its id.
    """

    exchange: Exchange
    key: str = "demo-user-key-0001"
    secret: str = "demo-secret-0001"  # noqa: S105
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    cut_days: float = 30
    keeps_end: bool = True
    dispositions: dict[int, str] = field(default_factory=dict)

    def cut(self, begins: datetime, ends: datetime) -> tuple[datetime, datetime]:
        """The window that is answered for, of the one asked for; nobody tells of the difference."""
        longest = timedelta(days=self.cut_days)
        if ends - begins <= longest:
            return begins, ends
        return (ends - longest, ends) if self.keeps_end else (begins, begins + longest)

    def rows(self, begins: datetime, ends: datetime) -> list[Row]:
        """The rows that began between two moments of the wall clock, both included."""
        first, last = self._seconds(begins), self._seconds(ends)
        # Rows of a call begin up to hours after it.
        calls = self.exchange.ended(first - 86_400, last + 1)
        rows = [row for call in calls if call.kind != ROBOT for row in self.told(call)]
        found = [row for row in rows if first <= row["began"] <= last]
        ordered = sorted(found, key=lambda row: (row["began"], row["call_id"]))
        return [{name: row[name] for name in row if name != "began"} for row in ordered]

    def shown(self, at: float) -> str:
        """A moment as the account's clock shows it."""
        return local(at, self.zone)

    def timezone(self) -> Row:
        """GET /v1/info/timezone/."""
        now = int(self.exchange.now())
        offset = datetime.fromtimestamp(now, self.zone).utcoffset() or timedelta(0)
        hours = offset.total_seconds() / 3600
        return {"unixtime": now, "datetime": self.shown(now), "timezone": f"UTC{hours:+g}"}

    def _seconds(self, shown: datetime) -> float:
        return shown.replace(tzinfo=self.zone).timestamp()

    def told(self, call: Conversation) -> Iterator[Row]:
        """The rows of a call, each with the moment when it `began`."""
        rows = list(self._legs(call))
        if call.id in self.dispositions:
            rows[0]["disposition"] = self.dispositions[call.id]
        for number, row in enumerate(rows):
            yield {"call_id": f"{int(row['began'])}.{call.id * 10 + number}"} | row

    def _legs(self, call: Conversation) -> Iterator[Row]:
        if call.direction == INTERNAL:
            caller, called = call.legs
            yield self._row(call, caller, caller.extension, called.extension, caller.extension)
            return
        client = _client(call)
        if call.direction == OUT:
            for leg in call.legs:
                number: Any = int(call.client) if call.id % 3 == 0 else call.client
                yield self._row(call, leg, leg.extension, number, leg.extension)
            return
        menu_until = call.legs[0].rang_at if call.legs else call.ended_at
        if menu_until > call.started_at:
            yield self._machine(call, call.started_at, menu_until, call.line)
        for leg in call.legs:
            if leg.transfer == "attended":
                yield self._consult(call, leg)
                leg = _joined(leg)
            rung: Any = int(leg.extension) if call.id % 2 else leg.extension
            yield self._row(call, leg, call.line, rung, client)
        if call.kind == VOICEMAIL:
            yield self._machine(call, call.legs[-1].ended_at, call.ended_at, "voicemail")

    def _row(self, call: Conversation, leg: Leg, sip: str, called: Any, clid: str) -> Row:
        answered = leg.answered_at is not None
        missed = "no answer" if call.direction == IN else _DISPOSITION[call.result]
        return {
            "began": leg.rang_at,
            "sip": sip,
            "callstart": self.shown(leg.rang_at),
            "clid": clid,
            "destination": called,
            "disposition": "answered" if answered else missed,
            "seconds": leg.talk_s,
            "is_recorded": "true" if answered else "false",
            "pbx_call_id": f"{'in' if call.direction == IN else 'out'}_{call.id:06x}",
        }

    def _machine(self, call: Conversation, begin: float, end: float, called: str) -> Row:
        """The menu or the mailbox: answered, and nobody of ours talks."""
        leg = Leg("", begin, begin, end)
        return self._row(call, leg, call.line, called, _client(call))

    def _consult(self, call: Conversation, leg: Leg) -> Row:
        """A colleague is asked first: a row of the call, though the client hears music."""
        asked = Leg(leg.extension, leg.rang_at, leg.rang_at, leg.answered_at or leg.ended_at)
        caller = call.legs[0].extension
        return self._row(call, asked, caller, leg.extension, caller)


def _joined(leg: Leg) -> Leg:
    """The talk with the client, from when the one who asked had left."""
    begin = leg.answered_at or leg.ended_at
    return Leg(leg.extension, begin, leg.answered_at, leg.ended_at)


def _client(call: Conversation) -> str:
    """Bare, or behind a name in brackets; a hidden number is a word."""
    if not call.client:
        return "Anonymous"
    return f"Клиент 5 <{call.client}>" if call.id % 4 == 0 else call.client


def moment_of(text: str) -> datetime | None:
    """A naive moment of a parameter; None for anything else."""
    try:
        return datetime.strptime(text, LOCAL)  # noqa: DTZ007
    except ValueError:
        return None
