"""`python -m benchmarks.deal_portal ROWS`: a slow portal of many deals that keep changing.

Prints where it is, works until a line with the path of a file of ids (JSON) comes on standard
input, and answers what it was asked and which deals that were there all the time are not in it.
"""

import json
import random
import sys
import threading
from pathlib import Path
from typing import Any

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
        _say({"url": box.url, "webhook": box.webhook, "ca_bundle": box.ca_bundle})
        stop = threading.Event()
        worker = threading.Thread(target=_change, args=(box.portal, ids, stop), daemon=True)
        worker.start()
        path = Path(sys.stdin.readline().strip())
        stop.set()
        worker.join()
        stayed = {deal_id for deal_id in ids if box.portal.deals.living(deal_id)}
        found = set(json.loads(path.read_text()))
        _say(
            {
                "requests": len(box.log),
                "rejected": sum(record.status != 200 for record in box.log),
                "missed": len(stayed - found),
                "stayed": len(stayed),
            }
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


def _change(portal: Portal, ids: list[int], stop: threading.Event) -> None:
    """Deletes an old deal, changes another and creates a new one, many times a second."""
    chance = random.Random(2)
    doomed = iter(sorted(ids, key=lambda _: chance.random()))
    while not stop.wait(_PAUSE_S):
        portal.delete_deal(next(doomed))
        changed = chance.choice(ids)
        if portal.deals.living(changed):
            portal.update_deal(changed, amount=chance.randrange(10**6))
        portal.create_deal(7, amount=1)


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
