"""What a new version of a record shows of who held it before, as far as a poller can know."""

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
