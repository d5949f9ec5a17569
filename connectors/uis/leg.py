"""A row of get.call_legs_report, understood."""

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.field import optional_ref, required_ref, senseless, text_of
from connectors.telephony import length_s
from connectors.uis.account import moment_of


class Leg(NamedTuple):
    """`who`: the employee; None for a telephone of ours without one, and for the client's.

    Unix seconds; `picked_up` None = never. `talked`: with the client, as the vendor says.
    """

    ref: str
    who: str | None
    begins: int
    picked_up: int | None
    ends: int
    talked: bool
    is_ours: bool
    is_coach: bool
    is_transferred: bool
    reason: str
    queue: str

    @property
    def answers(self) -> int:
        """When it was picked up, or nobody did."""
        return self.ends if self.picked_up is None else self.picked_up


def leg_of(record: Record, zone: ZoneInfo, talkers: frozenset[str]) -> Leg:
    """Understands a leg; where it does not say who talked, the session's `talkers` did."""
    who = optional_ref(record, "employee_id")
    begins = unix_of(record, "start_time", zone)
    lasted_s, open_s = seconds_of(record, "total_duration"), seconds_of(record, "duration")
    picked_up = unix_of(record, "connect_time", zone) if record.get("connect_time") else None
    said = record.get("is_talked")
    talked = who in talkers if said is None else said is True
    return Leg(
        ref=required_ref(record, "id"),
        who=who,
        begins=begins,
        picked_up=picked_up,
        ends=begins + lasted_s if picked_up is None else picked_up + open_s,
        talked=talked and picked_up is not None and open_s > 0,
        is_ours=record.get("is_operator") is True,
        is_coach=record.get("is_coach") is True,
        is_transferred=record.get("is_transfered") is True,
        reason=text_of(record, "finish_reason"),
        queue=text_of(record, "group_name") or optional_ref(record, "group_id") or "",
    )


def unix_of(record: Record, name: str, zone: ZoneInfo) -> int:
    """A local time of the account as unix seconds; DataError for what is none."""
    at = moment_of(record.get(name), zone)
    if at is None:
        raise senseless(name, "is no local time")
    return int(at.timestamp())


def seconds_of(record: Record, name: str) -> int:
    """A duration: null is none, but one that is not told at all is not known."""
    if name not in record:
        raise senseless(name, "was not told")
    return 0 if record[name] is None else length_s(record, name)


def rung_s(legs: Iterable[Leg]) -> int:
    """Seconds in which at least one of somebody's telephones rang."""
    total, until = 0, 0
    for begins, answers in sorted((leg.begins, leg.answers) for leg in legs):
        total += max(0, answers - max(begins, until))
        until = max(until, answers)
    return total
