"""Finds the calls that only a CRM or only a telephone system tells of, a day after they were."""

from collections.abc import Collection, Iterator
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from store.call import Changed, open_calls, standing
from store.directory import telephony_ids
from store.moment import to_ms
from store.store import Store
from store.stream import StreamState, load_streams
from store.twin import Stretch, read_compared, write_compared
from sync.commit import Commit
from sync.recredit import load_credit

CALLS = "calls"
"""The stream whose calls are compared."""

PATIENCE = timedelta(hours=24)
"""So long a call may be missing in one of the systems before it counts as missing there."""

log = structlog.get_logger("merilo.sync")


def compare_calls(store: Store, sources: Collection[str]) -> int:
    """Compares the calls of these sources as far as all have told theirs; how many were looked at.

    Nothing is compared unless a telephone system and a CRM are among them.
    """
    with store.read() as tx:
        if _next(tx, sources) is None:
            return 0
    with store.write() as tx:
        number = _compare(tx, sources)
    if number:
        log.info("sync.calls_compared", calls=number)
    return number


def _compare(tx: Connection, sources: Collection[str]) -> int:
    """Another source's cycle may have been faster: what there is to do is looked at again."""
    stretches = _next(tx, sources)
    if stretches is None:
        return 0
    before, wanted = stretches
    write_compared(tx, wanted)
    return sum(_settle(tx, part) for part in _new_parts(before, wanted))


def _next(tx: Connection, sources: Collection[str]) -> tuple[Stretch, Stretch] | None:
    """What was compared, and what can be now; None when there is nothing to compare anew."""
    wanted, before = _wanted(tx, sources), read_compared(tx)
    return None if wanted is None or wanted == before else (before, wanted)


def _wanted(tx: Connection, sources: Collection[str]) -> Stretch | None:
    """The time of which all streams of calls have told everything, but for the last day."""
    telephony = telephony_ids(tx)
    read = [
        state
        for (source, name), state in load_streams(tx).items()
        if name == CALLS and source in sources and state.watermark and state.since
    ]
    if len({state.source_id in telephony for state in read}) < 2:
        return None
    first, end = max(map(_since_ms, read)), min(map(_end_ms, read))
    return Stretch(first, end) if first < end else None


def _since_ms(state: StreamState) -> int:
    return to_ms(state.since) if state.since else 0


def _end_ms(state: StreamState) -> int:
    return to_ms(state.watermark - PATIENCE) if state.watermark else 0


def _new_parts(before: Stretch, wanted: Stretch) -> Iterator[Stretch]:
    if before.end_ms <= before.first_ms or wanted.first_ms > before.end_ms:
        yield wanted
        return
    if wanted.first_ms < before.first_ms:
        yield Stretch(wanted.first_ms, before.first_ms)
    if before.end_ms < wanted.end_ms:
        yield Stretch(before.end_ms, wanted.end_ms)


def _settle(tx: Connection, part: Stretch) -> int:
    """Tells of every call of this time whether it has a twin: two sources may have been kept at
    one moment, each without the other's."""
    credit, number = load_credit(tx), 0
    for source_id, refs in open_calls(tx, part.first_ms, part.end_ms):
        commit = Commit(source_id=source_id, credit=credit, journal=True)
        touched = standing(tx, source_id, refs).touched
        commit.settle_calls(tx, Changed(source_id, refs, touched))
        number += len(refs)
    return number
