"""Facts: what a connector makes of a vendor's record. Vendor-neutral, immutable, without KPIs."""

from datetime import datetime
from enum import IntEnum

from msgspec import Struct

from store.email_trail import EmailTrail as EmailTrail
from store.purchase import Purchase as Purchase


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
    """Who stands behind a letter. Only what a person sent or got is anybody's work.

    INTERNAL: between people of the company alone.
    """

    PERSONAL = 0
    AUTOMATIC = 1
    UNSENT = 2
    INTERNAL = 3


class MeetingState(IntEnum):
    """Whether a meeting was held. NONE: a thing to do that is no meeting by the settings."""

    PLANNED = 0
    HELD = 1
    NONE = 2


class TalkQuality(IntEnum):
    """How far a leg's `talk_s` may be trusted.

    EXACT: measured between the talkers. REPORTED: as the vendor tells. UPPER_BOUND: ringing,
    waiting or a machine's voice may be within.
    """

    EXACT = 0
    REPORTED = 1
    UPPER_BOUND = 2


class Transfer(IntEnum):
    """How a call came to a leg's person: not from another, blindly, after asking, or by program."""

    NONE = 0
    BLIND = 1
    ATTENDED = 2
    REDIRECT = 3


class Seen(IntEnum):
    """Who saw a call, where a CRM and a telephone system both tell of calls.

    OPEN: not compared, or not yet. BOTH: the telephone system's call, with a copy in a CRM.
    PBX_ONLY, CRM_ONLY: in the other there is none, a day later. COPY: a CRM's copy of a call that
    counts as the telephone system's; all that is less counts.
    """

    OPEN = 0
    BOTH = 1
    PBX_ONLY = 2
    CRM_ONLY = 3
    COPY = 4


class ClientKind(IntEnum):
    """A person one deals with, or a company."""

    CONTACT = 1
    COMPANY = 2


class TaskState(IntEnum):
    """Whether a task is done; one that waits to be checked is not."""

    OPEN = 0
    DONE = 1


class Account(Struct, frozen=True, kw_only=True):
    """A person's user in one source. `active` is False for someone dismissed.

    `extension`: their number inside the company, by which a telephone system knows them.
    """

    ref: str
    name: str
    email: str | None
    active: bool
    departments: tuple[str, ...] = ()
    extension: str | None = None


class Department(Struct, frozen=True, kw_only=True):
    """A part of the company; `head_ref` is the account that leads it."""

    ref: str
    name: str
    parent_ref: str | None
    head_ref: str | None
    sort: int


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
    `lead_ref` and `quote_ref`: what the deal was made from. `reason`: why it was lost, in words, ""
    when nobody filled that in; None where the stage alone tells it.
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
    reason: str | None = None


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
    """One version of a letter; neither text nor addresses.

    `owner_ref`: the author of one sent, the employee to whom one received belongs. AUTOMATIC:
    mailings and letters of robots. `about_ref`: the record it belongs to, "lead:5", "deal:9"...
    `message_hash`: its Message-ID, where that is told, as a keyed hash; those with the same one are
    one letter, however many people, mailboxes or systems have it. In a mailbox a letter is called
    by that hash, and by its hash and more where it is of somebody. `likeness`: its client and
    subject as a keyed hash, by which a CRM's letter is found in a mailbox.
    """

    ref: str
    direction: Direction
    kind: EmailKind
    owner_ref: str | None
    begun_at: datetime
    updated_at: datetime
    about_ref: str | None = None
    message_hash: str | None = None
    likeness: str | None = None


class Meeting(Struct, frozen=True, kw_only=True):
    """One version of a meeting; `begun_at` is its own start, which may lie ahead.

    `about_ref`: the record it belongs to, "lead:5", "deal:9"...
    """

    ref: str
    state: MeetingState
    owner_ref: str | None
    begun_at: datetime
    updated_at: datetime
    about_ref: str | None = None


class CallLeg(Struct, frozen=True, kw_only=True):
    """One row of a telephone statistic: a person rung or talking within the call `call_ref`.

    `talk_s` is conversation without ringing, seconds; 0 when nobody talked on this leg. `lasted_s`:
    from its start to its end, as far as the vendor tells. Legs of one call with the same `stretch`
    are copies of one stretch of talk, which counts once. `ring_s`, `hold_s`: seconds rung until
    somebody answered or gave up, and on hold; None where nobody tells. `queue`: the group or queue
    that rang. `outer_ref`: by which id a CRM was told of the call by the telephone system, which
    may be that of a leg.
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
    lasted_s: int = 0
    stretch: str | None = None
    ring_s: int | None = None
    hold_s: int | None = None
    quality: TalkQuality = TalkQuality.REPORTED
    transfer: Transfer = Transfer.NONE
    queue: str | None = None
    outer_ref: str | None = None


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


class OwnerEvent(Struct, frozen=True, kw_only=True):
    """A record of a kind ("deal", "lead", "meeting"...) changed hands, as the vendor's own history
    tells: from `at` on it is of `after_ref`, before it was of `before_ref`."""

    ref: str
    kind: str
    record_ref: str
    at: datetime
    before_ref: str | None
    after_ref: str | None


class Removal(Struct, frozen=True, kw_only=True):
    """The record of a kind, "deal", "lead", "meeting"..., is gone: the vendor says so."""

    kind: str
    record_ref: str
    at: datetime


class Client(Struct, frozen=True, kw_only=True):
    """One version of a contact or company; `ref` is what deals and calls name: contact:12,
    company:5. `company_ref`: the company of a contact."""

    ref: str
    kind: ClientKind
    name: str
    company_ref: str | None
    owner_ref: str | None
    created_at: datetime
    updated_at: datetime


class Task(Struct, frozen=True, kw_only=True):
    """One version of a task of whom `owner_ref` names; `is_crm`: it is about a CRM record.

    `done_at` only of one that is done; who reopened it has not done it.
    """

    ref: str
    state: TaskState
    is_crm: bool
    owner_ref: str | None
    created_at: datetime
    updated_at: datetime
    deadline_at: datetime | None
    done_at: datetime | None


class ProductLine(Struct, frozen=True, kw_only=True):
    """A row of what a deal sells: thousandths of a unit, and hundredths of the deal's currency for
    the whole row, after the discount. `product_ref`: by the catalogue, else "name:" and the name.
    `amount` and `discount` are None where the vendor does not tell them.
    """

    ref: str
    product_ref: str
    name: str
    quantity: int
    amount: int | None
    discount: int | None


class ProductLines(Struct, frozen=True, kw_only=True):
    """All that a deal sells; what is not among them, it sells no more."""

    deal_ref: str
    lines: tuple[ProductLine, ...]


class CustomValues(Struct, frozen=True, kw_only=True):
    """All custom fields of a record of a kind ("deal", "contact") that are filled in, as text, by
    the names of [fields.SOURCE.KIND]; what is not among them is empty now. `record_ref` of a
    contact is that of its `Client`."""

    kind: str
    record_ref: str
    values: dict[str, str]


class CustomFields(Struct, frozen=True, kw_only=True):
    """Which of the custom fields that the settings name the vendor does not have."""

    kind: str
    missing: tuple[str, ...]


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
    | OwnerEvent
    | Removal
    | Rate
    | Email
    | EmailTrail
    | Meeting
    | Client
    | Task
    | ProductLines
    | Department
    | CustomValues
    | CustomFields
    | Purchase
)
