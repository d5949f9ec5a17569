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


class Step(IntEnum):
    """What kind of move a stage change was."""

    CREATED = 1
    MOVED = 2
    CLOSED = 3
    FUNNEL = 5


class EmailKind(IntEnum):
    """Who stands behind a letter. Only what a person sent or got is anybody's work."""

    PERSONAL = 0
    AUTOMATIC = 1
    UNSENT = 2


class MeetingState(IntEnum):
    """Whether a meeting was held. NONE: a thing to do that is no meeting by the settings."""

    PLANNED = 0
    HELD = 1
    NONE = 2


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
    """One version of a deal. `closed_at` is the last move into a won or lost stage as the record
    itself tells it, else None; a stage history, where there is one, knows better.

    `amount` is in minor units of `currency`; `updated_at` is the vendor's own mark of the version.
    `lead_ref` and `quote_ref`: what the deal was made from.
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
    lead_ref: str | None = None
    quote_ref: str | None = None


class Lead(Struct, frozen=True, kw_only=True):
    """One version of a lead; `state` won means converted, lost means junk."""

    ref: str
    stage_ref: str
    state: DealState
    owner_ref: str | None
    created_at: datetime
    updated_at: datetime


class Quote(Struct, frozen=True, kw_only=True):
    """One version of a quote; `deal_ref` is the deal it was made for."""

    ref: str
    stage_ref: str
    deal_ref: str | None
    owner_ref: str | None
    created_at: datetime
    updated_at: datetime


class Email(Struct, frozen=True, kw_only=True):
    """One version of a letter kept in the CRM; neither text nor addresses.

    `owner_ref`: the author of one sent, the employee to whom one received belongs. AUTOMATIC:
    mailings and letters of robots.
    """

    ref: str
    direction: Direction
    kind: EmailKind
    owner_ref: str | None
    begun_at: datetime
    updated_at: datetime


class Meeting(Struct, frozen=True, kw_only=True):
    """One version of a meeting; `begun_at` is its own start, which may lie ahead."""

    ref: str
    state: MeetingState
    owner_ref: str | None
    begun_at: datetime
    updated_at: datetime


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


class StageChange(Struct, frozen=True, kw_only=True):
    """A record's arrival in a stage, as the vendor's history tells it; `kind` is "deal".

    `state` is the meaning of the stage as it was then; `seen_at` the vendor's time when it told.
    """

    ref: str
    kind: str
    record_ref: str
    at: datetime
    pipeline_ref: str
    stage_ref: str
    state: DealState
    step: Step
    seen_at: datetime


class Rate(Struct, frozen=True, kw_only=True):
    """What one unit of `currency` cost in the vendor's base currency when it was `seen_at`.

    The exact rate is `numerator / denominator`, both positive.
    """

    currency: str
    seen_at: datetime
    numerator: int
    denominator: int


Fact = (
    Account
    | Pipeline
    | Stage
    | Deal
    | Lead
    | Quote
    | CallLeg
    | StageChange
    | Rate
    | Email
    | Meeting
)
