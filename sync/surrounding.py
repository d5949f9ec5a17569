"""Rows of clients, tasks, purchases: the day of every counted moment, and whose they were then."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from store.fact import Client, Purchase, Task, TaskState
from store.moment import to_ms
from store.task import judged_at_ms
from store.upsert import Row, row_hash
from sync.cohort import Kept
from sync.credit import Credit
from sync.owner import OwnerChange


def client_rows(tx: Connection, credit: Credit, source_id: int, kept: Kept) -> list[Row]:
    """The clients in the column order of their table."""
    rows = []
    for client, history in kept:
        owner = client.owner_ref
        created_ms, day, created_by = credit.held(source_id, client.created_at, owner, history)
        head = (source_id, client.ref, int(client.kind), client.name, client.company_ref, owner)
        row = (*head, created_ms, to_ms(client.updated_at), None, day, created_by)
        rows.append((*row, row_hash(row)))
    return rows


def task_rows(tx: Connection, credit: Credit, source_id: int, kept: Kept) -> list[Row]:
    """The tasks in the column order of their table."""
    judged_ms = judged_at_ms(tx, source_id)
    return [_task_row(credit, source_id, *each, judged_ms) for each in kept]


def purchase_rows(tx: Connection, credit: Credit, source_id: int, kept: Kept) -> list[Row]:
    """The purchases in the column order of their table."""
    rows = []
    for each, history in kept:
        bought_ms, day, holder = credit.held(source_id, each.bought_at, each.owner_ref, history)
        money = (each.amount, each.currency)
        base_amount = credit.rates.in_base(source_id, *money, credit.currency, day)
        head = (source_id, each.ref, each.client_ref, *money, base_amount, each.owner_ref)
        row = (*head, bought_ms, to_ms(each.updated_at), None, day, holder)
        rows.append((*row, row_hash(row)))
    return rows


SURROUNDING: Mapping[type[Any], Callable[[Connection, Credit, int, Kept], list[Row]]] = {
    Client: client_rows,
    Task: task_rows,
    Purchase: purchase_rows,
}
"""How what surrounds deals becomes rows."""


def _task_row(
    credit: Credit, source_id: int, task: Task, history: Sequence[OwnerChange], judged_ms: int
) -> Row:
    def held(moment: datetime | None) -> tuple[int | None, int | None, int | None]:
        if moment is None:
            return None, None, None
        return credit.held(source_id, moment, task.owner_ref, history)

    created_ms, *created = held(task.created_at)
    due_ms, *due = held(task.deadline_at)
    done_ms, *done = held(task.done_at)
    head = (source_id, task.ref, int(task.state), int(task.is_crm), task.owner_ref)
    moments = (created_ms, to_ms(task.updated_at), due_ms, done_ms, None)
    row = (*head, *moments, *created, *due, *done)
    ends_ms = judged_ms if task.state is TaskState.OPEN else done_ms
    is_overdue = int(due_ms is not None and ends_ms is not None and due_ms < ends_ms)
    # Being late changes the last bit alone, so that the clock can turn it without the whole row.
    return (*row, is_overdue, row_hash(row) & ~1 | is_overdue)
