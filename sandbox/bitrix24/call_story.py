"""How telephony statistics of a sales department look: rows, legs, misses and oddities."""

import random
from collections.abc import Callable
from itertools import accumulate

from sandbox.bitrix24.call import Call, Calls
from sandbox.bitrix24.staff import SalesPeople
from sandbox.bitrix24.user import ROBOT_ID
from sandbox.hours import Hours

_UNREACHED = ("603-S", "603-S", "603-S", "304", "304", "486", "486", "480", "404", "603", "403")
_MISSED = ("304", "304", "304", "304", "304", "603", "480", "486")
_SPELLINGS = (0, 0, 0, 0, 0, 0, 0, 1, 2, 3)
Legs = list[Call]


class CallWriter:
    """Writes calls of people of `staff` within `hours`, from and to `phones`."""

    def __init__(
        self,
        rng: random.Random,
        staff: SalesPeople,
        hours: Hours,
        phones: list[tuple[str, ...]],
        calls: Calls,
    ) -> None:
        self._rng = rng
        self._staff = staff
        self._hours = hours
        self._phones = phones
        self._calls = calls
        kinds: list[tuple[int, Callable[[int, str], Legs]]] = [
            (470, self._outgoing),
            (370, self._incoming),
            (60, self._transferred),
            (25, self._call_back),
            (15, self._information),
            (15, self._internal),
            (15, self._talked_to_a_machine),
            (12, self._other_switchboard),
            (10, self._without_session),
            (8, self._rung_together),
        ]
        self._kinds = [kind for _, kind in kinds]
        self._weights = list(accumulate(weight for weight, _ in kinds))

    def write(self, rows: int, more: Callable[[Legs], Legs] = lambda _legs: []) -> None:
        """At least that many rows and what is made of them, numbered as they ended."""
        written: Legs = []
        while len(written) < rows:
            legs = self.conversation(self._hours.moment(self._rng))
            if all(leg.end <= self._hours.now for leg in legs):
                written += legs
        written += more(written)
        written.sort(key=lambda call: (call.end, call.start, call.user))
        for call in written:
            self._calls.append(call, 1 if self._rng.random() < 0.98 else 2)

    def conversation(self, at: int) -> Legs:
        """The legs of one call that begins at a moment."""
        spellings = self._phones[int(self._rng.random() * len(self._phones))]
        phone = spellings[_SPELLINGS[int(self._rng.random() * len(_SPELLINGS))]]
        kind = self._rng.choices(self._kinds, cum_weights=self._weights)[0]
        return kind(at, phone)

    def _leg(self, user: int, kind: int, at: int, talk: int, code: str, phone: str) -> Call:
        ring = 3 + int(self._rng.random() * 27)
        return Call(user, kind, at, at + ring + talk, talk, code, phone)

    def _joined(self, *legs: Call) -> Legs:
        session = self._calls.fresh_session()
        for leg in legs:
            leg.session = session
        return list(legs)

    def _talk(self) -> int:
        """Seconds of a conversation; many are just about two minutes long."""
        rng = self._rng
        if rng.random() < 0.05:
            return 118 + int(rng.random() * 4)
        return max(2, min(3600, int(rng.lognormvariate(4.4, 1.0))))

    def _who(self, at: int) -> int:
        return self._staff.pick(self._rng, at)

    def _outgoing(self, at: int, phone: str) -> Legs:
        if self._rng.random() < 0.64:
            return self._joined(self._leg(self._who(at), 1, at, self._talk(), "200", phone))
        code = self._rng.choice(_UNREACHED)
        return self._joined(self._leg(self._who(at), 1, at, 0, code, phone))

    def _incoming(self, at: int, phone: str) -> Legs:
        chance = self._rng.random()
        if chance < 0.78:
            return self._joined(self._leg(self._who(at), 2, at, self._talk(), "200", phone))
        code = "200" if chance < 0.79 else self._rng.choice(_MISSED)
        return self._joined(self._leg(self._who(at), 2, at, 0, code, phone))

    def _transferred(self, at: int, phone: str) -> Legs:
        """Rung or answered by one, then redirected to another."""
        first, second = self._who(at), self._who(at)
        chance = self._rng.random()
        if chance < 0.5:
            one = self._leg(first, 2, at, 0, "304", phone)
        else:
            one = self._leg(first, 2, at, self._talk() // 3 + 1, "200", phone)
        answered = self._rng.random() < 0.85
        talk, code = (self._talk(), "200") if answered else (0, "304")
        return self._joined(one, self._leg(second, 3, int(one.end), talk, code, phone))

    def _call_back(self, at: int, phone: str) -> Legs:
        reached = self._rng.random() < 0.7
        talk, code = (self._talk(), "200") if reached else (0, "486")
        return self._joined(self._leg(self._who(at), 4, at, talk, code, phone))

    def _information(self, at: int, phone: str) -> Legs:
        return self._joined(self._leg(ROBOT_ID, 5, at, 20, "200", phone))

    def _internal(self, at: int, _phone: str) -> Legs:
        leg = self._leg(self._who(at), 1, at, self._talk(), "200", str(100 + self._who(at)))
        leg.category = "internal"
        return self._joined(leg)

    def _talked_to_a_machine(self, at: int, phone: str) -> Legs:
        """A length without success: voice mail or a menu, nobody talked."""
        kind = 1 if self._rng.random() < 0.5 else 2
        return self._joined(self._leg(self._who(at), kind, at, 7, "304", phone))

    def _other_switchboard(self, at: int, phone: str) -> Legs:
        """No session of the portal's own, legs share the foreign number."""
        external = f"pbx-{self._calls.fresh_session()}"
        one = self._leg(self._who(at), 2, at, 0, "304", phone)
        two = self._leg(self._who(at), 3, at + 12, self._talk(), "200", phone)
        one.external = two.external = external
        return [one, two]

    def _without_session(self, at: int, phone: str) -> Legs:
        kind = 1 if self._rng.random() < 0.6 else 2
        return [self._leg(self._who(at), kind, at, self._talk(), "200", phone)]

    def _rung_together(self, at: int, phone: str) -> Legs:
        """Three telephones rang, nobody came."""
        rung = {self._who(at) for _ in range(3)} - {ROBOT_ID}
        return self._joined(*(self._leg(user, 2, at, 0, "304", phone) for user in sorted(rung)))
