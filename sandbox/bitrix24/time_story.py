"""How clients wait: leads answered soon, late, at night or never, and missed calls returned."""

import random
from collections.abc import Iterator, Sequence

from sandbox.bitrix24.activity import (
    MAILING,
    MEETING_KIND,
    OF_DEAL,
    OF_LEAD,
    RECEIVED,
    SENT,
    Kind,
    Version,
)
from sandbox.bitrix24.activity_story import Story
from sandbox.bitrix24.call import Call, Calls
from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.record import Record
from sandbox.hours import DAY_S, Hours

Answer = tuple[str, float, Record]
"""By what a lead is answered, when, and which lead."""

_WAYS = ("letter", "letter", "call", "call", "call", "meeting", "ring", "mailing", "reply", "")
_MISSED = ("304", "480", "486")


class TimeWriter:
    """Writes what people do about `leads`, and how they return calls."""

    def __init__(
        self,
        rng: random.Random,
        hours: Hours,
        calls: Calls,
        leads: Sequence[Record],
        deals: Sequence[Deal],
    ) -> None:
        self._rng = rng
        self._hours = hours
        self._calls = calls
        self._made = {(deal.extra or {}).get("leadId"): deal.id for deal in deals}
        self._answers = [answer for lead in leads for answer in self._acts(lead)]

    def stories(self) -> list[Story]:
        """The letters and meetings."""
        return [self._activity(*each) for each in self._answers if each[0] not in ("call", "ring")]

    def legs(self, rows: list[Call]) -> list[Call]:
        """The calls to leads, and those that return missed ones among `rows`."""
        legs = [self._to_lead(*each) for each in self._answers if each[0] in ("call", "ring")]
        for row in rows:
            if row.type == 2 and row.code in _MISSED and self._rng.random() < 0.4:
                legs += self._returned(row)
        return [leg for leg in legs if leg.end <= self._hours.now]

    def _acts(self, lead: Record) -> Iterator[Answer]:
        """What is done about a lead, soon or late; mailings and replies answer nothing."""
        at = lead.created_at
        for _ in range(self._rng.choice((0, 1, 1, 2))):
            soon = at + self._rng.expovariate(1 / 2400)
            at = soon if self._rng.random() < 0.5 else self._hours.later(self._rng, at, 0.6)
            way = self._rng.choice(_WAYS)
            if way and at < self._hours.now - DAY_S / 24:
                yield way, float(int(at)), lead

    def _activity(self, way: str, at: float, lead: Record) -> Story:
        kinds = {"letter": SENT, "meeting": MEETING_KIND, "mailing": MAILING, "reply": RECEIVED}
        kind: Kind = kinds[way]
        who = (lead.at(at) or lead.now).owner
        owner, done = self._owner(lead), self._rng.random() < 0.9
        state = (who, "Re: заявка", at, done or kind == MAILING, 0, False, owner)
        return kind, [Version(at, at, who, *state)]

    def _owner(self, lead: Record) -> tuple[int, int]:
        """A lead's activities go over to the deal that is made of it, but not all of them."""
        deal = self._made.get(lead.id)
        if deal is None or self._rng.random() < 0.3:
            return OF_LEAD, lead.id
        return OF_DEAL, deal

    def _to_lead(self, way: str, at: float, lead: Record) -> Call:
        who = (lead.at(at) or lead.now).owner
        talk = int(self._rng.expovariate(1 / 150)) if way == "call" else 0
        kind = 2 if self._rng.random() < 0.2 else 1
        call = Call(who, kind, at, at + 15 + talk, talk, "200" if talk else "603-S", self._phone())
        call.session, call.lead = self._calls.fresh_session(), lead.id
        return call

    def _phone(self) -> str:
        return f"+7913{self._rng.randrange(10**7):07d}"

    def _returned(self, row: Call) -> list[Call]:
        """Rung back once or twice, in vain at first; sometimes the client rings again."""
        rng, at, legs = self._rng, row.end, []
        for _ in range(rng.choice((1, 1, 2))):
            at += int(rng.choice((rng.expovariate(1 / 900), rng.uniform(0, 1.3 * DAY_S)))) + 1
            talk = rng.choice((0, 30, 70, 200))
            code = "200" if talk else rng.choice(_MISSED)
            kind = rng.choice((1, 1, 1, 2))
            call = Call(row.user, kind, at, at + 10 + talk, talk, code, row.phone)
            call.session = self._calls.fresh_session()
            legs.append(call)
            at = call.end
        return legs
