"""Owner histories where the vendor keeps one: its word beats what polling saw."""

from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter

from sqlalchemy import Connection

from store import owner_event
from store.moment import EPOCH
from store.owner_event import Handover
from store.record import named_by
from sync.cohort import Kept
from sync.owner import OwnerChange

_JUST_BEFORE = timedelta(milliseconds=1)
"""The new owner has the record from the very moment of the event on."""


def with_handovers(tx: Connection, source_id: int, kind: str, kept: Kept) -> Kept:
    """The records of a kind, each with its owner history as the vendor tells it, where it does."""
    naming = attrgetter(named_by(kind))
    named = [naming(record) for record, _ in kept]
    told = owner_event.handovers(tx, source_id, kind, named)
    if not told:
        return kept
    return [
        (record, merged(told[ref], history, record.owner_ref) if ref in told else history)
        for ref, (record, history) in zip(named, kept, strict=True)
    ]


def merged(
    told: Sequence[Handover], observed: Sequence[OwnerChange], owner_ref: str | None
) -> list[OwnerChange]:
    """The history by these events; what polling saw counts only after the last of them.

    `owner_ref`: the owner of now. An event that has not been read yet leaves the time since the
    last one to them.
    """
    events = in_chain(told)
    last = events[-1]
    history = [OwnerChange(EPOCH, events[0].before_ref)]
    history += [OwnerChange(each.at - _JUST_BEFORE, each.after_ref) for each in events]
    later = [each for each in observed if each.after_at >= last.at]
    if not later and last.after_ref != owner_ref:
        later = [OwnerChange(last.at, owner_ref)]
    return history + later


def in_chain(told: Sequence[Handover]) -> list[Handover]:
    """The events by time; those of one second so that each begins where the one before ended."""
    waiting = sorted(told)
    chain: list[Handover] = []
    while waiting:
        now = [each for each in waiting if each.at == waiting[0].at]
        holder = chain[-1].after_ref if chain else None
        heads = {each.after_ref for each in now}
        following = (
            [each for each in now if chain and each.before_ref == holder]
            or [each for each in now if each.before_ref not in heads]
            or now
        )
        chain.append(following[0])
        waiting.remove(following[0])
    return chain
