"""Which contacts and companies really came, and which tasks were set, done and missed."""

from collections.abc import Iterator, Sequence

from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.task import DONE
from sandbox.bitrix24.truth_activity import ActivityFact
from sandbox.bitrix24.truth_owner import last_version, version_at


def client_facts(portal: Portal, reads: Sequence[float]) -> Iterator[ActivityFact]:
    """Clients that exist, by creation; as somebody can know who read at these moments, if any."""
    for metric, book in (
        ("contacts_created", portal.contacts),
        ("companies_created", portal.companies),
    ):
        for entry in book.every.values():
            if last_version(entry, reads) is not None:
                holder = version_at(entry, entry.created_at, reads).owner
                yield ActivityFact(metric, holder, entry.created_at)


def task_facts(portal: Portal, reads: Sequence[float]) -> Iterator[ActivityFact]:
    """Tasks that exist: set, done, and not done by their deadline."""
    until = reads[-1] if reads else portal.now()
    for entry in portal.tasks.every.values():
        last = last_version(entry, reads)
        if last is None:
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
            yield ActivityFact(metric, version_at(entry, at, reads).owner, at)
