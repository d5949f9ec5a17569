"""The books of an Asterisk that served the exchange's calls: cdr, cel and queue_log."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox.conversation import (
    ATTENDED,
    BLIND,
    IN,
    INTERNAL,
    IVR,
    ROBOT,
    UNAVAILABLE,
    VOICEMAIL,
    Conversation,
    Leg,
)

CDR_TABLE = """CREATE TABLE cdr (
calldate TIMESTAMP NOT NULL, clid VARCHAR(80), src VARCHAR(80), dst VARCHAR(80),
dcontext VARCHAR(80), channel VARCHAR(80), dstchannel VARCHAR(80), lastapp VARCHAR(80),
lastdata VARCHAR(80), duration INTEGER, billsec INTEGER, disposition VARCHAR(45),
uniqueid VARCHAR(32), linkedid VARCHAR(32), did VARCHAR(50), sequence INTEGER)"""
CEL_TABLE = """CREATE TABLE cel (
id INTEGER PRIMARY KEY, eventtype VARCHAR(30), eventtime VARCHAR(32), channame VARCHAR(80),
uniqueid VARCHAR(32), linkedid VARCHAR(32), extra VARCHAR(1024))"""
ROBOT_CONTEXT = "informer"

Values = dict[str, Any]


@dataclass
class Book:
    """The rows that calls leave; `offset_s`: how far the server's clock is ahead of UTC."""

    offset_s: int = 0
    cdr: list[Values] = field(default_factory=list)
    cel: list[Values] = field(default_factory=list)
    queue_log: list[str] = field(default_factory=list)

    def write(self, calls: Iterable[Conversation]) -> None:
        """Enters calls that ended."""
        for call in calls:
            _Writer(self, call).write()


def linkedid(call: Conversation) -> str:
    """What all rows of a call share."""
    return f"{int(call.started_at)}.{call.id}"


def heard(call: Conversation) -> Conversation:
    """The call with the talks as an exchange of this kind tells them: who asks a colleague before
    passing the client on does not talk with the client meanwhile."""
    legs = list(call.legs)
    for place, leg in enumerate(legs[1:]):
        if leg.transfer == ATTENDED:
            first = legs[place]
            legs[place] = replace(first, ended_at=first.ended_at - first.hold_s)
    return replace(call, legs=tuple(legs))


