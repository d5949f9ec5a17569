"""Which tasks are overdue as stored, and up to which moment that was looked at."""

from sqlalchemy import Connection, select

from store.fact import TaskState
from store.mark import read_mark, write_mark
from store.moment import EPOCH, from_ms
from store.surrounding import TASK
from store.upsert import amend_rows


def judged_at_ms(tx: Connection, source_id: int) -> int:
    """Up to which moment (unix milliseconds) deadlines were looked at; 0 before the first time."""
    return int(read_mark(tx, _mark(source_id)) or 0)


def judge_deadlines(tx: Connection, source_id: int, until_ms: int) -> int:
    """Marks as overdue what is not done and was due before this moment; how many it marked.

    What was due before the last such moment was marked then, or when it was written.
    """
    task = TASK.c
    before = judged_at_ms(tx, source_id)
    if until_ms <= before:
        return 0
    query = select(task.ref, task.row_hash).where(
        task.source_id == source_id,
        task.state == int(TaskState.OPEN),
        task.is_overdue == 0,
        task.removed_at.is_(None),
        task.deadline_at >= (from_ms(before) if before else EPOCH),
        task.deadline_at < from_ms(until_ms),
    )
    found = tx.execute(query).all()
    write_mark(tx, _mark(source_id), str(until_ms))
    news = {(source_id, row.ref): {"is_overdue": 1, "row_hash": row.row_hash ^ 1} for row in found}
    return amend_rows(tx, TASK, news, journal=True)


def _mark(source_id: int) -> str:
    return f"tasks.judged.{source_id}"
