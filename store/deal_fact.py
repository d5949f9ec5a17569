"""What is known of single deals beside the KPIs: where they stand, and the talks with a client."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from store.call import CALL_LEG
from store.fact import DealState
from store.moment import to_ms
from store.table import DEAL


class Standing(NamedTuple):
    """A deal that is open, or that closed at `closed_at`; `client_ref` is whose deal it is."""

    ref: str
    pipeline_ref: str
    stage_ref: str
    client_ref: str | None
    created_at: datetime
    closed_at: datetime | None


class Talk(NamedTuple):
    """A leg on which an employee and a client talked, at unix milliseconds, for seconds."""

    at_ms: int
    talk_s: int


def standings(tx: Connection, source_id: int, closed_from: datetime) -> list[Standing]:
    """The deals that exist and are open or closed at or after this moment, by id."""
    columns = [DEAL.c[name] for name in Standing._fields]
    query = select(*columns).where(
        DEAL.c.source_id == source_id,
        DEAL.c.removed_at.is_(None),
        or_(DEAL.c.state == int(DealState.OPEN), DEAL.c.closed_at >= closed_from),
    )
    return [Standing(*row) for row in tx.execute(query.order_by(DEAL.c.ref))]


def talks(tx: Connection, source_id: int, since: datetime) -> Mapping[str, list[Talk]]:
    """The talks that began at or after this moment, by client, the oldest first."""
    leg = CALL_LEG.c
    query = select(leg.client_ref, leg.started_at, leg.talk_s).where(
        leg.source_id == source_id,
        leg.client_ref.is_not(None),
        leg.started_at >= since,
        leg.talk_s > 0,
    )
    found: dict[str, list[Talk]] = {}
    for client_ref, started_at, talk_s in tx.execute(query.order_by(leg.started_at)):
        found.setdefault(client_ref, []).append(Talk(to_ms(started_at), talk_s))
    return found
