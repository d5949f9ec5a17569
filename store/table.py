"""Tables of facts and of the people behind them. KPI cells are not here: they belong to `kpi`."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table
from sqlmodel import Field, SQLModel

from store.activity import EMAIL as EMAIL
from store.activity import MEETING as MEETING
from store.column import moment as moment
from store.column import table_of as table_of
from store.column import whole_number as whole_number
from store.moment import Moment
from store.partial_index import IS_WON, partial_index
from store.partial_index import OF_LEAD as OF_LEAD
from store.partial_index import OF_TEAM as OF_TEAM
from store.surrounding import CLIENT, PRODUCT_LINE, PURCHASE, TASK

TEAM = 0
"""The manager id of work counted for the whole team; no person ever has it."""


class SourceRow(SQLModel, table=True):
    """A configured account of a CRM or PBX, by the name it has in the settings."""

    __tablename__ = "source"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    is_telephony: bool = False


class ManagerRow(SQLModel, table=True):
    """A person who sells, whatever ids they have. `key` finds the person again; the id stays.

    `listed`: named in the settings, so shown even without work. `hidden`: ignored as a person.
    """

    __tablename__ = "manager"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    listed: bool = False
    hidden: bool = False


class AccountRow(SQLModel, table=True):
    """A user of one source; `removed_at` when the vendor no longer lists it."""

    __tablename__ = "account"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    name: str
    email: str | None
    active: bool
    extension: str | None = None
    removed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class AliasRow(SQLModel, table=True):
    """Account `ref` is the manager on local days `from_day`..`to_day` (YYYYMMDD, inclusive)."""

    __tablename__ = "alias"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    from_day: int = Field(primary_key=True, default=0)
    to_day: int = 99991231
    manager_id: int = Field(foreign_key="manager.id")


class PipelineRow(SQLModel, table=True):
    """A funnel of deals as the vendor names it."""

    __tablename__ = "pipeline"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    name: str
    sort: int


class StageRow(SQLModel, table=True):
    """A step of a funnel; `state` is open 0, won 1, lost 2."""

    __tablename__ = "stage"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    pipeline_ref: str = Field(primary_key=True)
    name: str
    sort: int
    state: int


class DealRow(SQLModel, table=True):
    """The deal's newest version, with the day and the manager of every moment that is counted.

    `amount` in minor units of `currency`; `base_amount` in minor units of the base currency, null
    while no rate is known. `created_by` and `closed_by` are managers, null when nobody known.
    `moved_at` is when the record itself says that it closed; `closed_at` follows the stage history
    where that was read. `cycle_s`: seconds from creation to the close. `is_repeat`: 1 for a won
    deal whose client had an earlier one; it is no part of `row_hash`. `reason`: see the fact.
    """

    __tablename__ = "deal"
    __table_args__ = (
        CheckConstraint("state IN (0, 1, 2)", name="deal_state"),
        Index("deal_created", "created_day", "created_by"),
        Index("deal_closed", "closed_day", "closed_by"),
        partial_index(
            "deal_win", "source_id", "client_ref", "is_repeat", "closed_at", where=IS_WON
        ),
        partial_index("deal_lead", "source_id", "lead_ref", where="lead_ref IS NOT NULL"),
        partial_index("deal_quote", "source_id", "quote_ref", where="quote_ref IS NOT NULL"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    pipeline_ref: str
    stage_ref: str
    state: int
    amount: int = Field(sa_column=whole_number())
    currency: str
    base_amount: int | None = Field(sa_column=whole_number(nullable=True))
    owner_ref: str | None
    client_ref: str | None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    closed_at: datetime | None = Field(sa_column=moment(nullable=True))
    moved_at: datetime | None = Field(sa_column=moment(nullable=True))
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_day: int
    created_by: int | None
    closed_day: int | None
    closed_by: int | None
    lead_ref: str | None = None
    quote_ref: str | None = None
    cycle_s: int | None = Field(sa_column=whole_number(nullable=True))
    is_repeat: int = 0
    reason: str | None = None
    row_hash: int = Field(sa_column=whole_number())


class LeadRow(SQLModel, table=True):
    """The lead's newest version. `won`: 1 while a deal made from it is won, else 0.

    `response_s`, `response_work_s`: seconds from its creation to the first human action on it, by
    clock and of working hours; null until there is one; they are no part of `row_hash`.
    `row_hash` of a lead that is won differs from that of the same lead not won in the last bit.
    """

    __tablename__ = "lead"
    __table_args__ = (
        CheckConstraint("state IN (0, 1, 2)", name="lead_state"),
        Index("lead_created", "created_day", "created_by"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    stage_ref: str
    state: int
    owner_ref: str | None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_day: int
    created_by: int | None
    response_s: int | None = None
    response_work_s: int | None = None
    won: int
    row_hash: int = Field(sa_column=whole_number())


class QuoteRow(SQLModel, table=True):
    """The quote's newest version. `won`: 1 while its deal is won, else 0; see `LeadRow`."""

    __tablename__ = "quote"
    __table_args__ = (
        Index("quote_created", "created_day", "created_by"),
        Index("quote_deal", "source_id", "deal_ref"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    stage_ref: str
    deal_ref: str | None
    owner_ref: str | None
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    created_day: int
    created_by: int | None
    won: int
    row_hash: int = Field(sa_column=whole_number())


class OwnerChangeRow(SQLModel, table=True):
    """From just after `after_at` on, `owner_ref` held the record. Kept only once an owner changed;
    the first owner's row has `after_at` = 1970, which stands for "always before"."""

    __tablename__ = "owner_change"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    fact: str = Field(primary_key=True)
    after_at: datetime = Field(sa_column=Column(Moment, primary_key=True))
    owner_ref: str | None


class OwnerEventRow(SQLModel, table=True):
    """A record changed hands, as the vendor's own history tells; rows are only ever added."""

    __tablename__ = "owner_event"
    __table_args__ = (Index("owner_event_record", "source_id", "record_ref"),)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    record_ref: str
    at: datetime = Field(sa_column=moment())
    before_ref: str | None
    after_ref: str | None


class StageChangeRow(SQLModel, table=True):
    """A record's arrival in a stage; rows are only ever added. `kind`, `step`: see the fact."""

    __tablename__ = "stage_change"
    __table_args__ = (Index("stage_change_record", "source_id", "record_ref"),)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    record_ref: str
    at: datetime = Field(sa_column=moment())
    pipeline_ref: str
    stage_ref: str
    state: int
    step: int


class RateRow(SQLModel, table=True):
    """From the local day `day` (YYYYMMDD) on, a unit of `currency` cost numerator / denominator in
    the source's base currency; kept only where it differs from the day before."""

    __tablename__ = "rate"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    currency: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    numerator: int = Field(sa_column=whole_number())
    denominator: int = Field(sa_column=whole_number())


class CallLegRow(SQLModel, table=True):
    """A leg as the vendor's statistics show it; the call it belongs to is folded from its legs."""

    __tablename__ = "call_leg"
    __table_args__ = (
        Index("call_leg_call", "source_id", "call_ref"),
        partial_index("call_leg_lead", "source_id", "client_ref", where=OF_LEAD),
        partial_index("call_leg_outer", "outer_ref", where="outer_ref IS NOT NULL"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    call_ref: str
    user_ref: str | None
    direction: int
    started_at: datetime = Field(sa_column=moment())
    talk_s: int
    outcome: str
    client_hash: str | None
    client_last4: str | None
    client_ref: str | None
    lasted_s: int = 0
    stretch: str | None = None
    ring_s: int | None = None
    hold_s: int | None = None
    quality: int = 1
    transfer: int = 0
    queue: str | None = None
    outer_ref: str | None = None
    row_hash: int = Field(sa_column=whole_number())


class CallRow(SQLModel, table=True):
    """A call as one credited person saw it; the row of manager 0 is the whole conversation.

    `talk_s` is that person's own talk, for the team the sum over legs. `day` is the local day of
    the call's start. `leg_ref` is the first leg behind the row. `lasted_s`: from the first start to
    the last end. `ring_s`: until an employee answered, or nobody did. `quality`, `transfer`,
    `queue`: see `store.fact.CallLeg`; of all legs the most doubtful, the last, the first.
    `callback_s`, `callback_work_s`: see `store.callback`; `seen`, `twin_source_id`, `twin_ref`: see
    `store.twin`. These five are no part of `row_hash`.
    """

    __tablename__ = "call"
    __table_args__ = (
        CheckConstraint("direction IN (1, 2)", name="call_direction"),
        Index("call_day", "day", "manager_id"),
        partial_index("call_client", "client_hash", "started_at", where=OF_TEAM),
        partial_index("call_back", "day", "manager_id", where="callback_s IS NOT NULL"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    manager_id: int = Field(primary_key=True)
    day: int
    started_at: datetime = Field(sa_column=moment())
    direction: int
    talk_s: int
    leg_ref: str
    client_hash: str | None
    client_last4: str | None
    lasted_s: int = 0
    ring_s: int | None = None
    hold_s: int | None = None
    quality: int = 1
    transfer: int = 0
    queue: str | None = None
    callback_s: int | None = None
    callback_work_s: int | None = None
    seen: int = 0
    twin_source_id: int | None = None
    twin_ref: str | None = None
    row_hash: int = Field(sa_column=whole_number())


class CustomValueRow(SQLModel, table=True):
    """A custom field of a record that is filled in, by its name in the settings.

    `number`: the value in hundredths if it is one, `base_number` the same in base currency where
    the record's currency has a rate.
    """

    __tablename__ = "custom_value"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    kind: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    text: str
    number: int | None = Field(sa_column=whole_number(nullable=True))
    base_number: int | None = Field(sa_column=whole_number(nullable=True))


def _journal(fact: Table) -> Table:
    """Images of a fact's rows, old with sign -1 and new with sign +1, until the KPIs took them."""
    columns = [Column(column.name, column.type, nullable=True) for column in fact.columns]
    return Table(
        f"{fact.name}_journal",
        SQLModel.metadata,
        Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("sign", Integer, nullable=False),
        *columns,
    )


DEAL = table_of(DealRow)
LEAD = table_of(LeadRow)
QUOTE = table_of(QuoteRow)
CALL = table_of(CallRow)
CUSTOM_VALUE = table_of(CustomValueRow)
COUNTED = (DEAL, LEAD, QUOTE, CALL, EMAIL, MEETING, CLIENT, TASK, PRODUCT_LINE, PURCHASE)
JOURNAL = {each.name: _journal(each) for each in COUNTED}
"""The journal of every fact that KPIs count, by the fact's table name."""
