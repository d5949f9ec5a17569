"""Which contacts and companies really came, and which tasks were set, done and missed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sandbox.bitrix24.book import Entry
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.task import DONE
from sandbox.bitrix24.truth_activity import ActivityFact


def client_facts(portal: Portal, reads: Sequence[float]) -> Iterator[ActivityFact]:
    """Clients that exist, by creation; as somebody can know who read at these moments, if any."""
    for metric, book in (
        ("contacts_created", portal.contacts),
        ("companies_created", portal.companies),
    ):
        for entry in book.every.values():
            last = _last(entry, reads)
            if last is not None and not last.deleted:
                holder = _holder(entry, entry.created_at, reads)
                yield ActivityFact(metric, holder, entry.created_at)


def task_facts(portal: Portal, reads: Sequence[float]) -> Iterator[ActivityFact]:
    """Tasks that exist: set, done, and not done by their deadline."""
    until = reads[-1] if reads else portal.now()
    for entry in portal.tasks.every.values():
        last = _last(entry, reads)
        if last is None or last.deleted:
            continue
        moments = {"tasks_created": entry.created_at}
        ends = last.closed_at if last.status == DONE else None
        if ends is not None:
            moments["tasks_done"] = ends
        due = last.deadline
        # Whole seconds: the portal shows no more
        if due is not None and int(due) < int(until if ends is None else ends):
            moments["tasks_overdue"] = due
        for metric, at in moments.items():
            yield ActivityFact(metric, _holder(entry, at, reads), at)


def _last(entry: Entry, reads: Sequence[float]) -> Any:
    return entry.at(reads[-1]) if reads else entry.now


def _holder(entry: Entry, at: float, reads: Sequence[float]) -> int:
    if not reads:
        found: int = (entry.at(at) or entry.versions[0]).owner
        return found
    seen: list[Any] = []
    for moment in reads:
        version = entry.at(moment)
        if version is not None and not version.deleted and (not seen or seen[-1] != version):
            seen.append(version)
    owner: int = seen[0].owner
    for before, after in pairwise(seen):
        if int(at) > int(before.updated_at):
            owner = after.owner
    return owner
