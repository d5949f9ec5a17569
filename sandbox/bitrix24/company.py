"""The simulated company: one seed and one moment make one history that ends now."""

import random
from collections.abc import Callable
from datetime import datetime

from sandbox.bitrix24.activity_story import ActivityWriter
from sandbox.bitrix24.call_story import CallWriter
from sandbox.bitrix24.client_role import give_roles
from sandbox.bitrix24.client_story import ClientWriter
from sandbox.bitrix24.currency_story import go_abroad, write_rates
from sandbox.bitrix24.deal import Deal
from sandbox.bitrix24.deal_story import DealWriter, write_deals
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.record_story import RecordWriter
from sandbox.bitrix24.staff import hire
from sandbox.bitrix24.time_story import TimeWriter
from sandbox.hours import Hours
from sandbox.person import phones, titles
from sandbox.scale import Scale, find_scale, uncollected

_MANY_DEALS = 100
_MOST_ACTIVITIES = 100_000
_MOST_RECORDS = 50_000
_MOST_SOLD = 20_000


SCALES = {
    "empty": Scale(3, 0, 0, 0, 60),
    "tiny": Scale(3, 1, 20, 60, 60),
    "small": Scale(6, 1, 300, 3_000, 183),
    "medium": Scale(50, 4, 20_000, 200_000, 365),
    "large": Scale(300, 25, 200_000, 1_000_000, 730),
}


def build_portal(scale: str, seed: int, clock: Callable[[], datetime]) -> Portal:
    """A portal with its history; ValueError for an unknown scale."""
    size = find_scale(SCALES, scale)
    with uncollected(size):
        return _build(size, seed, clock)


def _build(size: Scale, seed: int, clock: Callable[[], datetime]) -> Portal:
    rng = random.Random(seed)
    portal = Portal(clock, f"{rng.getrandbits(64):016x}")
    hours = Hours(portal.now(), size.days)
    staff = hire(portal.users, rng, size.managers, size.dismissed, hours)
    if size.deals:
        deals = write_deals(DealWriter(rng, staff, hours, titles()), rng, size.deals)
        if size.deals >= _MANY_DEALS:
            money = random.Random(f"money {seed}")
            go_abroad(deals, money)
            write_rates(portal.currencies, money, hours.start, hours.now)
        portal.bring_deals(deals)
        # Their own chance: what else there is does not depend on them.
        records = RecordWriter(random.Random(f"records {seed}"), staff, hours)
        deals = list(portal.deals.every.values())
        portal.leads.bring(records.leads(deals, min(size.deals * 4 // 3, _MOST_RECORDS)))
        portal.quotes.bring(records.quotes(deals, min(size.deals // 2, _MOST_RECORDS)))
        _surround(portal, ClientWriter(random.Random(f"clients {seed}"), staff, hours), deals)
        give_roles(portal, random.Random(f"roles {seed}"))
    if size.calls:
        numbers = phones(rng, max(40, size.deals // 4))
        known = (list(portal.leads.every.values()), list(portal.deals.every.values()))
        waits = TimeWriter(random.Random(f"waits {seed}"), hours, portal.calls, *known)
        CallWriter(rng, staff, hours, numbers, portal.calls).write(size.calls, waits.legs)
        # Their own chance: what else there is does not depend on them.
        writer = ActivityWriter(random.Random(f"activities {seed}"), staff, hours, size.deals)
        number = min(size.calls // 2, _MOST_ACTIVITIES)
        portal.activities.bring(writer.write(number, waits.stories()))
    return portal


def _surround(portal: Portal, writer: ClientWriter, deals: list[Deal]) -> None:
    """The clients of the deals, what there is to do for them, and what was sold to them."""
    companies = writer.companies(deals)
    portal.companies.bring(companies)
    portal.contacts.bring(writer.contacts(companies))
    portal.tasks.bring(writer.tasks(deals, min(len(deals) // 2, _MOST_RECORDS)))
    for deal in deals[:_MOST_SOLD]:
        if deal.id % 5:
            portal.products.put(deal.id, writer.goods(), deal.created_at)
