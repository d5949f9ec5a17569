"""Facts: what a connector makes of a vendor's record. Vendor-neutral, immutable, without KPIs."""

from datetime import datetime
from enum import IntEnum

from msgspec import Struct


class DealState(IntEnum):
    """Where a deal stands now, by the meaning of its stage."""

    OPEN = 0
    WON = 1
    LOST = 2


class Direction(IntEnum):
    """Who rang whom; a call-back ordered in the CRM or on a site is outgoing."""

    IN = 1
    OUT = 2


class Account(Struct, frozen=True, kw_only=True):
    """A person's user in one source. `active` is False for someone dismissed."""

    ref: str
    name: str
    email: str | None
    active: bool


class Pipeline(Struct, frozen=True, kw_only=True):
    """A funnel of deals."""

    ref: str
    name: str
    sort: int


class Stage(Struct, frozen=True, kw_only=True):
    """A step of a funnel and what standing in it means."""

    ref: str
    pipeline_ref: str
    name: str
    sort: int
    state: DealState


class Deal(Struct, frozen=True, kw_only=True):
    """One version of a deal. `closed_at` is the last move into a won or lost stage, else None.

    `amount` is in minor units of `currency`; `updated_at` is the vendor's own mark of the version.
    """

    ref: str
    pipeline_ref: str
    stage_ref: str
    state: DealState
    amount: int
    currency: str
    owner_ref: str | None
    client_ref: str | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class CallLeg(Struct, frozen=True, kw_only=True):
    """One row of a telephone statistic: a person rung or talking within the call `call_ref`.

    `talk_s` is conversation without ringing, seconds; 0 when nobody talked on this leg.
    """

    ref: str
    call_ref: str
    user_ref: str | None
    direction: Direction
    started_at: datetime
    talk_s: int
    outcome: str
    client_hash: str | None
    client_last4: str | None
    client_ref: str | None


Fact = Account | Pipeline | Stage | Deal | CallLeg
