"""Faults on request: what an answer may suffer on its way, and gates for kill tests."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

REFUSALS = frozenset({"503", "429", "500", "expired"})
UNAPPLIED = REFUSALS | {
    "html200", "html403", "html500", "reset", "hang", "empty200", "redirect",
}  # fmt: skip
MANGLED = frozenset({"lost", "truncate", "short", "slow"})


@dataclass(slots=True)
class Fault:
    """`method` matches a request's own or any inner method; `command` hits one of a batch.

    `after` matching requests pass first, then `count` suffer (-1 = all). `seconds` is how
    long `slow` (1) and `hang` (an hour) take; `location` is where `redirect` points.
    """

    kind: str
    method: str = "*"
    after: int = 0
    count: int = 1
    command: str | None = None
    seconds: float | None = None
    location: str = ""

    def meets_request(self, names: list[str]) -> bool:
        """Whether the fault is about a whole request that calls these methods."""
        return self.command is None and _among(self.method, names)

    def meets_command(self, name: str) -> bool:
        """Whether the fault is about this one command of a batch."""
        return self.command is not None and _among(self.command, [name])

    def strikes(self) -> bool:
        """Count one match; says whether it suffers."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.count > 0:
            self.count -= 1
        return True

    @property
    def spent(self) -> bool:
        """Whether it will never strike again."""
        return self.count == 0


@dataclass(slots=True)
class Gate:
    """Holds one request until released; then its connection closes unanswered."""

    number: int
    when: str
    reached: threading.Event
    opened: threading.Event


class Faults:
    """The switches of one server. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._gate: Gate | None = None
        self._seen = count(1)

    def add(
        self,
        kind: str,
        *,
        method: str = "*",
        after: int = 0,
        count: int = 1,
        command: str | None = None,
        seconds: float | None = None,
        location: str = "",
    ) -> Fault:
        """Arm a fault; ValueError for an unknown kind."""
        if kind not in UNAPPLIED | MANGLED:
            raise ValueError(f"unknown fault {kind}; known: {sorted(UNAPPLIED | MANGLED)}")
        if command is not None and kind not in REFUSALS:
            raise ValueError(f"one command of a batch can only suffer {sorted(REFUSALS)}")
        fault = Fault(kind, method, after, count, command, seconds, location)
        with self._lock:
            self._faults.append(fault)
        return fault

    def add_text(self, text: str) -> Fault:
        """Arm a fault written as kind[:method[:after[:count]]]."""
        kind, *rest = text.split(":")
        method = rest[0] if rest and rest[0] else "*"
        numbers = [int(part) for part in rest[1:3]]
        after, times = [*numbers, *(0, 1)[len(numbers) :]]
        return self.add(kind, method=method, after=after, count=times)

    def clear(self) -> None:
        """Disarm everything and let a held request go."""
        with self._lock:
            self._faults.clear()
        self.release()

    def gate(self, number: int, when: str = "before") -> None:
        """Hold the n-th request from now, before it is applied or after, unanswered."""
        if when not in ("before", "after") or number < 1:
            raise ValueError("a gate stands before or after the n-th request, n >= 1")
        with self._lock:
            self._seen = count(1)
            self._gate = Gate(number, when, threading.Event(), threading.Event())

    def wait_gate(self, timeout: float) -> bool:
        """Wait until a request stands at the gate; False when none came in time (seconds)."""
        with self._lock:
            gate = self._gate
        return gate is not None and gate.reached.wait(timeout)

    def release(self) -> None:
        """Open the gate: the held connection closes without an answer."""
        with self._lock:
            gate, self._gate = self._gate, None
        if gate is not None:
            gate.opened.set()

    def arrive(self) -> Gate | None:
        """Count a request; the gate when it is this request's turn to be held."""
        with self._lock:
            number = next(self._seen)
            return self._gate if self._gate and self._gate.number == number else None

    def request_fault(self, names: list[str]) -> Fault | None:
        """The fault that a request suffers, if any."""
        return self._strike(lambda fault: fault.meets_request(names))

    def command_fault(self, name: str) -> str | None:
        """The refusal that one command of a batch suffers, if any."""
        fault = self._strike(lambda fault: fault.meets_command(name))
        return fault.kind if fault else None

    def _strike(self, meets: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if not fault.spent and meets(fault) and fault.strikes():
                    return fault
        return None


def _among(wanted: str, names: list[str]) -> bool:
    return wanted == "*" or wanted.casefold() in {name.casefold() for name in names}
