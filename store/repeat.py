"""Which won deals are not the first of their client; kept beside them in `is_repeat`."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from store.fact import DealState
from store.partial_index import IS_WON
from store.table import DEAL
from store.upsert import Row, amend_rows, each_of, find_rows

_CLIENT, _STATE = map(DEAL.columns.keys().index, ("client_ref", "state"))
# A client may have thousands of wins: none is read but the first ones and those that are wrong.
_WINS = f"deal WHERE {IS_WON} AND source_id = {{source}} AND client_ref = who AND is_repeat = "
_WRONG = """
WITH client AS MATERIALIZED (
    SELECT who, (
        SELECT min(at) FROM (
            SELECT min(closed_at) AS at FROM {wins} 0
            UNION ALL SELECT min(closed_at) FROM {wins} 1
        ) AS either
    ) AS first_at FROM {asked}
)
SELECT ref, 1 FROM client CROSS JOIN {wins} 0 AND closed_at > first_at
UNION ALL
SELECT ref, 0 FROM client CROSS JOIN {wins} 1 AND closed_at <= first_at
"""


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
    if not clients:
        return 0
    asked, bound = each_of(tx, clients)
    wins = _WINS.format(source=source_id)
    wrong = tx.exec_driver_sql(_WRONG.format(wins=wins, asked=asked), (bound,))
    news = {(source_id, ref): {"is_repeat": flag} for ref, flag in wrong}
    return amend_rows(tx, DEAL, news, journal=journal)
