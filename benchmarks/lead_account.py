"""`python -m benchmarks.lead_account ROWS`: an amoCRM account of many leads that keep changing."""

import random
import sys
from collections.abc import Iterator

from benchmarks.busy import serve
from sandbox.amocrm.account import Account
from sandbox.amocrm.lead import Lead, Version
from sandbox.server import start_sandbox

LATENCY_S = 0.1
"""What a page of 250 leads with their contacts takes, at least."""

_PAUSE_S = 20.0
_MONTH_S = 30 * 86_400


def main(rows: int) -> None:
    """Serves until asked for the account."""
    with start_sandbox("amocrm", scale="empty", limits=True, tls=True) as box:
        box.limits.latency_s = LATENCY_S
        ids = _fill(box.account, rows)
        serve(
            box,
            {"url": box.url, "token": box.token, "ca_bundle": box.ca_bundle},
            ids,
            _changes(box.account, ids),
            pause_s=_PAUSE_S,
            stays=lambda lead_id: lead_id in box.account.leads.rows,
        )


def _fill(account: Account, rows: int) -> list[int]:
    """Open leads of a month, accepted, each with a contact; their ids."""
    begun, owners = account.now() - _MONTH_S, sorted(account.users)
    pipeline = next(iter(account.pipelines.values()))
    leads = []
    for number in range(rows):
        at, owner = begun + number, owners[number % len(owners)]
        stage = pipeline.path[number % len(pipeline.path)]
        first = Version(at, owner, owner, pipeline.id, stage, number * 100, "Сделка")
        leads.append(Lead(account.fresh_id(), first, 1 + number % 5_000))
    account.leads.bring(leads)
    return [lead.id for lead in leads]


def _changes(account: Account, ids: list[int]) -> Iterator[None]:
    """Each deletes an old lead, changes another and creates a new one."""
    chance = random.Random(2)
    for doomed in sorted(ids, key=lambda _: chance.random()):
        account.delete_lead(doomed)
        changed = chance.choice(ids)
        if changed in account.leads.rows:
            account.update_lead(changed, price=chance.randrange(10**6))
        account.create_lead(next(iter(account.users)), price=1)
        yield


if __name__ == "__main__":
    main(int(sys.argv[1]))
