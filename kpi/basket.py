"""Metrics of what deals sell and of what clients do in them."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import func, literal, select

from kpi.earlier import span_before
from kpi.own import Ask, Case
from kpi.touch import Client, Clients, is_known_by
from store.call import CALL_LEG
from store.fact import DealState, Direction, EmailKind, Seen
from store.surrounding import PRODUCT_LINE
from store.table import CALL, CUSTOM_VALUE, DEAL, EMAIL, TEAM


def bought(ask: Ask) -> Iterator[Case]:
    """Lines of deals won; of one client and product they have one key. With `before`, those of the
    time just before the period, as long as it."""
    span = span_before(ask.span) if ask.options.get("before") else ask.span
    clients, line = ask.past.of(Clients), PRODUCT_LINE.c
    query = select(PRODUCT_LINE).where(
        line.closed_day.between(*span.days),
        line.state == int(DealState.WON),
        line.removed_at.is_(None),
        line.client_ref.is_not(None),
    )
    for row in ask.tx.execute(query.order_by(line.source_id, line.ref)):
        if client := clients.client(row.source_id, row.client_ref):
            head = (row.closed_by, row.source_id, row.deal_ref, row.closed_at)
            yield Case(*head, key=(client, row.product_ref), fact="deal")


def unapproved(ask: Ask) -> Iterator[Case]:
    """Discounts in deals won of which the custom field `unless` is not filled in."""
    value, line = CUSTOM_VALUE.c, PRODUCT_LINE.c
    approved = (
        select(value.ref)
        .where(
            value.source_id == line.source_id,
            value.kind == DEAL.name,
            value.ref == line.deal_ref,
            value.name == ask.options["unless"],
        )
        .exists()
    )
    query = select(PRODUCT_LINE).where(
        line.closed_day.between(*ask.days),
        line.state == int(DealState.WON),
        line.removed_at.is_(None),
        line.discount > 0,
        ~approved,
    )
    for row in ask.tx.execute(query.order_by(line.source_id, line.ref)):
        amount, gap = row.base_discount or 0, row.base_discount is None
        head = (row.closed_by, row.source_id, row.deal_ref, row.closed_at)
        yield Case(*head, amount=amount, gap=gap)


def together(ask: Ask) -> Iterator[Case]:
    """Of the deals created, those in which the client acted `least` times and more: wrote a letter
    about the deal, or rang and talked while it was open."""
    clients, acts, rung = ask.past.of(Clients), _letters(ask), _rings(ask)
    born = select(DEAL).where(DEAL.c.created_day.between(*ask.days), DEAL.c.removed_at.is_(None))
    for deal in ask.tx.execute(born):
        owner = clients.client(deal.source_id, f"deal:{deal.ref}")
        closed_at = deal.closed_at or ask.vantage.now
        times = rung.get(owner, {}).values() if owner else ()
        number = acts.get((deal.source_id, deal.ref), 0)
        number += sum(deal.created_at <= at <= closed_at for at in times)
        head = (deal.created_by, deal.source_id, deal.ref, deal.created_at)
        yield Case(*head, amount=int(number >= ask.options["least"]))


def _letters(ask: Ask) -> Mapping[tuple[int, str], int]:
    """How many letters the client wrote about each deal that was created in the period."""
    mail, deal = EMAIL.c, DEAL.c
    about = (mail.source_id == deal.source_id) & (mail.about_ref == literal("deal:") + deal.ref)
    query = (
        select(deal.source_id, deal.ref, func.count())
        .join_from(DEAL, EMAIL, about)
        .where(
            deal.created_day.between(*ask.days),
            mail.direction == int(Direction.IN),
            mail.kind == int(EmailKind.PERSONAL),
            mail.removed_at.is_(None),
        )
    )
    rows = ask.tx.execute(query.group_by(deal.source_id, deal.ref))
    return {(source_id, ref): number for source_id, ref, number in rows}


def _rings(ask: Ask) -> Mapping[Client, Mapping[str, datetime]]:
    """When each client rang and talked since the period began; a call is one act, however many
    legs it had."""
    found: dict[Client, dict[str, datetime]] = {}
    clients, leg = ask.past.of(Clients), CALL_LEG.c
    rings = select(leg.source_id, leg.client_ref, leg.call_ref, leg.started_at).where(
        leg.client_ref.is_not(None),
        leg.talk_s > 0,
        leg.direction == int(Direction.IN),
        leg.started_at >= ask.span.begins_at(ask.vantage.zone),
    )
    for source_id, about, call, at in ask.tx.execute(rings):
        if client := clients.client(source_id, about):
            found.setdefault(client, {})[call] = at
    return found


def linked(ask: Ask) -> Iterator[Case]:
    """Of the calls, those that the vendor linked to a record."""
    call = CALL.c
    query = select(CALL, CALL_LEG.c.client_ref).join_from(CALL, CALL_LEG, is_known_by())
    query = query.where(call.day.between(*ask.days), call.seen < int(Seen.COPY))
    for row in ask.tx.execute(query):
        head = (row.manager_id or None, row.source_id, row.ref, row.started_at)
        is_linked = row.client_ref is not None
        yield Case(*head, amount=int(is_linked), fact="call", team=row.manager_id == TEAM)
