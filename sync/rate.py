"""Brings rates into the store, and tells whose money they change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, or_

from store import rate as stored_rate
from store.fact import Rate
from store.moment import to_ms
from store.rate import DatedRate
from store.table import DEAL
from sync.basis import read_basis, write_basis
from sync.credit import Credit
from sync.money import Rates

Changed = Mapping[str, int | None]
"""Currencies whose rate changed, and from which local day on; None = for all time."""


def keep_rates(tx: Connection, credit: Credit, source_id: int, rates: Sequence[Rate]) -> Changed:
    """Keeps what differs from the newest known rates, dated from the local day it was seen."""
    seen = []
    for rate in rates:
        day = credit.days(to_ms(rate.seen_at))
        seen.append((rate.currency, DatedRate(day, rate.numerator, rate.denominator)))
    changed: dict[str, int | None] = {}
    for currency, since in stored_rate.put_rates(tx, source_id, seen) if seen else ():
        earliest = changed.get(currency, since)
        changed[currency] = None if since is None or earliest is None else min(since, earliest)
    return changed


def renew_rates(tx: Connection, credit: Credit) -> Credit:
    """The credit with the rates of now; whoever credits by older ones is made to read again."""
    basis = read_basis(tx)
    if basis is None:
        raise LookupError("rates are kept only after settle")
    write_basis(tx, basis._replace(version=basis.version + 1))
    return replace(credit, rates=Rates(stored_rate.load_rates(tx)), version=basis.version + 1)


def is_valued_by(base: str, changed: Changed) -> ColumnElement[bool]:
    """Deals to which one of these rates may apply: closed since its day, or open."""
    days = [day for day in changed.values() if day is not None]
    foreign = and_(DEAL.c.currency != base, DEAL.c.amount != 0)
    if base not in changed:
        foreign = and_(foreign, DEAL.c.currency.in_(changed))
    if len(days) < len(changed):
        return foreign
    return and_(foreign, or_(DEAL.c.closed_day.is_(None), DEAL.c.closed_day >= min(days)))
