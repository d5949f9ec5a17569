"""What an act of writing back came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from writeback.decision import Decision
from writeback.outbox import Outbox, Rejection


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A person's edit that was left standing. `field` None: they deleted the whole record."""

    key: str
    manager: str | None
    period: date | None
    field: str | None
    theirs: str | None
    ours: str | None


@dataclass(frozen=True, kw_only=True)
class WriteResult:
    """`written`: records confirmed by reading back. `paused`: why nothing more is written.

    `unresolved`: writes whose answer was lost and which cannot be seen yet; the next act finds out.
    `run` is the number to give to `undo`, None when nothing was sent.
    """

    run: int | None = None
    written: int = 0
    conflicts: tuple[Conflict, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    unresolved: int = 0
    paused: str | None = None


@dataclass(frozen=True, kw_only=True)
class Left:
    """A record that `undo` left: ours stands no more in these fields, or (none named) at all."""

    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class UndoResult:
    """`run`: the run of the restoring writes; `put_back`: records restored or removed."""

    run: int | None
    put_back: int
    left: tuple[Left, ...]
    rejected: tuple[Rejection, ...]


def result_of(outbox: Outbox, decisions: Sequence[Decision], paused: str | None) -> WriteResult:
    """The result of what an outbox sent for these decisions."""
    return WriteResult(
        run=outbox.run,
        written=outbox.written,
        conflicts=conflicts_of(decisions),
        rejected=tuple(outbox.rejected),
        unresolved=outbox.unresolved,
        paused=paused,
    )


def conflicts_of(decisions: Sequence[Decision]) -> tuple[Conflict, ...]:
    """Every human edit that the decisions leave standing."""
    return tuple(
        Conflict(
            key=each.wanted.key,
            manager=each.wanted.manager,
            period=each.wanted.period,
            field=edit.field,
            theirs=edit.theirs,
            ours=edit.ours,
        )
        for each in decisions
        for edit in each.edits
        if edit.kept
    )
