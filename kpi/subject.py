"""The facts that can be counted: their moments, credit rules and columns one may ask about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Table
from sqlmodel import AutoString

from kpi.condition import Condition
from kpi.custom import Columns, is_field
from store.fact import (
    ClientKind,
    DealState,
    Direction,
    EmailKind,
    MeetingState,
    Seen,
    TalkQuality,
    TaskState,
    Transfer,
)
from store.reply import ALONE, EVERYBODY
from store.surrounding import CLIENT, PRODUCT_LINE, PURCHASE, TASK
from store.table import CALL, DEAL, EMAIL, JOURNAL, LEAD, MEETING, QUOTE


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A moment of a fact: its column, the column of its local day, and who is credited for it."""

    at: str
    day: str
    who: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A fact's table as declarations see it.

    `unit` counts its records; `sums`: columns that may be summed, with their units; `filters`:
    columns for `where`, `words` their values by name; `exists`: what holds unless `where` says
    otherwise. `personal`: the table has a row for each credited manager and one for the team;
    otherwise a record counts once for the credited manager and once for the team.
    `has_fields`: its records may have custom fields, spelt `field_NAME`. `dimensions`: by what its
    sums can be told apart; `holder`: the account that has the record now; `also`: other streams
    that feed the table. `shared`: which of several records of one thing counts for the team, where
    each counts for its manager.
    """

    table: Table
    stream: str
    unit: str
    occasions: Mapping[str, Occasion]
    credits: Mapping[str, str]
    sums: Mapping[str, str]
    filters: tuple[str, ...]
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    exists: tuple[Condition, ...] = ()
    personal: bool = False
    dimensions: tuple[str, ...] = ()
    holder: str | None = None
    also: tuple[str, ...] = ()
    has_fields: bool = False
    shared: Condition | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """Columns of text: how many different values there are can be counted."""
        types = {each: self.table.c[each].type for each in self.filters}
        return tuple(name for name, each in types.items() if isinstance(each, AutoString))

    def knows(self, column: str) -> bool:
        """Whether a condition may be about the column: its own, or a custom field."""
        return column in self.filters or (self.has_fields and is_field(column))

    def columns(self, table: Table) -> Columns:
        """The columns of the fact's table, or of its journal, and its custom fields."""
        return Columns(self.table.name, table)

    @property
    def journal(self) -> Table:
        """The table of images of changed rows."""
        return JOURNAL[self.table.name]

    def occasion(self, day: str) -> Occasion:
        """The moment whose local day is kept in the column `day`."""
        return next(each for each in self.occasions.values() if each.day == day)


_THERE = Condition(column="removed_at", lookup="isnull", value=True)
"""A record that was not removed."""

