"""Tasks of the portal, by tasks.task.list. Neither text nor title is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.optional import optional
from connectors.bitrix24.paging import Listing, fetch_by_id, read_all
from connectors.bitrix24.run import counted, open_run, pages_before, read_run
from connectors.field import moment, optional_ref, required_ref, senseless
from store.fact import Fact, Task, TaskState

NAME = "tasks"
_FIELDS = (
    "ID",
    "REAL_STATUS",
    "RESPONSIBLE_ID",
    "CREATED_DATE",
    "CHANGED_DATE",
    "CLOSED_DATE",
    "DEADLINE",
    "UF_CRM_TASK",
)
_STATUSES = frozenset("123456")
_DONE = "5"
"""REAL_STATUS: 2 waits, 3 in work, 4 waits to be checked, 5 done, 6 put off
(tasks-task-list.md)."""

_MOST_OPENING_PAGES = 4


def _listing(
    where: Mapping[str, Any], select: Sequence[str] = _FIELDS, name: str = NAME
) -> Listing:
    def params(after: str) -> Mapping[str, Any]:
        return {
            "select": select,
            "filter": {**where, ">ID": after},
            "order": {"ID": "ASC"},
            "start": -1,
        }

    # Asked for in capitals, answered in small letters
    return Listing(name, "tasks.task.list", "id", params, ("tasks",), asked_field="ID")


def _since(at: datetime) -> Mapping[str, Any]:
    return {">=CHANGED_DATE": iso(at)}


def opening(since: Since) -> Sequence[Command]:
    """As many pages as the last run needed, or the first of everything."""
    pages_wanted = pages_before(since, _MOST_OPENING_PAGES)
    return open_run(_listing(_since(since.changed_from)), since, pages_wanted)


@optional
def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Everything that changed."""
    first = first_answer(client, NAME, since, opening)
    rows = read_run(client, _listing(_since(since.changed_from)), since, first=first)
    return counted(rows, _MOST_OPENING_PAGES if since.cursor else 1)


def existing_ids(client: Bitrix24Client, since: datetime) -> Iterator[str]:
    """Ids of the tasks that exist and changed since the moment."""
    for found in read_all(client, _listing(_since(since), ("ID",), "ids")):
        yield from (str(row["id"]) for row in found.rows)


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The tasks with these ids."""
    return fetch_by_id(client, refs, lambda some: _listing({"@ID": some}))


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A task of whoever is responsible for it. Who has to check it has not got it done yet."""
    status = str(record.get("status"))
    if status not in _STATUSES:
        raise senseless("status", "is none of 1 to 6")
    is_done = status == _DONE
    yield Task(
        ref=required_ref(record, "id"),
        state=TaskState.DONE if is_done else TaskState.OPEN,
        is_crm=bool(record.get("ufCrmTask")),
        owner_ref=optional_ref(record, "responsibleId"),
        created_at=moment(record, "createdDate"),
        updated_at=moment(record, "changedDate"),
        deadline_at=moment(record, "deadline") if record.get("deadline") else None,
        done_at=_done_at(record) if is_done else None,
    )


def _done_at(record: Record) -> datetime:
    return moment(record, "closedDate" if record.get("closedDate") else "changedDate")
