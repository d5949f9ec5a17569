"""Random work of a small company, kept as the agent keeps it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from config.settings import CalendarSection, ManagerEntry, Settings
from kpi.catalog import Catalog
from kpi.cell import cells_of
from store import directory
from store.fact import (
    Account,
    CallLeg,
    Deal,
    DealState,
    Direction,
    Email,
    EmailKind,
    EmailTrail,
    Fact,
    Lead,
    Meeting,
    MeetingState,
    Quote,
    Rate,
    Removal,
    StageChange,
    Step,
)
from store.store import Store
from store.table import COUNTED
from sync.commit import Commit
from sync.recredit import current, load_credit, settle
from sync.removal import keep_removals
from tests.sync.scripted import Remote, source

BEGAN_AT = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = ("Europe/Moscow", "Europe/Berlin", "Asia/Almaty")
OWNERS = ("7", "8", "9", "10", "11", "99", None)
STAGES = {"NEW": DealState.OPEN, "WON": DealState.WON, "LOSE": DealState.LOST}
CURRENCIES = ("RUB", "RUB", "USD", "KZT", "CNY")
_KINDS = {Deal: "deal", Lead: "lead", Quote: "quote", Email: "email", Meeting: "meeting"}


class Work:
    """Makes changes; `made` counts them. The same seed makes the same ones on any database."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.chance = store, random.Random(seed)
        self.now = BEGAN_AT + timedelta(days=60)
        self.made = self.moves = 0
        self.zone, self.currency, self.hours = ZONES[0], "RUB", "09:00-18:00"
        self.people: tuple[ManagerEntry, ...] = ()
        self.settle()
        self.keep([_account(ref, ref in ("7", "11")) for ref in filter(None, OWNERS[:-2])])
        self.settle()

    def settle(self) -> None:
        """Applies the settings and accounts of this moment."""
        with self.store.write() as tx:
            settle(tx, self._settings())

    def keep(self, facts: Sequence[Fact]) -> None:
        """A page."""
        with self.store.write() as tx:
            commit = current(tx, Commit(source_id=1, credit=load_credit(tx), journal=True))
            if not self.made:
                directory.source_id(tx, "main")
            commit.put(tx, facts)
            keep_removals(tx, commit, [each for each in facts if isinstance(each, Removal)])
        self.made += len(facts)

    def batch(self, size: int) -> None:
        """A page of changes; rates come in pages of their own, as from any vendor."""
        self.now += timedelta(minutes=self.chance.randrange(1, 600))
        facts = [self._fact() for _ in range(size)]
        letters = [each for each in facts if isinstance(each, Email) and each.message_hash]
        self.keep([*facts, *map(self._trail, letters)])
        if self.chance.random() < 0.3:
            self.keep([self._rate()])

    def change_settings(self) -> None:
        """Another zone, base currency, list of people or working hours."""
        match self.chance.randrange(4):
            case 0:
                self.zone = self.chance.choice([each for each in ZONES if each != self.zone])
            case 1:
                self.currency = "USD" if self.currency == "RUB" else "RUB"
            case 2:
                self.people = self._people()
            case _:
                self.hours = self.chance.choice(("09:00-18:00", "10:00-19:00", "08:00-20:00"))
        self.settle()

    def there_and_back(self) -> None:
        """Every fact is credited anew by another zone, and then by the one before."""
        zone = self.zone
        self.zone = next(each for each in ZONES if each != zone)
        self.settle()
        self.zone = zone
        self.settle()

    def _settings(self) -> Settings:
        place = source(
            self.store, Remote(), zone=self.zone, currency=self.currency, managers=self.people
        )
        return place.settings.model_copy(update={"calendar": CalendarSection(hours=self.hours)})

    def _people(self) -> tuple[ManagerEntry, ...]:
        """Nobody, or one person: named anew, hidden, or there for three weeks only."""
        aliases = {"main": self.chance.choice(("8", "9", "10"))}
        more: dict[str, Any] = self.chance.choice(
            ({}, {"ignore": True}, {"from": "2026-03-20", "to": "2026-04-10"})
        )
        entry = ManagerEntry.model_validate({"name": "Сменщик", "aliases": aliases, **more})
        return self.chance.choice(((), (entry,)))

    def _fact(self) -> Fact:
        make = self.chance.choices(
            (self._leg, self._deal, self._lead, self._quote, self._email, self._meeting,
             self._move, self._removal),
            (30, 25, 8, 5, 10, 5, 10, 4),
        )[0]  # fmt: skip
        return make()

    def _moment(self) -> datetime:
        """Often near a midnight or a change of clocks."""
        day = BEGAN_AT + timedelta(days=self.chance.randrange(60))
        minutes = self.chance.choice(
            (0, 1, 719, 720, 1259, 1260, 1439, self.chance.randrange(1440))
        )
        return day + timedelta(minutes=minutes)

    def _ref(self, many: int) -> str:
        return str(self.chance.randrange(many))

    def _deal(self) -> Deal:
        stage = self.chance.choice(tuple(STAGES))
        created_at = self._moment()
        closed_at = created_at + timedelta(hours=self.chance.randrange(1, 900))
        amount = self.chance.choice((0, 1, 5, 10**10 + 5, self.chance.randrange(10**7)))
        return Deal(
            ref=self._ref(600),
            pipeline_ref="0",
            stage_ref=stage,
            state=STAGES[stage],
            amount=amount,
            currency=self.chance.choice(CURRENCIES),
            owner_ref=self.chance.choice(OWNERS),
            client_ref=self.chance.choice((None, f"company:{self._ref(150)}")),
            created_at=created_at,
            updated_at=self.now,
            closed_at=closed_at if STAGES[stage] else None,
            lead_ref=self.chance.choice((None, self._ref(200))),
            quote_ref=self.chance.choice((None, self._ref(150))),
        )

    def _leg(self) -> CallLeg:
        ref = self._ref(1500)
        talk_s = self.chance.choice((0, 0, 1, 119, 120, 121, 3600))
        return CallLeg(
            ref=ref,
            # Sometimes a leg goes over to another call: what was thought one call was two.
            call_ref=f"s:{int(ref) // 2 + (self.chance.random() < 0.05)}",
            user_ref=self.chance.choice(OWNERS),
            direction=self.chance.choice(tuple(Direction)),
            started_at=self._moment(),
            talk_s=talk_s,
            outcome="ok",
            client_hash=self.chance.choice((None, self._ref(80))),
            client_last4=None,
            client_ref=self.chance.choice((None, f"lead:{self._ref(200)}")),
            lasted_s=talk_s + self.chance.randrange(30),
        )

    def _lead(self) -> Lead:
        return Lead(
            ref=self._ref(200),
            stage_ref="NEW",
            state=self.chance.choice(tuple(DealState)),
            owner_ref=self.chance.choice(OWNERS),
            created_at=self._moment(),
            updated_at=self.now,
        )

    def _quote(self) -> Quote:
        return Quote(
            ref=self._ref(150),
            stage_ref="SENT",
            deal_ref=self.chance.choice((None, self._ref(600))),
            owner_ref=self.chance.choice(OWNERS),
            created_at=self._moment(),
            updated_at=self.now,
        )

    def _email(self) -> Email:
        return Email(
            ref=self._ref(500),
            direction=self.chance.choice(tuple(Direction)),
            kind=self.chance.choice(tuple(EmailKind)),
            owner_ref=self.chance.choice(OWNERS),
            begun_at=self._moment(),
            updated_at=self.now,
            about_ref=self._about(),
            message_hash=self.chance.choice((None, f"letter {self._ref(300)}")),
        )

    def _trail(self, letter: Email) -> EmailTrail:
        answers = self.chance.choice(((), (f"letter {self._ref(300)}",)))
        return EmailTrail(message_hash=letter.message_hash or "", answers=answers)

    def _meeting(self) -> Meeting:
        return Meeting(
            ref=f"m{self._ref(200)}",
            state=self.chance.choice(tuple(MeetingState)),
            owner_ref=self.chance.choice(OWNERS),
            begun_at=self._moment(),
            updated_at=self.now,
            about_ref=self._about(),
        )

    def _about(self) -> str | None:
        return self.chance.choice((None, f"lead:{self._ref(200)}", f"deal:{self._ref(600)}"))

    def _move(self) -> StageChange:
        self.moves += 1
        stage = self.chance.choice(tuple(STAGES))
        return StageChange(
            ref=str(self.moves),
            kind="deal",
            record_ref=self._ref(600),
            at=self._moment(),
            pipeline_ref="0",
            stage_ref=stage,
            state=STAGES[stage],
            step=Step.MOVED,
            seen_at=self.now,
        )

    def _removal(self) -> Removal:
        kind = self.chance.choice(tuple(_KINDS.values()))
        ref = self._ref(600 if kind == "deal" else 200)
        return Removal(kind=kind, record_ref=f"m{ref}" if kind == "meeting" else ref, at=self.now)

    def _rate(self) -> Rate:
        currency = self.chance.choice(("RUB", "USD", "USD", "KZT"))
        price = 1000 if currency == "RUB" else self.chance.randrange(100, 100_000)
        return Rate(currency=currency, seen_at=self.now, numerator=price, denominator=1000)


def kept_cells(store: Store, catalog: Catalog) -> list[list[Any]]:
    """Every row of the cells, in key order, table by table."""
    with store.read() as tx:
        return [
            [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key.columns))]
            for table in cells_of(catalog).tables
        ]


def kept_facts(store: Store) -> list[list[Any]]:
    """Every row that KPIs count, in key order, table by table."""
    with store.read() as tx:
        return [
            [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key.columns))]
            for table in COUNTED
        ]


def _account(ref: str, is_anna: bool) -> Account:
    email = "anna@example.com" if is_anna else None
    return Account(ref=ref, name=f"Менеджер {ref}", email=email, active=True)
