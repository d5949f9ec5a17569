"""Deals as stored: their known versions, owner history and rows."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, or_, select

from store.fact import Deal, DealState
from store.moment import from_ms, to_ms
from store.table import DEAL, OwnerChangeRow, table_of
from store.upsert import Row, chunks, find_rows, keep_images, put_history

_OWNER_CHANGE = table_of(OwnerChangeRow)
_FACT = "deal"
_SLICE = 5_000

History = Sequence[tuple[datetime, str | None]]
"""(after_at, owner_ref) ascending."""


class DealVersion(NamedTuple):
    """The part of a stored deal that decides what its next version means."""

    owner_ref: str | None
    updated_at: datetime


def versions(tx: Connection, source_id: int, refs: Iterable[str]) -> dict[str, DealVersion]:
    """The stored versions of the deals that are known."""
    rows = find_rows(tx, DEAL, ("ref", "owner_ref", "updated_at"), source_id, refs)
    return {ref: DealVersion(owner_ref, from_ms(at)) for ref, owner_ref, at in rows}


def owner_changes(tx: Connection, source_id: int, refs: Iterable[str]) -> dict[str, History]:
    """The owner history of the deals that ever changed hands."""
    found: dict[str, list[tuple[datetime, str | None]]] = {}
    names = ("ref", "after_at", "owner_ref", "fact")
    for ref, at, owner_ref, fact in find_rows(tx, _OWNER_CHANGE, names, source_id, refs):
        if fact == _FACT:
            found.setdefault(ref, []).append((from_ms(at), owner_ref))
    return {ref: sorted(changes, key=lambda each: each[0]) for ref, changes in found.items()}


def add_owner_changes(
    tx: Connection, source_id: int, changes: Iterable[tuple[str, datetime, str | None]]
) -> None:
    """Keeps (ref, after_at, owner_ref); a second owner seen within one version replaces it."""
    rows = [(source_id, _FACT, ref, to_ms(at), owner_ref) for ref, at, owner_ref in changes]
    put_history(tx, _OWNER_CHANGE, rows)


def live_refs(tx: Connection, source_id: int) -> Iterator[str]:
    """Ids of the deals that exist as far as we know."""
    query = select(DEAL.c.ref).where(DEAL.c.source_id == source_id, DEAL.c.removed_at.is_(None))
    yield from tx.execute(query).scalars()


def remove(tx: Connection, source_id: int, refs: Sequence[str], at: datetime) -> None:
    """Marks deals as gone; a deal read again later is as if it had never left."""
    keys: list[Row] = [(source_id, ref) for ref in refs]
    keep_images(tx, DEAL, keys, sign=-1)
    for part in chunks(refs, _SLICE):
        tx.execute(
            DEAL.update()
            .where(DEAL.c.source_id == source_id, DEAL.c.ref.in_(part))
            # No row of a living deal has this hash, so a deal that comes back is written anew.
            .values(removed_at=at, row_hash=to_ms(at))
        )
    keep_images(tx, DEAL, keys, sign=+1)


def live_deals(
    tx: Connection, source_id: int, owner_refs: Collection[str] | None = None
) -> Iterator[list[Deal]]:
    """Every deal that exists, or that these accounts ever held, in slices.

    Safe while the rows themselves are rewritten.
    """
    last = ""
    query = _living(source_id, owner_refs).order_by(DEAL.c.ref).limit(_SLICE)
    while rows := tx.execute(query.where(DEAL.c.ref > last)).mappings().all():
        yield [Deal(**{**row, "state": DealState(row["state"])}) for row in rows]
        last = rows[-1]["ref"]


def _living(source_id: int, owner_refs: Collection[str] | None) -> Select[Any]:
    query = select(*[DEAL.c[name] for name in Deal.__struct_fields__]).where(
        DEAL.c.source_id == source_id, DEAL.c.removed_at.is_(None)
    )
    if owner_refs is None:
        return query
    change = _OWNER_CHANGE.c
    held = select(change.ref).where(
        change.source_id == source_id, change.fact == _FACT, change.owner_ref.in_(owner_refs)
    )
    return query.where(or_(DEAL.c.owner_ref.in_(owner_refs), DEAL.c.ref.in_(held)))
