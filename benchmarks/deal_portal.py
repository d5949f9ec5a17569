"""`python -m benchmarks.deal_portal ROWS`: a slow portal of many deals that keep changing."""

import random
import sys
from collections.abc import Iterator

from benchmarks.busy import serve
from sandbox.bitrix24.deal import Deal, Version
from sandbox.bitrix24.portal import Portal
from sandbox.server import start_sandbox

DENSITY = 0.7
LATENCY_S = 0.02
_PAUSE_S = 0.02
_MONTH_S = 30 * 86_400.0


def main(rows: int) -> None:
    """Serves until asked for the account."""
    with start_sandbox("bitrix24", scale="empty", limits=True, tls=True) as box:
        box.limits.latency_s = LATENCY_S
        ids = _fill(box.portal, rows)
        serve(
            box,
            {"url": box.url, "webhook": box.webhook, "ca_bundle": box.ca_bundle},
            ids,
            _changes(box.portal, ids),
            pause_s=_PAUSE_S,
            stays=lambda deal_id: bool(box.portal.deals.living(deal_id)),
        )


def _fill(portal: Portal, rows: int) -> list[int]:
    """Deals with ids of which some are missing; their ids."""
    chance = random.Random(1)
    ids = sorted(chance.sample(range(1, int(rows / DENSITY)), rows))
    begun, owners = portal.now() - _MONTH_S, sorted(portal.users)
    deals = []
    for number, deal_id in enumerate(ids):
        at, owner = begun + number, owners[number % len(owners)]
        version = Version(at, at, owner, owner, 0, "NEW", number * 100, at, owner, "Сделка")
        deals.append(Deal(deal_id, version, number % 5_000))
    portal.bring_deals(deals)
    return ids


def _changes(portal: Portal, ids: list[int]) -> Iterator[None]:
    """Each deletes an old deal, changes another and creates a new one."""
    chance = random.Random(2)
    for doomed in sorted(ids, key=lambda _: chance.random()):
        portal.delete_deal(doomed)
        changed = chance.choice(ids)
        if portal.deals.living(changed):
            portal.update_deal(changed, amount=chance.randrange(10**6))
        portal.create_deal(7, amount=1)
        yield


if __name__ == "__main__":
    main(int(sys.argv[1]))
