"""The state of one portal and every way to change it, by people, robots or a test."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Any

from sandbox.bitrix24.access import Access
from sandbox.bitrix24.activity import Activities
from sandbox.bitrix24.call import FRESH, Call, Calls, Leg
from sandbox.bitrix24.client import Clients
from sandbox.bitrix24.currency import Currencies
from sandbox.bitrix24.deal import Deal, Deals, Version, changed, kopecks
from sandbox.bitrix24.event import Events
from sandbox.bitrix24.history import Moves
from sandbox.bitrix24.live import live_step
from sandbox.bitrix24.oauth import OAuth
from sandbox.bitrix24.product import Good, Products
from sandbox.bitrix24.record import Records
from sandbox.bitrix24.record_stage import LEAD_STAGES, QUOTE_STAGES
from sandbox.bitrix24.smart import SmartProcesses
from sandbox.bitrix24.stage import STAGES, category_of, stage_in
from sandbox.bitrix24.task import Tasks
from sandbox.bitrix24.user import ADMIN_ID, DEPARTMENTS, Department, User
from sandbox.bitrix24.userfield import UserFields
from sandbox.moment import seconds

Clock = Callable[[], datetime]
_VERSIONED = frozenset({"owner", "category", "stage", "amount", "title"})


@dataclass(frozen=True, slots=True)
class Write:
    """An effect that a request really had: created, changed or deleted something."""

    method: str
    entity_type_id: int
    id: int
    changed: dict[str, Any]


class Portal:
    """A portal. Every public method is thread-safe; moments are aware, `at` defaults to now."""

    def __init__(self, clock: Clock, code: str) -> None:
        self.clock = clock
        self.lock = RLock()
        self.access = Access(ADMIN_ID, code)
        self.oauth = OAuth(self.now, code)
        self.users: dict[int, User] = {}
        self.currencies = Currencies()
        self.deals = Deals()
        self.calls = Calls()
        self.activities = Activities(self.now, self.lock)
        self.leads = Records(LEAD_STAGES, self.now, self.lock)
        self.quotes = Records(QUOTE_STAGES, self.now, self.lock)
        self.contacts = Clients(self.now, self.lock)
        self.companies = Clients(self.now, self.lock)
        self.tasks = Tasks(self.now, self.lock, time_field="changedDate")
        self.products = Products(self.deals)
        self.departments = {each.id: each for each in DEPARTMENTS}
        self.events = Events(self.now)
        self._watch()
        self.mode = 1
        self.moves = Moves(self.deals)
        self.userfields = UserFields()
        self.smart = SmartProcesses(self.userfields)
        self.writes: list[Write] = []
        self.robot_runs = 0
        self._pending: list[tuple[float, int, Call]] = []
        self._deal_id = 0
        self._pending_number = 0

    def _watch(self) -> None:
        """Every deletion is an event for whoever asked for it."""
        for name, shelf in (
            ("ONCRMLEADDELETE", self.leads),
            ("ONCRMDEALDELETE", self.deals),
            ("ONCRMQUOTEDELETE", self.quotes),
            ("ONCRMCONTACTDELETE", self.contacts),
            ("ONCRMCOMPANYDELETE", self.companies),
            ("ONCRMACTIVITYDELETE", self.activities),
            ("ONTASKDELETE", self.tasks),
        ):
            shelf.on_gone = self.events.watcher(name)

    def now(self) -> float:
        """The portal's clock in seconds."""
        return self.clock().timestamp()

    def settle(self) -> None:
        """Let calls that have ended by now appear."""
        with self.lock:
            now = self.now()
            while self._pending and self._pending[0][0] <= now:
                self.calls.append(heapq.heappop(self._pending)[2])

    # People

    def add_user(
        self,
        name: str,
        last_name: str,
        *,
        email: str = "",
        department: int = 2,
        user_id: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """Hire somebody; returns the user id."""
        with self.lock:
            moment = self._moment(at)
            user_id = user_id or max(self.users, default=ADMIN_ID) + 2
            self.users[user_id] = User(
                user_id,
                name,
                last_name,
                email or f"user{user_id}@severny-veter.example",
                "F" if last_name.endswith("а") else "M",
                "Менеджер",
                department,
                str(100 + user_id),
                moment,
                moment,
            )
            return user_id

    def dismiss_user(self, user_id: int, *, at: datetime | None = None) -> int:
        """Dismiss somebody; their records stay theirs."""
        with self.lock:
            user = self.users[user_id]
            user.active = False
            user.dismissed_at = user.updated_at = self._moment(at)
            return user_id

    def add_department(self, name: str, *, parent: int = 1, head: int | None = None) -> int:
        """A new department; returns its id."""
        with self.lock:
            number = max(self.departments) + 1
            self.departments[number] = Department(number, name, parent, head)
            return number

    def rename_user(
        self, user_id: int, name: str, last_name: str, *, at: datetime | None = None
    ) -> int:
        """Give somebody another name."""
        with self.lock:
            user = self.users[user_id]
            user.name, user.last_name = name, last_name
            user.updated_at = self._moment(at)
            return user_id

    # Deals

    def create_deal(
        self,
        owner: int,
        amount: Any = 0,
        stage: str = "NEW",
        category: int = 0,
        title: str = "Сделка",
        *,
        by: int | None = None,
        currency: str = "RUB",
        at: datetime | None = None,
    ) -> int:
        """Open a deal; `amount` in roubles. Returns its id."""
        with self.lock:
            moment = self._moment(at)
            maker = owner if by is None else by
            stage_id = _stage(category, stage)
            first = Version(
                moment, moment, maker, owner, category, stage_id, kopecks(amount), moment, maker,
                title,
            )  # fmt: skip
            deal = Deal(self.next_deal_id(), first, 0, currency)
            self.deals.add(deal)
            self.moves.note(deal)
            return deal.id

    def update_deal(
        self, deal_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Change owner, category, stage, amount (roubles), title or any other value.

        Says whether anything changed; a change to the same values is none.
        """
        with self.lock:
            deal = self._living(deal_id)
            wanted = self._versioned(deal, values)
            others = {name: value for name, value in values.items() if name not in _VERSIONED}
            stored = deal.extra or {}
            others = {name: value for name, value in others.items() if stored.get(name) != value}
            if not wanted and not others:
                return False
            if others:
                deal.extra = stored | others
            actor = deal.now.owner if by is None else by
            deal.versions.append(changed(deal.now, self._later(deal, at), actor, **wanted))
            self.deals.note_change(deal)
            self.moves.note(deal)
            return True

    def move_deal(
        self, deal_id: int, stage_id: str, *, by: int | None = None, at: datetime | None = None
    ) -> int:
        """Move a deal to a stage of any funnel (`C1:` names the other one)."""
        self.update_deal(deal_id, by=by, at=at, stage=stage_id, category=category_of(stage_id))
        return deal_id

    def assign_deal(
        self, deal_id: int, user_id: int, *, by: int | None = None, at: datetime | None = None
    ) -> int:
        """Give a deal to somebody else."""
        self.update_deal(deal_id, by=by, at=at, owner=user_id)
        return deal_id

    def delete_deal(self, deal_id: int, *, by: int = ADMIN_ID, at: datetime | None = None) -> int:
        """Delete a deal; no list tells of it."""
        with self.lock:
            deal = self._living(deal_id)
            gone = deal.now._replace(at=self._later(deal, at), by=by, deleted=True)
            deal.versions.append(gone)
            self.deals.hide(deal_id)
            return deal_id

    def restore_deal(
        self,
        deal_id: int,
        *,
        touch: bool = False,
        by: int = ADMIN_ID,
        at: datetime | None = None,
    ) -> int:
        """Bring a deleted deal back under its id; `touch` also moves its time of change."""
        with self.lock:
            deal = self.deals.every[deal_id]
            if not deal.now.deleted:
                raise ValueError(f"deal {deal_id} is not deleted")
            moment = self._later(deal, at)
            shown = moment if touch else deal.now.updated_at
            back = deal.now._replace(at=moment, updated_at=shown, by=by, deleted=False)
            deal.versions.append(back)
            self.deals.reveal(deal_id)
            self.deals.note_change(deal)
            return deal_id

    def sell(
        self, deal_id: int, *goods: Good, touch: bool = True, at: datetime | None = None
    ) -> list[int]:
        """Replaces what a deal sells; without `touch` the deal's time of change stays."""
        with self.lock:
            deal = self._living(deal_id)
            moment = self._later(deal, at)
            rows = self.products.put(deal_id, goods, moment)
            if touch:
                deal.versions.append(changed(deal.now, moment, deal.now.owner))
                self.deals.note_change(deal)
            return rows

    def set_rate(self, currency: str, amount: Any, *, at: datetime | None = None) -> str:
        """From now on a foreign currency costs `amount` roubles; tells what is shown."""
        with self.lock:
            return self.currencies.put(currency, amount, self._moment(at))

    # Calls

    def add_call(self, *legs: Leg) -> list[int]:
        """Record one call with the given legs; returns row ids in the legs' order.

        A leg that ends later than now gets its id when it ends, and 0 is returned for it.
        """
        with self.lock:
            shared = self.calls.fresh_session()
            calls = [self._call(leg, shared) for leg in legs]
            now = self.now()
            for call in sorted(calls, key=lambda call: call.end):
                if call.end <= now:
                    self.calls.append(call)
                else:
                    self._pending_number += 1
                    heapq.heappush(self._pending, (call.end, self._pending_number, call))
            return [call.id for call in calls]

    # Items of smart processes

    def edit_item(
        self,
        entity_type_id: int,
        item_id: int,
        *,
        by: int | None = None,
        at: datetime | None = None,
        **values: Any,
    ) -> bool:
        """A person edits an item by hand; fields by either name. Says if anything changed."""
        with self.lock:
            editor = by or next(iter(sorted(set(self.users) - {ADMIN_ID})), ADMIN_ID)
            process = self.smart.by_entity_type(entity_type_id)
            return bool(process.update(item_id, values, self._moment(at), editor))

    def items(self, entity_type_id: int) -> list[dict[str, Any]]:
        """Every item of a smart process as the API would show it."""
        with self.lock:
            process = self.smart.by_entity_type(entity_type_id)
            return [process.show(item) for item in process.items.values()]

    # Many at once

    def bring_deals(self, deals: list[Deal]) -> None:
        """Take in deals with their histories, by ascending id."""
        with self.lock:
            self.deals.bring(deals)
            self._deal_id = max(self._deal_id, deals[-1].id if deals else 0)

    def live_step(self, rng: random.Random) -> dict[str, Any]:
        """Let one plausible thing happen now; tells what."""
        return live_step(self, rng)

    # Bookkeeping

    def note_write(self, write: Write, robots: bool) -> None:
        """Remember what a request did; a saved item also starts the robots."""
        with self.lock:
            self.writes.append(write)
            self.robot_runs += robots

    def next_deal_id(self) -> int:
        """A deal id never used before."""
        self._deal_id += 1
        return self._deal_id

    def _moment(self, at: datetime | None) -> float:
        return self.now() if at is None else seconds(at)

    def _later(self, deal: Deal, at: datetime | None) -> float:
        moment = self._moment(at)
        if at is not None and moment < deal.now.at:
            raise ValueError(f"deal {deal.id} already has a later version")
        return max(moment, deal.now.at)

    def _living(self, deal_id: int) -> Deal:
        deal = self.deals.living(deal_id)
        if deal is None:
            raise KeyError(f"no deal {deal_id}")
        return deal

    def _versioned(self, deal: Deal, values: dict[str, Any]) -> dict[str, Any]:
        wanted = {name: value for name, value in values.items() if name in _VERSIONED}
        if "amount" in wanted:
            wanted["amount"] = kopecks(wanted["amount"])
        if "category" in wanted and "stage" not in wanted:
            wanted["stage"] = "NEW" if wanted["category"] != deal.now.category else deal.now.stage
        if "stage" in wanted:
            category = wanted.get("category", deal.now.category)
            wanted["stage"] = _stage(category, wanted["stage"])
        now = deal.now
        return {name: value for name, value in wanted.items() if getattr(now, name) != value}

    def _call(self, leg: Leg, shared: int) -> Call:
        now = self.now()
        if leg.start is not None:
            start = seconds(leg.start)
            end = start + leg.duration if leg.end is None else seconds(leg.end)
        else:
            end = now if leg.end is None else seconds(leg.end)
            start = end - leg.duration
        call = Call(leg.user, leg.type, start, end, leg.duration, leg.code, leg.phone)
        call.session = shared if leg.session == FRESH else leg.session
        call.external, call.category, call.vote = leg.external, leg.category, leg.vote
        call.lead, call.contact = leg.lead, leg.contact
        return call


def _stage(category: int, code: str) -> str:
    stage = STAGES.get(stage_in(category, code))
    if stage is None or stage.category != category:
        raise ValueError(f"funnel {category} has no stage {code}")
    return stage.id
