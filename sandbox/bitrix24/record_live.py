"""What people do with leads and quotes while the company works."""

import random
from typing import TYPE_CHECKING, Any

from sandbox.bitrix24.activity import OF_DEAL, OF_LEAD, RECEIVED, SENT
from sandbox.bitrix24.stage import semantic
from sandbox.bitrix24.user import ADMIN_ID

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

_WEIGHTS = {"lead": 8, "convert": 6, "again": 1, "junk": 3, "give": 2, "quote": 6}
_WEIGHTS |= {"bind": 2, "answer": 4, "drop": 1, "write": 5}


def convert_lead(portal: "Portal", lead_id: int, *, amount: Any = 0, owner: int = 0) -> int:
    """Makes a deal of a lead; one that was converted before is made into a second deal."""
    with portal.lock:
        lead = portal.leads.every[lead_id]
        deal_id = portal.create_deal(owner or lead.now.owner, amount, title=lead.now.title)
        portal.deals.every[deal_id].extra = {"leadId": lead_id}
        portal.leads.update(lead_id, stage="CONVERTED")
        portal.activities.hand_over((OF_LEAD, lead_id), (OF_DEAL, deal_id))
        return deal_id


def live_record(portal: "Portal", rng: random.Random, who: int) -> dict[str, Any]:
    """One plausible change of a lead or a quote; tells what."""
    what = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    if what in ("quote", "bind", "answer"):
        return _quote(portal, rng, who, what)
    if what == "drop":
        return _drop(portal, rng)
    lead = None if what == "lead" else portal.leads.sample(rng, final=what == "again")
    if lead is None:
        return {"what": "lead", "id": portal.leads.create(who, title="Новое обращение")}
    if what == "write":
        kind = rng.choice((SENT, SENT, RECEIVED))
        return {"what": what, "id": portal.activities.add(kind, who, completed=True, lead=lead.id)}
    if what in ("convert", "again"):
        amount = rng.randrange(1, 400) * 1000
        return {"what": what, "id": convert_lead(portal, lead.id, amount=amount)}
    if what == "junk":
        portal.leads.update(lead.id, stage=rng.choice(("JUNK", "UC_DOUBLE", "IN_PROCESS")))
    else:
        portal.leads.update(lead.id, owner=who, by=ADMIN_ID)
    return {"what": what, "id": lead.id}


def _quote(portal: "Portal", rng: random.Random, who: int, what: str) -> dict[str, Any]:
    quote = None if what == "quote" else portal.quotes.sample(rng)
    deal = portal.deals.sample(rng)
    deal_id = deal.id if deal is not None else None
    if quote is None:
        made = portal.quotes.create(who, title="Новое предложение", deal=deal_id, amount=1000)
        return {"what": "quote", "id": made}
    if what == "bind" and deal_id is not None and rng.random() < 0.5:
        portal.update_deal(deal_id, quoteId=quote.id)
    elif what == "bind":
        portal.quotes.update(quote.id, deal=deal_id)
    else:
        won = deal is not None and semantic(deal.now.stage) == "S"
        portal.quotes.update(quote.id, stage="APPROVED" if won else "SENT")
    return {"what": what, "id": quote.id}


def _drop(portal: "Portal", rng: random.Random) -> dict[str, Any]:
    kind = rng.choice((portal.leads, portal.quotes))
    record = kind.sample(rng)
    if record is not None:
        kind.delete(record.id)
    return {"what": "drop", "id": record.id if record is not None else 0}
