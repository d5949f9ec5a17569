"""Metrics of the time just before a period, as long as it: what the period is compared with."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from heapq import nlargest

from sqlalchemy import select

from kpi.clientele import Win, read_wins
from kpi.own import Ask, Case
from kpi.period import Span
from kpi.touch import Client
from store.fact import DealState
from store.table import DEAL

_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)


def span_before(span: Span) -> Span:
    """As many days, just before the span."""
    first = span.first - (span.last - span.first + _DAY)
    return Span(first, span.first - _DAY, first)


def cycles(ask: Ask) -> Iterator[Case]:
    """Seconds from creation to the win of the deals won just before the period."""
    deal = DEAL.c
    query = select(deal.closed_by, deal.source_id, deal.ref, deal.closed_at, deal.cycle_s).where(
        deal.closed_day.between(*span_before(ask.span).days),
        deal.state == int(DealState.WON),
        deal.removed_at.is_(None),
        deal.cycle_s.is_not(None),
    )
    for row in ask.tx.execute(query.order_by(deal.source_id, deal.ref)):
        yield Case(*row)


def key_revenue(ask: Ask) -> Iterator[Case]:
    """Deals won with key clients: the `most` who bought for most in the 365 days before the period.
    With `before`, those won just before it, as many days."""
    key = _key_clients(ask)
    span = span_before(ask.span) if ask.options.get("before") else ask.span
    begins_at, ends_at = span.begins_at(ask.vantage.zone), span.ends_at(ask.vantage.zone)
    wins = ask.past.of(read_wins)
    for win in (each for client in key for each in wins[client]):
        if begins_at <= win.at < ends_at:
            head = (win.manager_id, win.client[0], win.ref, win.at)
            yield Case(*head, amount=win.amount or 0, gap=win.amount is None)


def _key_clients(ask: Ask) -> list[Client]:
    begins_at = ask.span.begins_at(ask.vantage.zone)

    def bought(wins: Sequence[Win]) -> int:
        return sum(win.amount or 0 for win in wins if begins_at - _YEAR <= win.at < begins_at)

    bought_for = {client: bought(each) for client, each in ask.past.of(read_wins).items()}
    buyers = [client for client, amount in bought_for.items() if amount > 0]
    return nlargest(ask.options["most"], buyers, key=lambda client: (bought_for[client], client))
