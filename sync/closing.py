"""When deals were won or lost: by the stage history, and by the deals until that is read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from store import stage_change
from store.fact import Deal, StageChange
from store.moment import EPOCH, to_ms
from store.table import DEAL
from store.upsert import Row
from sync.credit import Credit
from sync.owner import OwnerChange


def closed_at(
    by_deal: datetime | None, last_arrival: datetime | None, read_to: datetime | None
) -> datetime | None:
    """The moment of the last move into the stage in which a closed deal stands.

    `last_arrival` is the last one into that stage as the history knows it. Before the history has
    been read up to the move that the deal itself tells of, the deal's word stands.
    """
    if by_deal is None or last_arrival is None:
        return by_deal
    is_behind = last_arrival < by_deal and (read_to is None or read_to < by_deal)
    return by_deal if is_behind else last_arrival


def deal_rows(
    tx: Connection,
    credit: Credit,
    source_id: int,
    kept: Sequence[tuple[Deal, Sequence[OwnerChange]]],
) -> list[Row]:
    """The rows of deals, each closed when the stage history says so."""
    closed = [deal.ref for deal, _ in kept if deal.closed_at is not None]
    arrivals = stage_change.last_arrivals(tx, source_id, DEAL.name, closed)
    read_to = stage_change.read_to(tx, source_id, DEAL.name) if arrivals else None
    rows = []
    for deal, history in kept:
        arrival = arrivals.get((deal.ref, deal.pipeline_ref, deal.stage_ref))
        at = closed_at(deal.closed_at, arrival, read_to)
        rows.append(credit.deal_row(source_id, deal, history, at))
    return rows


def keep_history(
    tx: Connection, credit: Credit, source_id: int, changes: Sequence[StageChange]
) -> tuple[int, set[str]]:
    """Keeps the history of deals; tells how much was new and which deals it dates anew.

    Those are the deals it tells of, and those whose own word stood because the history had not
    been read so far.
    """
    if not changes:
        return 0, set()
    fresh = stage_change.put_changes(tx, source_id, changes)
    touched = {each.record_ref for each in fresh}
    before = stage_change.read_to(tx, source_id, DEAL.name) or EPOCH
    until = max(each.seen_at for each in changes)
    if until > before:
        stage_change.note_read_to(tx, source_id, DEAL.name, until)
        days = (credit.days(to_ms(before)), credit.days(to_ms(until)))
        touched |= stage_change.waiting_deals(tx, source_id, days, (before, until))
    return len(fresh), touched
