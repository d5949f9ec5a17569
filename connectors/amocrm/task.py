"""Tasks, of which some are meetings; when one was done, only the events tell. (tasks-api)"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.amocrm import ledger
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.recent import with_ids
from connectors.amocrm.value import KINDS, moment, optional_moment, seconds_of
from connectors.amocrm.walk import Walk, walk_on, whole
from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref
from store.fact import Fact, Meeting, MeetingState, Task, TaskState
from store.upsert import chunks

NAME = "tasks"
PATH = "api/v4/tasks"
LAG = timedelta(minutes=2)
MEETING = "2"
"""task_type_id of a meeting; other kinds have other numbers in every account."""

_DONE = "task_completed"
_AT_ONCE = 10
"""Entities in one question to the events."""
_AHEAD = timedelta(days=1)


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """The tasks that changed, with the moments at which they were done."""
    begins, now = seconds_of(since.changed_from), client.now()
    done = dict(_moments(ledger.of_types(client, (_DONE,), begins, seconds_of(now))))
    bounds = (
        ("filter[updated_at][from]", begins),
        ("filter[updated_at][to]", seconds_of(now + _AHEAD)),
    )
    for rows in walk_on(client, Walk(path=PATH, name="tasks", query=bounds), since.checkpoint):
        records = _dated(client, rows.rows, done)
        yield Page(
            records=records,
            checkpoint=rows.place,
            served_at=min(now, rows.served_at),
            cursor="1",
        )


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The tasks with these ids."""
    for body, rows in with_ids(client, Walk(path=PATH, name="tasks"), refs):
        yield Page(records=_dated(client, rows, {}), checkpoint="", served_at=body.served_at)


def existing_ids(client: AmocrmClient, since: datetime) -> Iterator[str]:
    """Ids of the tasks that exist and changed since the moment."""
    bounds = (
        ("filter[updated_at][from]", seconds_of(since)),
        ("filter[updated_at][to]", seconds_of(client.now() + _AHEAD)),
    )
    for rows in walk_on(client, Walk(path=PATH, name="tasks", query=bounds)):
        yield from (str(row["id"]) for row in rows.rows)


def beside(client: AmocrmClient, folder: str, ref: str) -> Iterator[Record]:
    """Every task of one record, ready to be normalized."""
    of_it = (("filter[entity_type]", folder), ("filter[entity_id]", ref))
    for rows in walk_on(client, Walk(path=PATH, name="tasks", query=of_it)):
        yield from _dated(client, rows.rows, {})


def _dated(client: AmocrmClient, rows: Sequence[Record], done: Mapping[str, int]) -> list[Record]:
    """The tasks with the moment of their last completion (unix seconds, 0 = no event tells)."""
    completed = [str(row.get("id")) for row in rows if row.get("is_completed")]
    unknown = [ref for ref in completed if ref not in done]
    found = dict(done)
    for part in chunks(unknown, _AT_ONCE):
        found |= dict(_moments(ledger.of_entities(client, "task", part, _DONE)))
    return [{**row, "completed_at": found.get(str(row.get("id")), 0)} for row in rows]


def _moments(events: Iterable[Record]) -> Iterator[tuple[str, int]]:
    """The last moment by task."""
    last: dict[str, int] = {}
    for each in events:
        ref = str(each.get("entity_id"))
        last[ref] = max(whole(each, "created_at"), last.get(ref, 0))
    yield from last.items()


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A task, and the meeting it is: held when it was done, else planned for when it is due."""
    ref, is_done = required_ref(record, "id"), record.get("is_completed") in (True, 1, "1")
    owner, updated_at = optional_ref(record, "responsible_user_id"), moment(record, "updated_at")
    due_at, created_at = optional_moment(record, "complete_till"), moment(record, "created_at")
    done_at = optional_moment(record, "completed_at") or updated_at if is_done else None
    about = _about(record)
    yield Task(
        ref=ref,
        state=TaskState.DONE if is_done else TaskState.OPEN,
        is_crm=about is not None,
        owner_ref=owner,
        created_at=created_at,
        updated_at=updated_at,
        deadline_at=due_at,
        done_at=done_at,
    )
    state = MeetingState.HELD if is_done else MeetingState.PLANNED
    is_meeting = optional_ref(record, "task_type_id") == MEETING
    yield Meeting(
        ref=ref,
        # Kept all the same: the type of a task may be changed
        state=state if is_meeting else MeetingState.NONE,
        owner_ref=owner,
        begun_at=done_at or due_at or created_at,
        updated_at=updated_at,
        about_ref=about,
    )


def _about(record: Record) -> str | None:
    ref, kind = optional_ref(record, "entity_id"), KINDS.get(record.get("entity_type"))
    return f"{kind}:{ref}" if ref and kind else None
