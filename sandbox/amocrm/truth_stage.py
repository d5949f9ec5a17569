"""How far deals came, counted by plain loops over everything that was ever moved."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.amocrm.account import Account
from sandbox.amocrm.pipeline import WON, Pipeline
from sandbox.amocrm.truth_lead import LeadFact, lead_facts
from sandbox.moment import seconds
from sandbox.tally import User

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
            if not since <= datetime.fromtimestamp(fact.at, ZoneInfo(tz)).date() <= until:
                continue
            for pipeline in account.pipelines.values():
                for earlier, later, reached in _steps(fact, pipeline, horizon):
                    for user in (fact.owner, None):
                        if user is not None and user not in account.users:
                            continue
                        key = (user, str(pipeline.id), str(earlier), str(later))
                        above, below = found.get(key, (0, 0))
                        found[key] = above + reached, below + 1
    return found


def _steps(fact: LeadFact, pipeline: Pipeline, horizon: int) -> Iterable[tuple[int, int, bool]]:
    """The steps whose earlier stage was reached or passed, and whether the later one was too."""
    rungs = [*pipeline.path, WON]
    stood = {version.stage for version in fact.lead.versions if version.at <= horizon}
    passed = [place for place, status in enumerate(rungs) if (pipeline.id, status) in stood]
    if passed:
        for place in range(min(max(passed) + 1, len(rungs) - 1)):
            yield rungs[place], rungs[place + 1], max(passed) > place
