"""Whose a record was at a moment, as far as somebody can know who reads now and then."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol, TypeVar

from sandbox.version import Versioned


class _State(Protocol):
    @property
    def at(self) -> float: ...
    @property
    def updated_at(self) -> float: ...
    @property
    def deleted(self) -> bool: ...


S = TypeVar("S", bound=_State)


def last_version(record: Versioned[S], reads: Sequence[float]) -> S | None:
    """How it stands at the last of the moments, or in the end without any; None when deleted."""
    last = record.at(reads[-1]) if reads else record.now
    return None if last is None or last.deleted else last


def version_at(record: Versioned[S], at: float, reads: Sequence[float]) -> S:
    """The version that tells whose it was; `reads` ascend, without any it is the true one.

    A new owner holds it from just after the version read before; all in whole seconds.
    """
    if not reads:
        return record.at(at) or record.versions[0]
    seen: list[S] = []
    for moment in reads:
        version = record.at(moment)
        if version is not None and not version.deleted and (not seen or seen[-1] != version):
            seen.append(version)
    found = seen[0]
    for before, after in pairwise(seen):
        if int(at) > int(before.updated_at):
            found = after
    return found
