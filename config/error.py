"""The base of every error a person may see, and the one that stops the start: wrong settings."""

from collections.abc import Sequence
from dataclasses import dataclass


class MeriloError(Exception):
    """An expected failure, told in three parts.

    `what` happened, what the agent `did` about it, and what a person can do (`todo`).
    """

    def __init__(self, what: str, *, did: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.did = did
        self.todo = todo

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.did, self.todo) if part)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake in the settings and its place; line and column count from 1, 0 = no place."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(MeriloError):
    """Settings or secrets are wrong: nothing starts (exit 78).

    `problems` holds every mistake found; with none, the three-part message stands alone.
    """

    def __init__(
        self,
        what: str = "The settings are wrong.",
        *,
        problems: Sequence[Problem] = (),
        did: str = "",
        todo: str = "",
    ) -> None:
        super().__init__(what, did=did, todo=todo)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems)) if self.problems else super().__str__()


class SecretError(ConfigError):
    """A secret is missing or the place that keeps secrets cannot be used. Never holds a value."""
