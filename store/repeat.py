"""Which won deals are not the first of their client; kept beside them in `is_repeat`."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection

from store.fact import DealState
from store.table import DEAL
from store.upsert import Row, amend_rows, find_among, find_rows

_CLIENT, _STATE = map(DEAL.columns.keys().index, ("client_ref", "state"))
_COLUMNS = ("ref", "client_ref", "closed_at", "is_repeat")
_WON = f"source_id = {{}} AND state = {int(DealState.WON)} AND removed_at IS NULL"


def winning_clients(tx: Connection, source_id: int, refs: Iterable[str]) -> set[str]:
    """The clients of those of these deals that are stored as won."""
    rows = find_rows(tx, DEAL, ("client_ref", "state"), source_id, refs)
    return {client for client, state in rows if client and state == DealState.WON}


def winners(rows: Iterable[Row]) -> set[str]:
    """The clients of those of these rows, in the column order of deals, that are won."""
    return {row[_CLIENT] for row in rows if row[_STATE] == DealState.WON and row[_CLIENT]}


def settle_repeats(
    tx: Connection, source_id: int, clients: Collection[str], *, journal: bool
) -> int:
    """Puts `is_repeat` right on every won deal of these clients; how many it changed.

    A win is a repeat when another deal of the client, one that exists, was won earlier.
    """
    found: dict[str, list[Any]] = {}
    for ref, client, closed_at, flag in find_among(
        tx, DEAL, _COLUMNS, clients, by="client_ref", where=_WON, given=(source_id,)
    ):
        if closed_at is not None:
            found.setdefault(client, []).append((ref, closed_at, flag))
    wrong: dict[str, int] = {}
    for wins in found.values():
        first = min(closed_at for _, closed_at, _ in wins)
        rights = {ref: int(closed_at > first) for ref, closed_at, flag in wins}
        wrong |= {ref: rights[ref] for ref, _, flag in wins if flag != rights[ref]}
    news = {(source_id, ref): {"is_repeat": flag} for ref, flag in wrong.items()}
    return amend_rows(tx, DEAL, news, journal=journal)
