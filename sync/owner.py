"""Who held a record at a moment, as far as anyone who only polls can know."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from store.moment import EPOCH


class OwnerChange(NamedTuple):
    """From just after `after_at` on, `owner_ref` held the record (None: nobody)."""

    after_at: datetime
    owner_ref: str | None


class SeenVersion(NamedTuple):
    """What the store knew of a record before this read."""

    owner_ref: str | None
    updated_at: datetime


def observe_owner(
    seen: SeenVersion | None, history: Sequence[OwnerChange], owner_ref: str | None
) -> tuple[OwnerChange, ...]:
    """The owner changes to add when a new version of a record shows `owner_ref`.

    A new owner holds the record from just after the last version that was read; before the first
    sight it belonged to whom we saw first. While the owner never changed there is no history.
    """
    if seen is None or seen.owner_ref == owner_ref:
        return ()
    change = OwnerChange(seen.updated_at, owner_ref)
    return (change,) if history else (OwnerChange(EPOCH, seen.owner_ref), change)


def owner_at(moment: datetime, history: Sequence[OwnerChange], owner_ref: str | None) -> str | None:
    """Who held the record at `moment`; `owner_ref` when it never changed hands.

    `history` ascends by time and begins with the first owner.
    """
    holder = history[0].owner_ref if history else owner_ref
    for change in history:
        if change.after_at < moment:
            holder = change.owner_ref
    return holder
