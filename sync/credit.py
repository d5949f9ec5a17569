"""Turns facts into rows: the day and the manager of every moment that is counted, decided once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from config.work_calendar import WorkCalendar
from store.fact import CallLeg, Deal
from store.moment import LocalDays, to_ms
from store.record import owner_at
from store.upsert import Row, row_hash
from sync.fold import EACH_LEG, in_order, lasts_s, shares, tell
from sync.money import NO_RATES, Rates
from sync.owner import OwnerChange
from sync.people import People

_UNSETTLED = (None, None, 0, None, None)
"""The waits, `seen` and the twin of a call are found out when its row stands."""


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Who is credited, on which day, in which money and working hours: what stands behind every
    counted row. `call_rules`: the rule of credit for calls, of sources that have another than
    "each_leg"."""

    people: People
    zone: ZoneInfo
    currency: str
    calendar: WorkCalendar
    rates: Rates = NO_RATES
    call_rules: Mapping[int, str] = field(default_factory=dict)
    version: int = 0

    @cached_property
    def days(self) -> LocalDays:
        """The local day of a moment."""
        return LocalDays(self.zone)

    def held(
        self, source_id: int, moment: datetime, owner: str | None, history: Sequence[OwnerChange]
    ) -> tuple[int, int, int | None]:
        """A counted moment: in milliseconds, its local day, and the manager who held the record."""
        moment_ms = to_ms(moment)
        day = self.days(moment_ms)
        holder = owner_at(moment, history, owner)
        return moment_ms, day, self.people.manager(source_id, holder, day)

    def deal_row(
        self,
        source_id: int,
        deal: Deal,
        history: Sequence[OwnerChange],
        closed_at: datetime | None,
    ) -> Row:
        """The deal in the column order of its table; each moment goes to who held it then.

        `closed_at`: by the stage history, where that knows better than the deal itself.
        """
        owner = deal.owner_ref
        created_ms, created_day, creator = self.held(source_id, deal.created_at, owner, history)
        closed_ms = closed_day = closed_by = moved_ms = cycle_s = None
        if deal.closed_at is not None and closed_at is not None:
            closed_ms, closed_day, closed_by = self.held(source_id, closed_at, owner, history)
            is_own = closed_at is deal.closed_at
            moved_ms = closed_ms if is_own else to_ms(deal.closed_at)
            cycle_s = (closed_ms - created_ms) // 1000
        head = (
            source_id,
            deal.ref,
            deal.pipeline_ref,
            deal.stage_ref,
            int(deal.state),
            deal.amount,
            deal.currency,
            self.rates.in_base(source_id, deal.amount, deal.currency, self.currency, closed_day),
            owner,
            deal.client_ref,
            created_ms,
        )
        tail = (
            closed_ms,
            moved_ms,
            None,
            created_day,
            creator,
            closed_day,
            closed_by,
            deal.lead_ref,
            deal.quote_ref,
            cycle_s,
            0,
            deal.reason,
        )
        # A version that only carries a new mark, as after our own write-back, is no change.
        return (*head, to_ms(deal.updated_at), *tail, row_hash(head + tail))

    def call_rows(self, source_id: int, legs: Sequence[CallLeg]) -> list[Row]:
        """The call of these legs: a row for the team and one for each credited manager.

        In column order. Start, direction and client are those of the first leg.
        """
        ordered = in_order(legs)
        first = ordered[0]
        started_ms = to_ms(first.started_at)
        day = self.days(started_ms)
        direction = int(first.direction)
        ring_s, hold_s, quality, transfer, queue = tell(ordered)
        client = (first.client_hash, first.client_last4)
        whole = (lasts_s(ordered), ring_s, hold_s, int(quality), int(transfer), queue)
        told = (*client, *whole)
        call = (first.call_ref, day, started_ms, direction, *told)
        marks: dict[str, int] = {}
        rows = []
        rule = self.call_rules.get(source_id, EACH_LEG)
        for manager_id, talk_s, leg_ref in shares(ordered, self.people.on(source_id, day), rule):
            if leg_ref not in marks:
                marks[leg_ref] = row_hash((*call, leg_ref))
            row = (
                source_id,
                first.call_ref,
                manager_id,
                day,
                started_ms,
                direction,
                talk_s,
                leg_ref,
                *told,
                *_UNSETTLED,
                # Of one hash for all rows of a leg: they differ in the talk alone.
                marks[leg_ref] ^ talk_s,
            )
            rows.append(row)
        return rows
