"""The facts that can be counted: their moments, credit rules and columns one may ask about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Table

from kpi.condition import Condition
from store.fact import DealState, Direction, EmailKind, MeetingState
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
    `dimensions`: by what its sums can be told apart; `holder`: the account that has the record now.
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
    ),
    "lead": Subject(
        table=LEAD,
        stream="leads",
        unit="leads",
        occasions={"created_at": Occasion(at="created_at", day="created_day", who="created_by")},
        credits={"created_by": "created_by"},
        sums={},
        filters=("stage_ref", "state", "won", "owner_ref", "created_by", "removed_at"),
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
        sums={"talk_s": "seconds"},
        filters=("direction", "talk_s", "client_hash", "client_last4"),
        words={"direction": {way.name.lower(): int(way) for way in Direction}},
        personal=True,
    ),
    "email": Subject(
        table=EMAIL,
        stream="activities",
        unit="emails",
        occasions={"begun_at": Occasion(at="begun_at", day="day", who="credited_to")},
        credits={"credited_to": "credited_to"},
        sums={},
        filters=("direction", "kind", "owner_ref", "credited_to", "removed_at"),
        words={
            "direction": {way.name.lower(): int(way) for way in Direction},
            "kind": {kind.name.lower(): int(kind) for kind in EmailKind},
        },
        exists=(
            _THERE,
            Condition(column="kind", lookup="eq", value=int(EmailKind.PERSONAL)),
        ),
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
}
"""Everything a declaration's `fact` may name."""