class _Writer:
    def __init__(self, book: Book, call: Conversation) -> None:
        self.book, self.call = book, call
        self.linked = linkedid(call)
        self.trunk = f"PJSIP/trunk-{call.id:08x}"
        self.answered = False
        self.number = 0

    def write(self) -> None:
        call = self.call
        self._event("CHAN_START", call.started_at, self.trunk)
        if call.kind == ROBOT:
            self._row(call.started_at, call.ended_at, self.trunk, "", "Playback", "ANSWERED",
                      answered_at=call.started_at, context=ROBOT_CONTEXT)  # fmt: skip
        elif call.direction == INTERNAL:
            caller, rung = call.legs
            self._row(caller.rang_at, caller.ended_at, self._of(caller, 1), self._of(rung, 2),
                      "Dial", "ANSWERED", answered_at=caller.answered_at)  # fmt: skip
        elif call.direction == IN:
            self._write_in()
        else:
            self._write_out()
        self._event("LINKEDID_END", call.ended_at, self.trunk)

    def _write_in(self) -> None:
        call = self.call
        legs = call.legs
        queue = next((leg.queue for leg in legs if leg.queue), "")
        self.answered = bool(queue) or not legs or legs[0].rang_at > call.started_at
        self._rung(legs, queue, call.started_at)
        if call.kind in (VOICEMAIL, IVR) or not legs:
            begins = max((leg.ended_at for leg in legs), default=call.started_at)
            app = "VoiceMail" if call.kind == VOICEMAIL else "BackGround"
            self._row(begins, call.ended_at, self.trunk, "", app, "ANSWERED", answered_at=begins)

    def _write_out(self) -> None:
        first, *others = self.call.legs
        said = {"busy": "BUSY", UNAVAILABLE: "CONGESTION"}.get(self.call.result, "NO ANSWER")
        if first.answered_at is not None:
            said = "ANSWERED"
            self._bridge(self._of(first, 1), first.answered_at, first.ended_at)
        self._row(first.rang_at, first.ended_at, self._of(first, 1), self.trunk, "Dial", said,
                  answered_at=first.answered_at)  # fmt: skip
        self.answered = True
        self._rung(others, "", first.ended_at)

    def _rung(self, legs: Sequence[Leg], queue: str, begins: float) -> None:
        """The telephones that rang, one row each; the first row begins when the channel did."""
        for place, leg in enumerate(legs):
            channel = self._of(leg, place + 1)
            start = begins if place == 0 or queue else leg.rang_at
            ends, talk_ends = leg.ended_at, leg.ended_at
            follows = legs[place + 1] if place + 1 < len(legs) else None
            if follows is not None and follows.transfer == ATTENDED:
                talk_ends -= leg.hold_s
                aside = f"{channel}2"
                self._row(talk_ends, ends, aside, self._of(follows, 9), "Dial", "ANSWERED",
                          answered_at=talk_ends + 1)  # fmt: skip
                self._event("ATTENDEDTRANSFER", ends, channel)
            if follows is not None and follows.transfer == BLIND:
                self._event("BLINDTRANSFER", ends, channel)
            if leg.transfer == ATTENDED:
                start = leg.answered_at or start
            if leg.answered_at is not None:
                self._bridge(channel, leg.answered_at, talk_ends)
            answered_at = start if self.answered else leg.answered_at
            said = "ANSWERED" if leg.answered_at is not None else "NO ANSWER"
            data = f"{queue},tT,,,25" if queue else ""
            self._row(start, ends, self.trunk, channel, "Queue" if queue else "Dial", said,
                      answered_at=answered_at, data=data)  # fmt: skip
            self.answered = self.answered or leg.answered_at is not None
        if queue:
            self.book.queue_log += _queue_lines(self.linked, legs)

    def _of(self, leg: Leg, place: int) -> str:
        return f"PJSIP/{leg.extension}-{self.call.id:06x}{place:02x}"

    def _bridge(self, channel: str, begins: float, ends: float) -> None:
        extra = f'{{"bridge_id":"{self.linked}-{channel}","bridge_technology":"simple_bridge"}}'
        for kind, at in (("BRIDGE_ENTER", begins), ("BRIDGE_EXIT", ends)):
            for each in (channel, self.trunk):
                self._event(kind, at, each, extra)

    def _event(self, kind: str, at: float, channel: str, extra: str = "") -> None:
        self.book.cel.append(
            {
                "id": len(self.book.cel) + 1, "eventtype": kind, "eventtime": f"{at:.6f}",
                "channame": channel, "uniqueid": self.linked, "linkedid": self.linked,
                "extra": extra,
            }
        )  # fmt: skip

    def _row(
        self, begins: float, ends: float, channel: str, target: str, app: str, said: str, *,
        answered_at: float | None, data: str = "", context: str = "from-trunk",
    ) -> None:  # fmt: skip
        call, self.number = self.call, self.number + 1
        own = channel.partition("/")[2].partition("-")[0]
        client = call.client or "anonymous"
        there = target.partition("/")[2].partition("-")[0]
        src = client if channel == self.trunk else own
        dst = client if target == self.trunk else there or call.line
        self.book.cdr.append(
            {
                "calldate": datetime.fromtimestamp(begins + self.book.offset_s, UTC).replace(
                    tzinfo=None
                ),
                "clid": f'"{src}" <{src}>', "src": src, "dst": dst, "dcontext": context,
                "channel": channel, "dstchannel": target, "lastapp": app,
                "lastdata": data or f"PJSIP/{dst}@trunk,30",
                "duration": int(ends - begins),
                "billsec": 0 if answered_at is None else int(ends - answered_at),
                "disposition": said, "uniqueid": self.linked, "linkedid": self.linked,
                "did": call.line, "sequence": self.number,
            }
        )  # fmt: skip


def _queue_lines(linked: str, legs: Sequence[Leg]) -> Iterator[str]:
    begins, queue = int(legs[0].rang_at), legs[0].queue
    yield f"{begins}|{linked}|{queue}|NONE|ENTERQUEUE||hidden|1"
    for leg in legs:
        if leg.answered_at is None:
            continue
        waited, agent = int(leg.answered_at) - begins, f"PJSIP/{leg.extension}"
        head = f"{linked}|{queue}|{agent}"
        yield f"{int(leg.answered_at)}|{head}|CONNECT|{waited}|{linked}9|{waited}"
        yield f"{int(leg.ended_at)}|{head}|COMPLETECALLER|{waited}|{leg.talk_s}|1"
        return
    yield f"{int(legs[0].ended_at)}|{linked}|{queue}|NONE|ABANDON|1|1|{begins}"
