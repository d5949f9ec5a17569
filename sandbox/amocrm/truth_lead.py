"""Which deals were really created, won and lost, when, for how much, and whose they were."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sandbox.amocrm.lead import Lead, Version
from sandbox.amocrm.pipeline import LOST, WON, Pipeline
from sandbox.amocrm.task import MEETING, Task, TaskVersion


@dataclass(frozen=True, slots=True)
class LeadFact:
    """A deal that counts: created by whom and when, how it stands at the end.

    `ended_at` and `ended_by` belong to the last move into the stage in which it stands, if that
    is won or lost; `price` in roubles.
    """

    lead: Lead
    owner: int
    at: int
    status: int
    price: int
    reason: int | None
    ended_at: int
    ended_by: int
    holder: int


def lead_facts(
    leads: Iterable[Lead], pipelines: Mapping[int, Pipeline], horizon: int | None
) -> Iterator[LeadFact]:
    """Deals that exist, are not merged away and were accepted; as known at `horizon`, if any."""
    unsorted = {(one.id, one.unsorted) for one in pipelines.values()}
    for lead in leads:
        last = lead.now if horizon is None else lead.at(horizon)
        if last is None or last.deleted or last.stage in unsorted:
            continue
        ended = _last_move(lead, last)
        yield LeadFact(
            lead,
            _owner_at(lead, lead.created_at),
            lead.created_at,
            last.status,
            last.price,
            last.reason,
            ended,
            _owner_at(lead, ended),
            last.owner,
        )


def meeting_facts(tasks: Iterable[Task], horizon: int | None) -> Iterator[tuple[bool, int, int]]:
    """(held, moment, holder) of every meeting: held when it was marked, else planned when due."""
    for task in tasks:
        last = task.now if horizon is None else task.at(horizon)
        if last is None or last.deleted or last.type != MEETING:
            continue
        moment = completed_at(task, last) if last.completed else last.due
        holder = task.at(moment) or task.versions[0]
        yield last.completed, moment, holder.owner


def moves(lead: Lead) -> list[tuple[int, tuple[int, int], tuple[int, int]]]:
    """(moment, stage before, stage after) of every move of a deal."""
    return [
        (after.at, before.stage, after.stage)
        for before, after in pairwise(lead.versions)
        if before.stage != after.stage
    ]


def _last_move(lead: Lead, last: Version) -> int:
    """When the deal came into the stage of this version; its creation if it never moved."""
    came = [at for at, _, _ in moves(lead) if at <= last.at]
    return came[-1] if came else lead.created_at


def _owner_at(lead: Lead, moment: int) -> int:
    """Who held it at the end of that second: a new owner holds from the second of the change."""
    version = lead.at(moment)
    return (version or lead.versions[0]).owner


def completed_at(task: Task, last: TaskVersion) -> int:
    """When a completed task was marked as done the last time."""
    came = task.created_at
    for before, after in pairwise(task.versions):
        if after.completed and not before.completed and after.at <= last.at:
            came = after.at
    return came


def is_won(fact: LeadFact) -> bool:
    """Whether the deal stands won."""
    return fact.status == WON


def is_lost(fact: LeadFact) -> bool:
    """Whether the deal stands lost."""
    return fact.status == LOST
