"""Work that goes on: one plausible thing after another, at the account's present moment."""

import random
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.lead import Lead
from sandbox.amocrm.pipeline import CLOSED
from sandbox.amocrm.task import Task
from sandbox.amocrm.user import ADMIN_ID

if TYPE_CHECKING:
    from sandbox.amocrm.account import Account

WEIGHTS = {
    "call": 45,
    "create": 12,
    "move": 15,
    "win": 6,
    "lose": 5,
    "price": 4,
    "assign": 3,
    "reopen": 1,
    "delete": 1,
    "merge": 1,
    "restore": 1,
    "unsorted": 4,
    "accept": 3,
    "decline": 1,
    "letter": 8,
    "meet": 6,
    "complete": 5,
    "hand_over": 1,
    "contact": 3,
    "purchase": 2,
}


def live_step(account: "Account", rng: random.Random) -> dict[str, Any]:
    """Do one thing; tells what and to which record. Without a fitting record, a call."""
    with account.lock:
        what = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what == "create":
            return {"what": what, "id": _create(account, rng)}
        if what == "unsorted":
            uid = account.receive_unsorted(_who(account, rng), rng.choice(("forms", "sip")))
            return {"what": what, "id": uid}
        if what == "contact":
            return {"what": what, "id": _meet(account, rng)}
        if what == "purchase" and account.customers.rows:
            customer = rng.choice(list(account.customers.rows))
            bought = account.add_purchase(customer, rng.randrange(1, 90) * 1000)
            return {"what": what, "id": bought}
        done = _with_lead(account, rng, what) or _with_task(account, rng, what)
        if done is None and what in ("accept", "decline"):
            done = _sort(account, rng, what)
        if done is None and what == "letter":
            done = {"what": what, "ids": _write_letter(account, rng)}
        return done or {"what": "call", "ids": _call(account, rng)}


def _with_lead(account: "Account", rng: random.Random, what: str) -> dict[str, Any] | None:
    if what == "restore":
        trashed = [one.id for one in account.leads.trash.values() if not one.merged_into]
        return {"what": what, "id": account.restore_lead(rng.choice(trashed))} if trashed else None
    if what not in ("move", "win", "lose", "price", "assign", "reopen", "delete", "merge"):
        return None
    lead = _find(account, rng, closed=what == "reopen")
    if lead is None:
        return None
    path = account.pipelines[lead.pipeline_id].path
    if what == "move":
        index = path.index(lead.status_id) + 1
        account.move_lead(lead.id, path[index] if index < len(path) else path[0])
    elif what == "win":
        account.win_lead(lead.id)
    elif what == "lose":
        account.lose_lead(lead.id, rng.choice([None, *account.reasons]))
    elif what == "price":
        account.update_lead(lead.id, price=rng.randrange(1, 900) * 1000)
        _sell(account, lead)
    elif what == "assign":
        account.assign_lead(lead.id, _who(account, rng), by=ADMIN_ID)
    elif what == "reopen":
        account.move_lead(lead.id, path[1])
    elif what == "delete":
        account.delete_lead(lead.id)
    else:
        other = _find(account, rng, closed=False)
        if other is None or other is lead:
            return None
        account.merge_leads(lead.id, other.id)
    return {"what": what, "id": lead.id}


def _sell(account: "Account", lead: Lead) -> None:
    """With the price changes what is sold, by a chance of its own."""
    chance = random.Random(f"products {lead.id} {account.now()}")
    goods = account.goods_of(lead.id)
    for catalog, elements in account.elements.items():
        element = elements.sample(chance)
        if element is None or account.catalogs[catalog].type != "products":
            continue
        if goods and chance.random() < 0.5:
            account.take_off_product(lead.id, chance.choice(goods).element)
        else:
            account.put_product(lead.id, catalog, element.id, chance.choice((500, 1000, 3000)))


def _with_task(account: "Account", rng: random.Random, what: str) -> dict[str, Any] | None:
    if what == "meet":
        lead = account.leads.sample(rng)
        place = ("leads", lead.id) if lead else None
        return {"what": what, "id": account.add_task(_who(account, rng), place=place)}
    if what not in ("complete", "hand_over"):
        return None
    now = account.now()
    waiting: list[Task] = [
        task
        for task in account.tasks.rows.values()
        if not task.now.completed and (what == "complete" or task.now.due > now)
    ]
    if not waiting:
        return None
    task = rng.choice(waiting)
    if what == "complete":
        account.complete_task(task.id, rng.choice((None, "Договорились")))
    else:
        account.update_task(task.id, owner=_who(account, rng), by=ADMIN_ID)
    return {"what": what, "id": task.id}


def _sort(account: "Account", rng: random.Random, what: str) -> dict[str, Any] | None:
    waiting = [
        one.uid
        for one in account.incoming.values()
        if not one.done and one.lead in account.leads.rows
    ]
    if not waiting:
        return None
    uid = rng.choice(waiting)
    if what == "accept":
        account.accept_unsorted(uid, _who(account, rng))
    else:
        account.decline_unsorted(uid)
    return {"what": what, "id": uid}


def _meet(account: "Account", rng: random.Random) -> int:
    owner, number = _who(account, rng), rng.randrange(10**7)
    company = account.add_company(owner, f"ООО «Новый клиент {number}»")
    phone = f"+7916{number:07d}"
    return account.add_contact(owner, "Новый Контакт", phone=phone, company=company)


def _create(account: "Account", rng: random.Random) -> int:
    pipeline = rng.choice(list(account.pipelines))
    contact = account.contacts.sample(rng)
    return account.create_lead(
        _who(account, rng),
        rng.randrange(0, 600) * 1000,
        pipeline=pipeline,
        name=f"Новая сделка {rng.randrange(1000, 9999)}",
        contact=contact.id if contact else 0,
        company=contact.company if contact else 0,
    )


def _call(account: "Account", rng: random.Random) -> list[int]:
    talk = rng.choice((0, 0, 35, 119, 120, 240, 600))
    return account.add_call(
        _who(account, rng),
        *_places(account, rng),
        incoming=rng.random() < 0.45,
        duration=talk,
        status=4 if talk else 6,
        phone=f"+7912{rng.randrange(10**7):07d}",
        uniq=f"{rng.getrandbits(64):016x}",
    )


def _write_letter(account: "Account", rng: random.Random) -> list[int]:
    places = _places(account, rng)
    return account.add_letter(_who(account, rng), *places, incoming=rng.random() < 0.5)


def _places(account: "Account", rng: random.Random) -> list[tuple[str, int]]:
    """A contact mostly, its deal sometimes, both often."""
    lead, contact = account.leads.sample(rng), account.contacts.sample(rng)
    places = []
    if contact is not None:
        places.append(("contacts", contact.id))
    if lead is not None and (rng.random() < 0.6 or not places):
        places.append(("leads", lead.id))
    return places or [("leads", _create(account, rng))]


def _find(account: "Account", rng: random.Random, *, closed: bool) -> Lead | None:
    for _ in range(60):
        lead = account.leads.sample(rng)
        if lead is None:
            return None
        status = account.pipelines[lead.pipeline_id].unsorted
        if lead.status_id != status and (lead.status_id in CLOSED) == closed:
            return lead
    return None


def _who(account: "Account", rng: random.Random) -> int:
    working = [user.id for user in account.users.values() if user.active and not user.admin]
    return rng.choice(working or [ADMIN_ID])
