"""Tasks, and how tasks.task.list shows them: filters in upper case, rows in camel case."""

from datetime import datetime
from typing import Any, NamedTuple

from sandbox.bitrix24.book import Book
from sandbox.bitrix24.field import Field, by_upper, constant
from sandbox.moment import seconds

WAITING, IN_PROGRESS, TO_CHECK, DONE, DEFERRED = 2, 3, 4, 5, 6
"""REAL_STATUS (tasks-task-list.md)."""


class TaskVersion(NamedTuple):
    """The state of a task from `at` on; `owner` is the person responsible."""

    at: float
    updated_at: float
    by: int
    owner: int
    title: str
    deadline: float | None = None
    status: int = WAITING
    closed_at: float | None = None
    links: tuple[str, ...] = ()
    deleted: bool = False


class Tasks(Book):
    """Every task."""

    def create(
        self,
        owner: int,
        title: str = "Задача",
        *,
        deadline: datetime | None = None,
        links: tuple[str, ...] = (),
        by: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """A new task for `owner`; `links` such as D_12. Returns its id."""
        maker = owner if by is None else by
        due = None if deadline is None else seconds(deadline)
        return self.open(
            lambda moment: TaskVersion(
                moment, moment, maker, owner, title, due, WAITING, None, links
            ),
            at,
        )

    def finish(self, task_id: int, *, at: datetime | None = None) -> bool:
        """Marks it as done, at this moment."""
        moment = max(self.moment(at), self.found(task_id).now.at)
        return self.change(task_id, at=at, status=DONE, closed_at=moment)

    def reopen(self, task_id: int, *, at: datetime | None = None) -> bool:
        """Takes it into work again."""
        return self.change(task_id, at=at, status=IN_PROGRESS, closed_at=None)


def _now(name: str) -> Any:
    return lambda entry: getattr(entry.versions[-1], name)


def _second(name: str) -> Any:
    def get(entry: Any) -> int | None:
        value = getattr(entry.versions[-1], name)
        return None if value is None else int(value)

    return get


TASK_FIELDS = by_upper(
    (
        Field("id", "ID", "integer", lambda entry: entry.id),
        Field("title", "TITLE", "string", _now("title")),
        Field("status", "REAL_STATUS", "integer", _now("status")),
        Field("status", "STATUS", "integer", _now("status")),
        Field("responsibleId", "RESPONSIBLE_ID", "user", _now("owner")),
        Field("createdBy", "CREATED_BY", "user", lambda entry: entry.created_by),
        Field("createdDate", "CREATED_DATE", "datetime", lambda e: int(e.created_at)),
        Field("changedDate", "CHANGED_DATE", "datetime", _second("updated_at")),
        Field("closedDate", "CLOSED_DATE", "datetime", _second("closed_at")),
        Field("deadline", "DEADLINE", "datetime", _second("deadline")),
        Field("groupId", "GROUP_ID", "integer", constant(0)),
        Field("ufCrmTask", "UF_CRM_TASK", "object", lambda entry: list(entry.now.links)),
    )
)
