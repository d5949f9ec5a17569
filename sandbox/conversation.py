"""What a telephone exchange knows of a call: who rang whom, whose telephones rang, who talked."""

from collections.abc import Iterable
from dataclasses import dataclass

IN, OUT, INTERNAL = "in", "out", "internal"
BLIND, ATTENDED = "blind", "attended"
VOICEMAIL, IVR, ROBOT = "voicemail", "ivr", "robot"
BUSY, NO_ANSWER, UNAVAILABLE = "busy", "no_answer", "unavailable"


@dataclass(slots=True)
class Employee:
    """Somebody with a telephone; `id` is the exchange's own, moments are seconds since 1970."""

    id: int
    extension: str
    name: str
    email: str
    hired_at: float
    active: bool = True
    dismissed_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Leg:
    """An employee's telephone rang, and perhaps they talked with the client.

    On an outgoing call `rang_at` is when dialling began and `answered_at` when the client answered.
    `answered_at` None = nobody talked on it. `hold_s` of the talk the client waited with music.
    `queue` is the group whose telephones rang; `transfer` how the call came from the leg before.
    """

    extension: str
    rang_at: float
    answered_at: float | None
    ended_at: float
    queue: str = ""
    transfer: str = ""
    hold_s: int = 0

    @property
    def talk_s(self) -> int:
        """Whole seconds from the answer to the end, holding included."""
        return 0 if self.answered_at is None else int(self.ended_at) - int(self.answered_at)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One call from its first moment to its last, whole seconds since 1970.

    `direction` is in, out or internal (legs: who rang, then who was rung); `client` the other
    side's digits ("79031234567", "" hidden or internal), `line` our number. `kind`: "" people,
    voicemail (a message was left), ivr (the menu alone talked), robot (a machine rang somebody).
    `result` tells of an outgoing call without an answer: busy, no_answer or unavailable.
    """

    id: int
    direction: str
    client: str
    line: str
    started_at: float
    ended_at: float
    legs: tuple[Leg, ...] = ()
    kind: str = ""
    result: str = ""

    @property
    def talk_s(self) -> int:
        """Seconds that employees talked, leg by leg."""
        return sum(leg.talk_s for leg in self.legs)

    @property
    def answered(self) -> bool:
        """Whether anybody talked with the client."""
        return self.talk_s > 0


def own_talks(legs: Iterable[Leg]) -> dict[str, int]:
    """Seconds of talk of everybody who was rung, by extension."""
    own: dict[str, int] = {}
    for leg in legs:
        own[leg.extension] = own.get(leg.extension, 0) + leg.talk_s
    return own
