"""The write-back ledger: places, the records we keep there, runs, and every intended write."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from store.bookkeeping import DestinationRow, WritebackItemRow, WritebackRunRow, WritebackStepRow
from store.table import table_of

_PLACE = table_of(DestinationRow)
_ITEM = table_of(WritebackItemRow)
_RUN = table_of(WritebackRunRow)
_STEP = table_of(WritebackStepRow)

Texts = Mapping[str, str | None]
Shape = tuple[tuple[str, str, str], ...]
"""Fields as (name, kind, title)."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A destination as the store knows it; one never saved has only a name."""

    name: str
    container: str | None = None
    approved: Shape = ()
    built: Shape = ()
    unlimited: bool = False
    pause_code: str | None = None
    pause: str | None = None
    written_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A record we keep: what it was confirmed to show, and what a person changed in it.

    `held`: field -> [the person's value, our value when we saw it].
    """

    key: str
    ref: str | None = None
    shown: Texts = field(default_factory=dict)
    held: Mapping[str, list[str | None]] = field(default_factory=dict)
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A step of a run: what was to be written, and what became of it."""

    run: int
    seq: int
    action: str
    key: str
    ref: str | None = None
    old: Texts = field(default_factory=dict)
    new: Texts = field(default_factory=dict)
    state: str = "intended"
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One application of a plan."""

    id: int
    destination: str
    ended_at: datetime | None
    undone_at: datetime | None


def load_place(tx: Connection, name: str) -> Place:
    """The destination with this name."""
    row = tx.execute(select(_PLACE).where(_PLACE.c.name == name)).mappings().first()
    if row is None:
        return Place(name=name)
    shapes = {each: tuple(map(tuple, json.loads(row[each]))) for each in ("approved", "built")}
    return Place(**{**row, **shapes})


def save_place(tx: Connection, name: str, **changes: Any) -> None:
    """Sets columns of the destination; `approved` and `built` are given as shapes."""
    values = {
        column: json.dumps(value, ensure_ascii=False) if column in ("approved", "built") else value
        for column, value in changes.items()
    }
    if tx.execute(update(_PLACE).where(_PLACE.c.name == name).values(values)).rowcount == 0:
        tx.execute(insert(_PLACE).values({**_BLANK_PLACE, "name": name, **values}))


def load_items(tx: Connection, destination: str) -> dict[str, Known]:
    """Every record we keep there, by key."""
    query = select(_ITEM).where(_ITEM.c.destination == destination)
    return {row.key: _known(row) for row in tx.execute(query)}


def save_item(tx: Connection, destination: str, known: Known, at: datetime) -> None:
    """Remembers what a record shows, confirmed at this moment."""
    forget_items(tx, destination, [known.key])
    row = WritebackItemRow(
        destination=destination,
        key=known.key,
        remote_ref=known.ref,
        shown=_dump(known.shown),
        held=_dump(known.held),
        failures=known.failures,
        retry_at=known.retry_at,
        confirmed_at=at,
    )
    tx.execute(insert(_ITEM).values(row.model_dump()))


def forget_items(tx: Connection, destination: str, keys: Iterable[str] | None = None) -> None:
    """Forgets the records with these keys, or all of them."""
    query = delete(_ITEM).where(_ITEM.c.destination == destination)
    tx.execute(query if keys is None else query.where(_ITEM.c.key.in_(list(keys))))


def unfinished_run(tx: Connection, destination: str) -> int | None:
    """The run of this destination that has not ended; there is at most one."""
    query = select(func.max(_RUN.c.id)).where(
        _RUN.c.destination == destination, _RUN.c.ended_at.is_(None)
    )
    return tx.execute(query).scalar()


def open_run(tx: Connection, destination: str, at: datetime) -> int:
    """The unfinished run, else a new one."""
    found = unfinished_run(tx, destination)
    if found is not None:
        return found
    values = {"destination": destination, "began_at": at}
    return int(tx.execute(insert(_RUN).values(values).returning(_RUN.c.id)).scalar_one())


def end_run(tx: Connection, run: int, at: datetime) -> None:
    """Nothing more will be written under this run."""
    tx.execute(update(_RUN).where(_RUN.c.id == run).values(ended_at=at))


def mark_undone(tx: Connection, run: int, at: datetime) -> None:
    """What the run wrote has been put back."""
    tx.execute(update(_RUN).where(_RUN.c.id == run).values(undone_at=at))


def prune(tx: Connection, destination: str, before: datetime) -> None:
    """Forgets changes of runs ended before; what made records or parts of a container is kept."""
    old = select(_RUN.c.id).where(_RUN.c.destination == destination, _RUN.c.ended_at < before)
    tx.execute(delete(_STEP).where(_STEP.c.run_id.in_(old), _STEP.c.action == "update"))
    full = select(_STEP.c.run_id)
    tx.execute(delete(_RUN).where(_RUN.c.id.in_(old), _RUN.c.id.not_in(full)))


def find_run(tx: Connection, run: int) -> Run | None:
    """The run with this id."""
    row = tx.execute(select(_RUN).where(_RUN.c.id == run)).first()
    if row is None:
        return None
    return Run(
        id=row.id, destination=row.destination, ended_at=row.ended_at, undone_at=row.undone_at
    )


def add_intent(
    tx: Connection,
    run: int,
    action: str,
    key: str,
    *,
    ref: str | None = None,
    old: Texts | None = None,
    new: Texts | None = None,
) -> Intent:
    """Records a write that is about to be sent."""
    last = tx.execute(select(func.max(_STEP.c.seq)).where(_STEP.c.run_id == run)).scalar()
    step = Intent(
        run=run, seq=(last or 0) + 1, action=action, key=key, ref=ref, old=old or {}, new=new or {}
    )
    row = WritebackStepRow(
        run_id=run,
        seq=step.seq,
        action=action,
        key=key,
        remote_ref=ref,
        old=_dump(step.old),
        new=_dump(step.new),
        state=step.state,
    )
    tx.execute(insert(_STEP).values(row.model_dump()))
    return step


def settle(
    tx: Connection, step: Intent, state: str, *, reason: str | None = None, ref: str | None = None
) -> None:
    """Records what became of a write: confirmed, rejected or lost."""
    tx.execute(
        update(_STEP)
        .where(_STEP.c.run_id == step.run, _STEP.c.seq == step.seq)
        .values(state=state, reason=reason, remote_ref=ref or step.ref)
    )


def open_intents(tx: Connection, destination: str) -> list[Intent]:
    """Writes whose outcome nobody knows yet, in the order they were intended."""
    query = (
        select(_STEP)
        .join(_RUN, _RUN.c.id == _STEP.c.run_id)
        .where(_STEP.c.state == "intended", _RUN.c.destination == destination)
    )
    return [_intent(row) for row in tx.execute(query.order_by(_STEP.c.run_id, _STEP.c.seq))]


def steps_of(tx: Connection, run: int) -> list[Intent]:
    """Every step of a run, in order."""
    query = select(_STEP).where(_STEP.c.run_id == run).order_by(_STEP.c.seq)
    return [_intent(row) for row in tx.execute(query)]


_BLANK_PLACE = {"approved": "[]", "built": "[]", "unlimited": False}


def _known(row: Row[Any]) -> Known:
    return Known(
        key=row.key,
        ref=row.remote_ref,
        shown=json.loads(row.shown),
        held=json.loads(row.held),
        failures=row.failures,
        retry_at=row.retry_at,
    )


def _intent(row: Row[Any]) -> Intent:
    return Intent(
        run=row.run_id,
        seq=row.seq,
        action=row.action,
        key=row.key,
        ref=row.remote_ref,
        old=json.loads(row.old),
        new=json.loads(row.new),
        state=row.state,
        reason=row.reason,
    )


def _dump(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
