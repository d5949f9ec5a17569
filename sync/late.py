"""Reads again, apart from the cycle, what may have come or changed late and tells of no change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from connectors.base import Since, Stream
from connectors.error import RemoteError, StoppedError
from store import directory
from store import stream as stored_stream
from sync.commit import Commit
from sync.page import StreamResult, keep_page, settle_people
from sync.pipeline import NEVER
from sync.source import Source

MONTH = timedelta(days=31)
"""How far a sweep goes back in streams of which nothing but reading them again tells more."""


def read_late(
    source: Source,
    *,
    reach: timedelta | None = None,
    should_stop: Callable[[], bool] = NEVER,
) -> list[StreamResult]:
    """Reads the last span of every stream that declares one, or `reach`; cursors stay.

    A stream never read to its end is left out. One that cannot be read is told with its error.
    """
    results = []
    for stream in source.connector.streams:
        if stream.late is None or should_stop():
            continue
        result = _read(source, stream, reach or stream.late, should_stop)
        results += [] if result is None else [result]
    return results


def _read(
    source: Source, stream: Stream, reach: timedelta, should_stop: Callable[[], bool]
) -> StreamResult | None:
    with source.store.write() as tx:
        source_id = directory.source_id(tx, source.name)
        state = stored_stream.load_stream(tx, source_id, stream.name)
    if state.watermark is None:
        return None
    commit = Commit(source_id=source_id, credit=settle_people(source), journal=True)
    result, now = StreamResult(stream=stream.name), source.clock()
    try:
        for page in stream.pages(source.client, Since(changed_from=now - reach)):
            result = result.plus(keep_page(source, stream, commit, page.records))
            if should_stop():
                return replace(result, stopped=True)
    except StoppedError:
        return replace(result, stopped=True)
    except RemoteError as error:
        return replace(result, error=error)
    with source.store.write() as tx:
        fresh = stored_stream.load_stream(tx, source_id, stream.name)
        stored_stream.save_stream(tx, replace(fresh, late_at=now))
    return result
