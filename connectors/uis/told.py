"""All that the vendor tells of one call: the session and its legs, understood."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.field import optional_ref, required_ref, senseless
from connectors.uis.classify import as_map
from connectors.uis.leg import Leg, leg_of, seconds_of, unix_of
from store.fact import Direction

ORDERED = frozenset(
    {
        "sitephone",
        "lead",
        "auto_back_call_by_lost_call",
        "auto_back_call_by_offline_message",
        "amocrm_extended_integration",
    }
)
"""`source` of calls back that were ordered on a site or by a rule: the client is dialled."""

_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}


@dataclass(frozen=True, kw_only=True)
class Call:
    """`begins`, `ends`: unix seconds. `clean_s`: seconds in which the client talked with any of us.

    `named`: the employees whom the session lists, `talkers`: those of them who talked.
    """

    ref: str
    direction: Direction
    begins: int
    ends: int
    clean_s: int
    is_lost: bool
    legs: tuple[Leg, ...]
    named: frozenset[str]
    talkers: frozenset[str]

    @cached_property
    def rung(self) -> tuple[Leg, ...]:
        """Legs to us, in the order they began; a coach only listens."""
        ours = (leg for leg in self.legs if leg.is_ours and not leg.is_coach)
        return tuple(sorted(ours, key=lambda leg: (leg.begins, leg.ref)))

    @cached_property
    def talked(self) -> tuple[Leg, ...]:
        """Legs to us on which somebody talked with the client, as they were picked up."""
        found = (leg for leg in self.rung if leg.talked)
        return tuple(sorted(found, key=lambda leg: (leg.answers, leg.ends, leg.ref)))

    @cached_property
    def client(self) -> tuple[Leg, ...]:
        """Legs to the client, whom an outgoing call rings."""
        return tuple(leg for leg in self.legs if not leg.is_ours and not leg.is_coach)

    @cached_property
    def people(self) -> list[str]:
        """Every employee who was rung."""
        coaches = {leg.who for leg in self.legs if leg.is_coach}
        rung = {leg.who for leg in self.rung if leg.who}
        return sorted(rung | (self.named - coaches), key=lambda ref: (len(ref), ref))

    @property
    def client_answered(self) -> int:
        """When the client picked up an outgoing call; 0 where that is not told."""
        if self.direction is Direction.IN:
            return 0
        return min((leg.picked_up for leg in self.client if leg.picked_up), default=0)

    def was_only_asked(self, who: str) -> bool:
        """Whether an employee was rung only while a colleague talked with the client, who stayed
        with the colleague."""
        own = [leg for leg in self.rung if leg.who == who]
        return bool(own) and all(
            any(
                talk.who != who and talk.answers < leg.begins and leg.ends <= talk.ends
                for talk in self.talked
            )
            for leg in own
        )


def call_of(record: Record) -> Call:
    """Understands a call; DataError for what makes no sense."""
    zone = ZoneInfo(str(record["zone"]))
    begins = unix_of(record, "start_time", zone)
    told = [as_map(row) for row in record.get("employees") or ()]
    talkers = frozenset(_refs(row for row in told if row.get("is_talked") is True))
    return Call(
        ref=required_ref(record, "id"),
        direction=_direction(record),
        begins=begins,
        ends=max(begins, unix_of(record, "finish_time", zone)),
        clean_s=seconds_of(record, "clean_talk_duration"),
        is_lost=record.get("is_lost") is not False,
        legs=tuple(leg_of(row, zone, talkers) for row in record["legs"]),
        named=frozenset(_refs(told)),
        talkers=talkers,
    )


def _direction(record: Record) -> Direction:
    if record.get("source") in ORDERED:
        return Direction.OUT
    found = _DIRECTIONS.get(str(record.get("direction")))
    if found is None:
        raise senseless("direction", "is neither in nor out")
    return found


def _refs(rows: Iterable[Mapping[str, object]]) -> list[str]:
    return [ref for row in rows if (ref := optional_ref(row, "employee_id"))]
