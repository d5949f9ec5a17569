"""How the calls of a sales department look: answered, missed, queued, transferred, and odd ones."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from sandbox.conversation import (
    ATTENDED,
    BLIND,
    BUSY,
    IN,
    INTERNAL,
    IVR,
    NO_ANSWER,
    OUT,
    ROBOT,
    UNAVAILABLE,
    VOICEMAIL,
    Conversation,
    Employee,
    Leg,
)

LINES = ("74951000001", "74951000002")
_RETURNED = 0.4


class ConversationWriter:
    """Writes calls of employees; every conversation has the id 0 and whole seconds."""

    def __init__(
        self, rng: random.Random, employees: Mapping[str, Employee], clients: Sequence[str],
        queues: Mapping[str, tuple[str, ...]],
    ) -> None:  # fmt: skip
        self._rng = rng
        self._employees = employees
        self._clients = clients
        self._queues = queues
        kinds: list[tuple[int, Callable[[int], Conversation]]] = [
            (330, self._out_answered),
            (250, self._answered),
            (120, self._out_unanswered),
            (70, self._missed),
            (60, self._queue_answered),
            (35, self._queue_missed),
            (30, self._one_after_another),
            (30, self._blind),
            (25, self._attended),
            (10, self._blind_unanswered),
            (20, self._menu_only),
            (15, self._voicemail),
            (15, self._internal),
            (15, self._robot),
            (15, self._hidden),
            (10, self._out_transferred),
            (8, lambda at: self._just_as_long(at, 119)),
            (8, lambda at: self._just_as_long(at, 120)),
        ]
        self.kinds = [kind for _, kind in kinds]
        self._weights = list(accumulate(weight for weight, _ in kinds))

    def write(self, at: int) -> Conversation:
        """A call that begins at a moment."""
        return self._rng.choices(self.kinds, cum_weights=self._weights)[0](at)

    def call_back(self, missed: Conversation) -> Conversation | None:
        """Now and then somebody rings who was missed, mostly within a day."""
        if missed.direction != IN or missed.answered or not missed.client:
            return None
        if self._rng.random() > _RETURNED:
            return None
        later = int(missed.ended_at) + self._rng.choice((30, 600, 4000, 86_399, 86_401, 90_000))
        kind = self._out_answered if self._rng.random() < 0.8 else self._out_unanswered
        return replace(kind(later), client=missed.client)

    def _who(self, at: float, but: str = "") -> str:
        working = [
            each.extension
            for each in self._employees.values()
            if each.hired_at <= at < each.dismissed_at and each.extension != but
        ]
        return self._rng.choice(working)

    def _talk(self) -> int:
        rng = self._rng
        if rng.random() < 0.05:
            return 118 + rng.randrange(4)
        return max(2, min(3600, int(rng.lognormvariate(4.4, 1.0))))

    def _ring(self) -> int:
        return self._rng.randrange(2, 28)

    def _call(self, direction: str, at: int, legs: Sequence[Leg]) -> Conversation:
        rng = self._rng
        ended = max(leg.ended_at for leg in legs)
        client, line = rng.choice(self._clients), rng.choice(LINES)
        return Conversation(0, direction, client, line, at, ended, tuple(legs))

    def _leg(self, extension: str, at: int, talk: int, transfer: str = "") -> Leg:
        """Rings and is answered when there is talk."""
        answer = at + self._ring()
        answered = answer if talk else None
        return Leg(extension, at, answered, answer + talk, transfer=transfer)

    def _menu(self) -> int:
        """Seconds in the menu; half of the calls come to a telephone at once."""
        return self._rng.choice((0, 0, 0, 4, 9))

    def _out_answered(self, at: int) -> Conversation:
        return self._call(OUT, at, [self._leg(self._who(at), at, self._talk())])

    def _out_unanswered(self, at: int) -> Conversation:
        call = self._call(OUT, at, [self._leg(self._who(at), at, 0)])
        return replace(call, result=self._rng.choice((BUSY, NO_ANSWER, UNAVAILABLE)))

    def _out_transferred(self, at: int) -> Conversation:
        first = self._leg(self._who(at), at, self._talk())
        second = self._who(at, first.extension)
        return self._call(OUT, at, [first, self._next(first, second, BLIND)])

    def _answered(self, at: int) -> Conversation:
        leg = self._leg(self._who(at), at + self._menu(), self._talk())
        if leg.talk_s > 60 and self._rng.random() < 0.2:
            leg = replace(leg, hold_s=self._rng.randrange(5, 40))
        return self._call(IN, at, [leg])

    def _just_as_long(self, at: int, talk: int) -> Conversation:
        direction = self._rng.choice((IN, OUT))
        return self._call(direction, at, [self._leg(self._who(at), at, talk)])

    def _missed(self, at: int) -> Conversation:
        return self._call(IN, at, [self._leg(self._who(at), at + self._menu(), 0)])

    def _hidden(self, at: int) -> Conversation:
        kind = self._answered if self._rng.random() < 0.5 else self._missed
        return replace(kind(at), client="")

    def _rung_together(self, at: int) -> tuple[str, list[str]]:
        """A queue, and its people who work at the moment."""
        queue = self._rng.choice(sorted(self._queues))
        people = [self._employees[extension] for extension in self._queues[queue]]
        found = [each.extension for each in people if each.hired_at <= at < each.dismissed_at]
        return queue, found or [self._who(at)]

    def _queue_answered(self, at: int) -> Conversation:
        queue, people = self._rung_together(at)
        begin = at + self._menu()
        answer = begin + self._ring()
        winner, end = self._rng.choice(people), answer + self._talk()
        legs = [
            Leg(each, begin, answer, end, queue)
            if each == winner
            else Leg(each, begin, None, answer, queue)
            for each in people
        ]
        return self._call(IN, at, legs)

    def _queue_missed(self, at: int) -> Conversation:
        queue, people = self._rung_together(at)
        begin = at + self._menu()
        end = begin + self._ring()
        return self._call(IN, at, [Leg(each, begin, None, end, queue) for each in people])

    def _one_after_another(self, at: int) -> Conversation:
        first = self._leg(self._who(at), at, 0)
        second = self._leg(self._who(at, first.extension), int(first.ended_at), self._talk())
        return self._call(IN, at, [first, second])

    def _next(self, first: Leg, extension: str, transfer: str) -> Leg:
        return self._leg(extension, int(first.ended_at), self._talk(), transfer)

    def _blind(self, at: int) -> Conversation:
        first = self._leg(self._who(at), at + self._menu(), self._talk())
        second = self._who(at, first.extension)
        return self._call(IN, at, [first, self._next(first, second, BLIND)])

    def _blind_unanswered(self, at: int) -> Conversation:
        first = self._leg(self._who(at), at, self._talk())
        second = self._leg(self._who(at, first.extension), int(first.ended_at), 0, BLIND)
        return self._call(IN, at, [first, second])

    def _attended(self, at: int) -> Conversation:
        """The first asks a colleague while the client holds, then lets the two talk."""
        consult, talk = self._rng.randrange(6, 20), self._talk()
        first = self._leg(self._who(at), at, talk + consult)
        first = replace(first, hold_s=consult)
        second = self._who(at, first.extension)
        ended = first.ended_at + self._talk()
        rang_at = first.ended_at - consult
        joined = Leg(second, rang_at, first.ended_at, ended, transfer=ATTENDED)
        return self._call(IN, at, [first, joined])

    def _menu_only(self, at: int) -> Conversation:
        end = at + self._rng.randrange(3, 40)
        return self._alone(IN, at, end, IVR)

    def _voicemail(self, at: int) -> Conversation:
        """A greeting, a telephone that nobody takes, then a message."""
        leg = self._leg(self._who(at), at + 5, 0)
        call = self._call(IN, at, [leg])
        return replace(call, ended_at=leg.ended_at + self._rng.randrange(5, 40), kind=VOICEMAIL)

    def _robot(self, at: int) -> Conversation:
        return self._alone(OUT, at, at + self._rng.randrange(15, 45), ROBOT)

    def _alone(self, direction: str, at: int, end: int, kind: str) -> Conversation:
        rng = self._rng
        return Conversation(
            0, direction, rng.choice(self._clients), rng.choice(LINES), at, end, (), kind
        )

    def _internal(self, at: int) -> Conversation:
        caller = self._leg(self._who(at), at, self._talk())
        rung = replace(caller, extension=self._who(at, caller.extension))
        return Conversation(0, INTERNAL, "", "", at, caller.ended_at, (caller, rung))
