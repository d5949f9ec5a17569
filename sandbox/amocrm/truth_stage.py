"""How far deals came, counted by plain loops over everything that was ever moved."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from sandbox.amocrm.account import Account
from sandbox.amocrm.pipeline import WON, Pipeline
from sandbox.amocrm.truth_lead import LeadFact, lead_facts
from sandbox.moment import day_of, seconds
from sandbox.tally import User, climbed, credited

Step = tuple[User, str, str, str]
"""Whose, the pipeline, the earlier stage and the later one."""


def step_truth(
    account: Account, *, since: date, until: date, read: datetime, tz: str
) -> dict[Step, tuple[int, int]]:
    """(reached the later stage or one beyond, reached the earlier) of deals created these days.

    Credited to who held the deal when it was created.
    """
    horizon = int(seconds(read))
    found: dict[Step, tuple[int, int]] = {}
    with account.lock:
        for fact in lead_facts(account.leads.every(), account.pipelines, horizon):
            if not since <= day_of(fact.at, tz) <= until:
                continue
            for step, reached in _steps(fact, account.pipelines.values(), horizon):
                for user in credited(account.users, fact.owner):
                    above, below = found.get((user, *step), (0, 0))
                    found[user, *step] = above + reached, below + 1
    return found


def _steps(
    fact: LeadFact, pipelines: Iterable[Pipeline], horizon: int
) -> Iterator[tuple[tuple[str, str, str], bool]]:
    stood = {version.stage for version in fact.lead.versions if version.at <= horizon}
    for pipeline in pipelines:
        rungs = [(pipeline.id, status) for status in (*pipeline.path, WON)]
        for (_, earlier), (_, later), reached in climbed(rungs, stood):
            yield (str(pipeline.id), str(earlier), str(later)), reached