SUBJECTS: Mapping[str, Subject] = {
    "deal": Subject(
        table=DEAL,
        stream="deals",
        unit="deals",
        occasions={
            "created_at": Occasion(at="created_at", day="created_day", who="created_by"),
            "closed_at": Occasion(at="closed_at", day="closed_day", who="closed_by"),
        },
        credits={"created_by": "created_by", "closed_by": "closed_by"},
        sums={"base_amount": "money", "cycle_s": "days"},
        filters=(
            "pipeline_ref",
            "stage_ref",
            "state",
            "base_amount",
            "currency",
            "owner_ref",
            "client_ref",
            "created_by",
            "closed_by",
            "removed_at",
            "closed_at",
            "is_repeat",
        ),
        words={"state": {state.name.lower(): int(state) for state in DealState}},
        exists=(_THERE,),
        dimensions=("reason", "pipeline_ref", "stage_ref", "currency"),
        holder="owner_ref",
        has_fields=True,
    ),
    "lead": Subject(
        table=LEAD,
        stream="leads",
        unit="leads",
        occasions={"created_at": Occasion(at="created_at", day="created_day", who="created_by")},
        credits={"created_by": "created_by"},
        sums={"response_s": "seconds", "response_work_s": "seconds"},
        filters=(
            "stage_ref",
            "state",
            "won",
            "owner_ref",
            "created_by",
            "removed_at",
            "response_s",
            "response_work_s",
        ),
        words={"state": {"open": 0, "converted": 1, "junk": 2}},
        exists=(_THERE,),
        holder="owner_ref",
    ),
    "quote": Subject(
        table=QUOTE,
        stream="quotes",
        unit="quotes",
        occasions={"created_at": Occasion(at="created_at", day="created_day", who="created_by")},
        credits={"created_by": "created_by"},
        sums={},
        filters=("stage_ref", "deal_ref", "won", "owner_ref", "created_by", "removed_at"),
        exists=(_THERE,),
        holder="owner_ref",
    ),
    "call": Subject(
        table=CALL,
        stream="calls",
        unit="calls",
        occasions={"started_at": Occasion(at="started_at", day="day", who="talked")},
        credits={"talked": "manager_id"},
        sums={
            "talk_s": "seconds",
            "callback_s": "seconds",
            "callback_work_s": "seconds",
            "ring_s": "seconds",
            "hold_s": "seconds",
        },
        filters=(
            "direction",
            "talk_s",
            "client_hash",
            "client_last4",
            "callback_s",
            "callback_work_s",
            "ring_s",
            "hold_s",
            "quality",
            "transfer",
            "queue",
            "seen",
        ),
        words={
            "direction": {way.name.lower(): int(way) for way in Direction},
            "quality": {each.name.lower(): int(each) for each in TalkQuality},
            "transfer": {each.name.lower(): int(each) for each in Transfer},
            "seen": {each.name.lower(): int(each) for each in Seen},
        },
        exists=(Condition(column="seen", lookup="lt", value=int(Seen.COPY)),),
        personal=True,
    ),
    "email": Subject(
        table=EMAIL,
        stream="emails",
        unit="emails",
        occasions={"begun_at": Occasion(at="begun_at", day="day", who="credited_to")},
        credits={"credited_to": "credited_to"},
        sums={"reply_s": "seconds", "reply_work_s": "seconds"},
        filters=(
            "direction",
            "kind",
            "owner_ref",
            "credited_to",
            "removed_at",
            "opens",
            "reply_s",
            "reply_work_s",
        ),
        words={
            "direction": {way.name.lower(): int(way) for way in Direction},
            "kind": {kind.name.lower(): int(kind) for kind in EmailKind},
        },
        exists=(
            _THERE,
            Condition(column="kind", lookup="eq", value=int(EmailKind.PERSONAL)),
            Condition(column="counts", lookup="gt", value=ALONE),
        ),
        shared=Condition(column="counts", lookup="eq", value=EVERYBODY),
    ),
    "meeting": Subject(
        table=MEETING,
        stream="activities",
        unit="meetings",
        occasions={"begun_at": Occasion(at="begun_at", day="day", who="credited_to")},
        credits={"credited_to": "credited_to"},
        sums={},
        filters=("state", "owner_ref", "credited_to", "removed_at"),
        words={"state": {state.name.lower(): int(state) for state in MeetingState}},
        exists=(
            _THERE,
            Condition(column="state", lookup="ne", value=int(MeetingState.NONE)),
        ),
    ),
    "client": Subject(
        table=CLIENT,
        stream="contacts",
        also=("companies",),
        unit="clients",
        occasions={"created_at": Occasion(at="created_at", day="created_day", who="created_by")},
        credits={"created_by": "created_by"},
        sums={},
        filters=("kind", "ref", "company_ref", "owner_ref", "created_by", "removed_at"),
        words={"kind": {kind.name.lower(): int(kind) for kind in ClientKind}},
        exists=(_THERE,),
        holder="owner_ref",
    ),
    "task": Subject(
        table=TASK,
        stream="tasks",
        unit="tasks",
        occasions={
            "created_at": Occasion(at="created_at", day="created_day", who="created_by"),
            "deadline_at": Occasion(at="deadline_at", day="deadline_day", who="deadline_by"),
            "done_at": Occasion(at="done_at", day="done_day", who="done_by"),
        },
        credits={name: name for name in ("created_by", "deadline_by", "done_by")},
        sums={},
        filters=(
            "state",
            "is_crm",
            "is_overdue",
            "owner_ref",
            "created_by",
            "deadline_by",
            "done_by",
            "deadline_at",
            "removed_at",
        ),
        words={"state": {state.name.lower(): int(state) for state in TaskState}},
        exists=(_THERE,),
        holder="owner_ref",
    ),
    "product_line": Subject(
        table=PRODUCT_LINE,
        stream="product_rows",
        also=("deals",),
        unit="lines",
        occasions={
            "closed_at": Occasion(at="closed_at", day="closed_day", who="closed_by"),
        },
        credits={"closed_by": "closed_by"},
        sums={"base_amount": "money", "base_discount": "money"},
        filters=(
            "state",
            "product_ref",
            "deal_ref",
            "client_ref",
            "base_amount",
            "base_discount",
            "closed_by",
            "removed_at",
        ),
        words={"state": {state.name.lower(): int(state) for state in DealState}},
        exists=(_THERE,),
    ),
    "purchase": Subject(
        table=PURCHASE,
        stream="purchases",
        unit="purchases",
        occasions={"bought_at": Occasion(at="bought_at", day="day", who="credited_to")},
        credits={"credited_to": "credited_to"},
        sums={"base_amount": "money"},
        filters=("client_ref", "base_amount", "currency", "credited_to", "removed_at"),
        exists=(_THERE,),
    ),
}
"""Everything a declaration's `fact` may name."""
