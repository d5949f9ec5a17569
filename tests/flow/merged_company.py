"""A company whose CRM shows some of the calls of its telephone exchange, and the agent of both."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kpi.engine import rebuild
from merilo.cycle import run_cycle
from merilo.wiring import App
from sandbox.conversation import INTERNAL, OUT, ROBOT, Conversation, Leg, own_talks
from sandbox.exchange import Exchange
from sandbox.server import start_sandbox
from tests.clock import Clock
from tests.flow.crm_beside import Amocrm, Bitrix24, Told
from tests.flow.switchboard import shown_values, true_values
from tests.flow.switchboard_suite import Vendor

SINCE, SEED = date(2026, 10, 12), 5
BY_ID, LEG_BY_LEG, BY_LIKENESS, NOWHERE = "by id", "leg by leg", "by likeness", "nowhere"
_HOWS = (BY_ID, LEG_BY_LEG, BY_LIKENESS, BY_LIKENESS, NOWHERE)
_CLOCK_WRONG_S = 7200
Crm = Bitrix24 | Amocrm


class Company:
    """A CRM and an exchange of the same people, and one agent that reads both."""

    def __init__(self, folder: Path, vendor: Vendor, box: Any, crm: Crm, clock: Clock) -> None:
        self.folder, self.vendor, self.box, self.crm = folder, vendor, box, crm
        self.clock = clock
        self.exchange: Exchange = box.exchange
        self.typed: list[Conversation] = []
        self.kept: Counter[str] = Counter()
        users = crm.users()
        people = self.exchange.employees.items()
        self.users = {extension: users[each.email] for extension, each in people}

    def settings(self) -> Path:
        """A settings file for both."""
        tables = f"""
[sources.main]
connector = "{self.crm.connector}"
url = "{self.crm.box.url}"
{self.crm.keys(self.folder)}
since = "{SINCE}"
{"" if self.vendor.knows_people else self.crm.people(self.users)}
"""
        return self.vendor.settings_of(self.folder, self.box, since=SINCE, people=tables)

    def live(self, chance: random.Random, minutes: int, hows: tuple[str, ...] = _HOWS) -> None:
        """A call, of which the CRM is told in one of these ways."""
        self.clock.forward(minutes=minutes)
        self.exchange.live_step(chance)
        self.vendor.write(self.box)
        call = self.vendor.told(self.box).conversations[-1]
        if call.direction != INTERNAL and call.kind != ROBOT:
            told = self._told(chance, chance.choice(hows), call)
            for each in told:
                self.crm.show(each)
            self.kept["both" if told else "alone"] += 1

    def note(self, chance: random.Random, call: Conversation) -> Told:
        """Tells the CRM of a call by its id."""
        kept = self.exchange.add(call)
        self.vendor.write(self.box)
        (told,) = self._told(chance, BY_ID, kept)
        self.crm.show(told)
        return told

    def _told(self, chance: random.Random, how: str, call: Conversation) -> list[Told]:
        """What the CRM is told, when, how long and whose it was: by id its clock may be wrong."""
        is_named = how in (BY_ID, LEG_BY_LEG)
        if how == NOWHERE or not (call.client or (is_named and self.crm.shows_hidden)):
            return []
        own = own_talks(call.legs)
        longest = max(own, key=lambda each: (own[each], each), default=chance.choice([*self.users]))
        talkers = [each for each in own if own[each]] if how == LEG_BY_LEG else []
        names = self.vendor.names(self.box, call)
        before, after = (_CLOCK_WRONG_S,) * 2 if is_named else (50, 145)
        length = int(call.ended_at - call.started_at)
        return [
            Told(
                self.users[who],
                call.direction,
                self._moment(call.started_at + chance.randrange(-before, length + after)),
                max(0, call.talk_s + chance.randrange(-9, 40)) if call.talk_s else 0,
                call.client,
                chance.choice(names) if is_named else "",
            )
            for who in talkers or [longest]
        ]

    def type_in(self, chance: random.Random, number: int) -> None:
        """A call that the exchange never saw, typed into the CRM by hand."""
        begin = int(self.clock.now.timestamp()) - chance.randrange(2 * 86_400, 9 * 86_400)
        who, talk = chance.choice([*self.users]), chance.choice((30, 119, 120, 400))
        client = f"7901000{number:04d}"
        self.crm.show(Told(self.users[who], OUT, self._moment(begin), talk, client))
        leg = Leg(who, begin, begin, begin + talk)
        self.typed.append(Conversation(0, OUT, client, "", begin, begin + talk, (leg,)))

    def truth(self) -> Exchange:
        """The exchange, as far as it is told, as if it knew what was typed into the CRM, too."""
        told = self.vendor.told(self.box)
        whole = Exchange(self.clock, self.exchange.employees)
        for call in (*told.conversations, *self.typed):
            whole.add(replace(call), published_at=told.known_at(call))
        return whole

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent; whoever waits moves the clock that it shares with both."""
        with self.vendor.opened(self.settings(), self.clock) as app:
            yield app

    def agree(self, app: App) -> None:
        """Every number is the truth, and the cells are the facts'."""
        days = {"since": SINCE, "until": self.clock.now.date()}
        expected = true_values(self.truth(), **days, by="day")
        assert expected
        assert shown_values(app, self.vendor.ids_of(self.box), **days, by="day") == expected
        assert not rebuild(app.store, app.catalog), "the cells were wrong"

    def _moment(self, at: float) -> datetime:
        """Nobody is told of what is yet to come."""
        return datetime.fromtimestamp(min(at, self.clock.now.timestamp()), UTC)


@contextmanager
def company_of(folder: Path, vendor: Vendor, crm: type[Crm], clock: Clock) -> Iterator[Company]:
    """Both, with people and no history."""
    asked: dict[str, Any] = {"scale": "empty", "seed": SEED, "limits": False, "clock": clock}
    with start_sandbox(crm.connector, **asked) as beside, vendor.start("empty", clock) as box:
        yield Company(folder, vendor, box, crm(beside), clock)


def read(app: App, *sources: str) -> None:
    """One pass over each."""
    for source in sources:
        assert not run_cycle(app, source).errors
