"""Records that remember every version they ever had."""

from typing import Generic, Protocol, TypeVar


class State(Protocol):
    """One version: the state of a record from `at` on, in seconds."""

    @property
    def at(self) -> float: ...


V = TypeVar("V", bound=State)


class Versioned(Generic[V]):
    """A record; `versions` is never empty and ascends by `at`."""

    __slots__ = ("versions",)

    def __init__(self, versions: list[V]) -> None:
        self.versions = versions

    @property
    def now(self) -> V:
        """The current version."""
        return self.versions[-1]

    def at(self, moment: float) -> V | None:
        """The version that stood at a moment; None before the record was there."""
        return next((one for one in reversed(self.versions) if one.at <= moment), None)
