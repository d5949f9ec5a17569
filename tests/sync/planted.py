"""Classical mistakes of programs that copy data, made on purpose in a running agent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

from sqlalchemy import Connection

from store import record as stored_record
from store import stream as stored_stream
from store import upsert
from store.moment import EPOCH
from store.stream import StreamState
from store.table import DEAL
from sync import commit, page, pipeline, sweep
from tests.sync import scripted


@contextmanager
def watermark_is_the_end_of_the_run() -> Iterator[None]:
    """Changes made while the run was under way, on what it had passed, are never read."""
    finish = pipeline.Pass._finish

    def now(self: pipeline.Pass, stream: Any, state: StreamState, result: Any) -> None:
        finish(self, stream, replace(state, began_at=self.source.clock()), result)

    with mock.patch.object(pipeline.Pass, "_finish", now):
        yield


@contextmanager
def watermark_is_the_start_of_the_last_attempt() -> Iterator[None]:
    """A resumed run forgets when it first began."""
    begin = pipeline.Pass._begin

    def anew(self: pipeline.Pass, stream: Any, state: StreamState) -> Any:
        run = begin(self, stream, state)
        return run._replace(state=replace(run.state, began_at=None))

    with mock.patch.object(pipeline.Pass, "_begin", anew):
        yield


@contextmanager
def later_than_instead_of_not_before() -> Iterator[None]:
    """`>` where the vendor's marks have whole seconds, and no overlap."""
    with mock.patch.object(scripted.Remote, "at_least", False), _no_overlap():
        yield


@contextmanager
def _no_overlap() -> Iterator[None]:
    begin = pipeline.Pass._begin

    def exactly(self: pipeline.Pass, stream: Any, state: StreamState) -> Any:
        return begin(self, replace(stream, lag=timedelta(0)), state)

    with mock.patch.object(pipeline.Pass, "_begin", exactly):
        yield


@contextmanager
def cursor_is_saved_before_the_rows() -> Iterator[None]:
    """Two transactions, the cursor's first, and a kill between them."""
    keep = page.keep_page

    def cursor_first(
        source: Any, stream: Any, commit: Any, records: Any, state: Any = None
    ) -> page.StreamResult:
        if state is not None:
            with source.store.write() as tx:
                stored_stream.save_stream(tx, state)
            source.client.hook("page")
        return keep(source, stream, commit, records)

    with mock.patch.object(pipeline, "keep_page", cursor_first):
        yield


@contextmanager
def checkpoint_outlives_its_run() -> Iterator[None]:
    """The next run goes on behind the last record of the run before."""
    save = stored_stream.save_stream
    places: dict[str, str | None] = {}

    def keep_place(tx: Connection, state: StreamState) -> None:
        if state.checkpoint is not None:
            places[state.name] = state.checkpoint
        finished = state.checkpoint is None and state.watermark is not None
        place = places.get(state.name) if finished else state.checkpoint
        save(tx, replace(state, checkpoint=place))

    with mock.patch.object(stored_stream, "save_stream", keep_place):
        yield


@contextmanager
def what_is_not_listed_is_deleted() -> Iterator[None]:
    """A run in which nothing changed empties the store."""
    finish = pipeline.Pass._finish

    def empty(self: pipeline.Pass, stream: Any, state: StreamState, result: Any) -> None:
        if state.name == "deals" and not result.read:
            with self.source.store.write() as tx:
                refs = list(stored_record.live_refs(tx, DEAL, state.source_id))
                stored_record.remove(tx, DEAL, state.source_id, refs, self.source.clock())
        finish(self, stream, state, result)

    with mock.patch.object(pipeline.Pass, "_finish", empty):
        yield


@contextmanager
def updates_are_ignored() -> Iterator[None]:
    """INSERT OR IGNORE where an upsert belongs."""
    put = upsert.put_rows

    def insert_only(tx: Connection, table: Any, rows: Sequence[Any], *, journal: bool) -> int:
        known = upsert._hashes(tx, table, rows) if rows else {}
        width = len(table.primary_key.columns)
        return put(tx, table, [row for row in rows if row[:width] not in known], journal=journal)

    with mock.patch.object(commit, "put_rows", insert_only):
        yield


@contextmanager
def an_older_version_overwrites() -> Iterator[None]:
    """What a copy that lags behind serves is taken for the newest."""
    versions = stored_record.versions

    def ageless(tx: Connection, table: Any, source_id: int, refs: Any) -> Any:
        found = versions(tx, table, source_id, refs)
        return {ref: version._replace(updated_at=EPOCH) for ref, version in found.items()}

    with mock.patch.object(stored_record, "versions", ageless):
        yield


@contextmanager
def credit_goes_to_the_owner_of_today() -> Iterator[None]:
    """Whoever holds the deal now is said to have held it always."""
    with mock.patch.object(commit, "observe_owner", return_value=()):
        yield


@contextmanager
def old_images_are_not_journalled() -> Iterator[None]:
    """Only what is new is told to the KPIs."""
    keep = upsert.keep_images

    def only_new(tx: Connection, table: Any, keys: Any, *, sign: int) -> None:
        if sign > 0:
            keep(tx, table, keys, sign=sign)

    with mock.patch.object(upsert, "keep_images", only_new):
        yield


@contextmanager
def the_first_read_is_not_counted_anew() -> Iterator[None]:
    """Rows come without a journal and nobody asks for a rebuild."""
    with mock.patch.object(commit.Commit, "_note"):
        yield


@contextmanager
def an_error_ends_the_run_as_if_it_were_done() -> Iterator[None]:
    """The pages behind a refused one are forgotten."""

    def finished(self: pipeline.Pass, state: StreamState, error: Any) -> Any:
        (stream,) = (each for each in self.source.connector.streams if each.name == state.name)
        self._finish(stream, state, page.StreamResult(stream=state.name))
        return page.StreamResult(stream=state.name, error=error)

    with mock.patch.object(pipeline.Pass, "_failed", finished):
        yield


@contextmanager
def senseless_records_vanish() -> Iterator[None]:
    """Skipped, and not set aside."""
    with mock.patch.object(stored_stream, "quarantine"):
        yield


@contextmanager
def a_sweep_does_not_fetch_what_was_missed() -> Iterator[None]:
    """What comes out of the bin is never seen again."""

    def nothing(source: Any, stream: Any, refs: Any) -> page.StreamResult:
        return page.StreamResult(stream=stream.name)

    with mock.patch.object(sweep, "fetch_records", nothing):
        yield
