"""Work that goes on: one plausible thing after another, at the portal's present moment."""

import random
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24.activity_live import live_activity
from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.currency import BASE, FOREIGN
from sandbox.bitrix24.currency_story import move_rate
from sandbox.bitrix24.deal import Deal, is_closed
from sandbox.bitrix24.record_live import live_record
from sandbox.bitrix24.stage import LOST, PATHS, won
from sandbox.bitrix24.user import ADMIN_ID

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

_WEIGHTS = {
    "call": 45,
    "transfer": 8,
    "create": 12,
    "move": 15,
    "win": 6,
    "lose": 5,
    "amount": 4,
    "assign": 3,
    "reopen": 1,
    "delete": 1,
    "activity": 20,
    "record": 25,
    "rate": 2,
}


def live_step(portal: "Portal", rng: random.Random) -> dict[str, Any]:
    """Do one thing; tells what and to which record. Without a fitting deal, a call."""
    with portal.lock:
        what = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if what in ("call", "transfer"):
            return {"what": what, "ids": _call(portal, rng, transferred=what == "transfer")}
        if what == "activity":
            return live_activity(portal, rng, _who(portal, rng))
        if what == "record":
            return live_record(portal, rng, _who(portal, rng))
        if what == "create":
            return {"what": what, "id": _create(portal, rng)}
        if what == "rate":
            code = rng.choice(FOREIGN)
            rate = move_rate(portal.currencies, rng, code, portal.now())
            return {"what": what, "id": code, "rate": rate}
        deal = _find(portal, rng, closed=what == "reopen")
        if deal is None:
            return {"what": "call", "ids": _call(portal, rng, transferred=False)}
        _change(portal, rng, deal, what)
        return {"what": what, "id": deal.id}


def _change(portal: "Portal", rng: random.Random, deal: Deal, what: str) -> None:
    category = deal.now.category
    if what == "move":
        path = PATHS[category]
        index = path.index(deal.now.stage) + 1
        portal.move_deal(deal.id, path[index] if index < len(path) else won(category))
    elif what == "win":
        portal.move_deal(deal.id, won(category))
    elif what == "lose":
        portal.move_deal(deal.id, rng.choice(LOST[category]))
    elif what == "reopen":
        portal.move_deal(deal.id, PATHS[category][1])
    elif what == "amount":
        portal.update_deal(deal.id, amount=rng.randrange(1, 900_000_00) / 100)
    elif what == "assign":
        portal.assign_deal(deal.id, _who(portal, rng), by=ADMIN_ID)
    elif what == "delete":
        portal.delete_deal(deal.id)


def _create(portal: "Portal", rng: random.Random) -> int:
    category = rng.randrange(2)
    amount = rng.randrange(0, 600) * 1000
    title = f"Новая сделка {rng.randrange(1000, 9999)}"
    currency = rng.choice(FOREIGN) if rng.random() < 0.1 else BASE
    return portal.create_deal(
        _who(portal, rng), amount, category=category, title=title, currency=currency
    )


def _call(portal: "Portal", rng: random.Random, *, transferred: bool) -> list[int]:
    phone = _phone(portal, rng)
    talk = rng.choice((0, 0, 35, 119, 120, 240, 600))
    code = "200" if talk else rng.choice(("304", "486", "603-S"))
    if not transferred:
        kind = rng.choice((1, 1, 2, 2, 4))
        lead = portal.leads.sample(rng) if rng.random() < 0.15 else None
        leg = Leg(_who(portal, rng), kind, talk, code, phone=phone, lead=lead.id if lead else 0)
        return portal.add_call(leg)
    first = Leg(_who(portal, rng), 2, 15, "200", phone=phone)
    return portal.add_call(first, Leg(_who(portal, rng), 3, talk, code, phone=phone))


def _phone(portal: "Portal", rng: random.Random) -> str:
    """A stranger's number, or that of somebody who called lately."""
    lately = portal.calls.every[-40:]
    if lately and rng.random() < 0.4:
        return rng.choice(lately).phone
    return f"+7912{rng.randrange(10**7):07d}"


def _find(portal: "Portal", rng: random.Random, *, closed: bool) -> Deal | None:
    for _ in range(60):
        deal = portal.deals.sample(rng)
        if deal is not None and is_closed(deal.now) == closed:
            return deal
    return None


def _who(portal: "Portal", rng: random.Random) -> int:
    working = [user.id for user in portal.users.values() if user.active and user.id != ADMIN_ID]
    return rng.choice(working or [ADMIN_ID])
