"""One leg of a call as the extended statistics show it: an employee, a group, a plain number."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from connectors.base import Record
from connectors.field import optional_ref, senseless, text_of, whole
from connectors.telephony import optional_length_s
from store.fact import Transfer

USER, GROUP, CONFERENCE, NUMBER = "user", "group", "conference", "number"
_FLAGS = (
    ("BlindTransfer", Transfer.BLIND),
    ("ConsultTransfer", Transfer.ATTENDED),
    ("Intercepted", Transfer.REDIRECT),
)


class Leg(NamedTuple):
    """A telephone that rang; seconds since 1970. `ref` is empty where the vendor has no id of it.

    `user_ref`: whose it is, None for one that is no employee's. `queue`: the group that rang it.
    """

    ref: str
    kind: str
    number: str
    user_ref: str | None
    begun: int
    answered: int
    ended: int
    talk_s: int
    dial_s: int | None
    hold_s: int | None
    transfer: Transfer
    queue: str | None
    reason: str
    robot: bool

    @property
    def is_several(self) -> bool:
        """Whether it stands for several telephones, of which nothing is told."""
        return self.kind in (GROUP, CONFERENCE)


def legs_of(record: Record, numbers: Mapping[str, str]) -> list[Leg]:
    """The legs of a call in the order they began, groups replaced by their members.

    A group's own talk repeats that of its member, so it counts only where no member is told.
    `numbers`: whose each telephone is.
    """
    return sorted(_spread(_list(record.get("context_calls")), numbers, None), key=_place)


def moment_of(at: int) -> datetime:
    """Seconds since 1970 as an aware UTC moment."""
    return datetime.fromtimestamp(at, UTC)


def at_of(record: Mapping[str, Any], name: str) -> int:
    """A moment in seconds since 1970, 0 where it is not told."""
    at = whole(record, name, 0)
    if at and not 0 < at < 1 << 33:
        raise senseless(name, "is no moment")
    return at


def _spread(
    calls: Sequence[Record], numbers: Mapping[str, str], queue: str | None
) -> Iterator[Leg]:
    for call in calls:
        name = text_of(call, "call_abonent_info") or text_of(call, "call_abonent_id")
        members = _list(call.get("members"))
        if members:
            yield from _spread(members, numbers, name or queue)
        else:
            yield _leg(call, numbers, name if call.get("call_type") == GROUP else queue)


def _leg(call: Record, numbers: Mapping[str, str], queue: str | None) -> Leg:
    kind = text_of(call, "call_type")
    begun, ended = at_of(call, "call_start_time"), at_of(call, "call_end_time")
    dial_s, answered = optional_length_s(call, "dial_duration"), at_of(call, "call_answer_time")
    transfer = next((meaning for flag, meaning in _FLAGS if call.get(flag) is True), Transfer.NONE)
    return Leg(
        ref=text_of(call, "external_call_id"),
        kind=kind,
        number=text_of(call, "call_abonent_number"),
        user_ref=_owner(call, kind, numbers),
        begun=begun,
        answered=answered,
        ended=max(ended, begun),
        talk_s=optional_length_s(call, "talk_duration") or 0,
        dial_s=answered - begun if dial_s is None and answered >= begun > 0 else dial_s,
        hold_s=optional_length_s(call, "hold_duration"),
        transfer=transfer,
        queue=queue,
        reason=text_of(call, "call_end_reason"),
        robot=call.get("OutboundDialing") is True,
    )


def _owner(call: Record, kind: str, numbers: Mapping[str, str]) -> str | None:
    if kind == USER:
        return optional_ref(call, "call_abonent_id") or numbers.get(
            text_of(call, "call_abonent_number")
        )
    return numbers.get(text_of(call, "call_abonent_number")) if kind == NUMBER else None


def _place(leg: Leg) -> tuple[int, str, str, int, int]:
    return leg.begun, leg.user_ref or "", leg.ref, -leg.talk_s, leg.ended


def _list(value: Any) -> Sequence[Record]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
