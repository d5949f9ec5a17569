"""One pass over a source: every stream read page by page, each page kept before the next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from connectors.base import Since, Stream
from connectors.error import AbsentError, RemoteError, StoppedError
from store import directory
from store import stream as stored_stream
from store.custom_value import note_read
from store.moment import to_ms
from store.stream import StreamState
from store.task import judge_deadlines
from sync.commit import Commit
from sync.follow import follow_removals
from sync.page import StreamResult, keep_page, settle_people
from sync.rule import apply_rules, named_fields
from sync.source import Source

TASKS = "tasks"
"""The stream up to whose watermark it is known which tasks were not done in time."""

NEVER: Callable[[], bool] = bool
"""Never asks a pass to stop (`bool()` is False)."""


class _Run(NamedTuple):
    """The stream's state as the run begins, and where it reads from."""

    state: StreamState
    since: Since


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One pass over a source. `full` reads everything since the beginning again.

    `should_stop` is asked after every page; `report` is told of every page.
    """

    source: Source
    full: bool = False
    should_stop: Callable[[], bool] = NEVER
    report: Callable[[StreamResult], None] = lambda _result: None

    def run(self, names: Sequence[str] = ()) -> list[StreamResult]:
        """Reads what changed in every stream (or in those named); one transaction a page.

        A stream that fails is noted with its error and the others go on.
        """
        connector = self.source.connector
        streams = [each for each in connector.streams if not names or each.name in names]
        told = connector.told and not names and connector.told(streams, self.source.client)
        streams += [told] if told else []
        source_id, states = self._load(streams)
        runs = {each.name: self._begin(each, states[each.name]) for each in streams}
        credit = settle_people(self.source)
        try:
            self._open(streams, runs)
        except StoppedError:
            return [StreamResult(stream=streams[0].name, stopped=True)]
        except RemoteError as error:
            return [self._failed(states[each.name], error) for each in streams]
        results = []
        for stream in streams:
            run = runs[stream.name]
            journal = run.state.watermark is not None
            commit = Commit(source_id=source_id, credit=credit, journal=journal)
            results.append(self._run_stream(stream, run, commit))
            if results[-1].people:
                credit = settle_people(self.source)
            if results[-1].stopped:
                break
        return [each for each in results if not told or each.stream != told.name or each.error]

    def _load(self, streams: Sequence[Stream]) -> tuple[int, dict[str, StreamState]]:
        with self.source.store.write() as tx:
            source_id = directory.source_id(tx, self.source.name)
            states = {}
            for each in streams:
                state = stored_stream.load_stream(tx, source_id, each.name)
                states[each.name] = apply_rules(tx, self.source, each, state)
            return source_id, states

    def _begin(self, stream: Stream, state: StreamState) -> _Run:
        """Where the run reads from: its unfinished place, the watermark, or the very beginning.

        Everything is read the first time, when asked for, and when the settings reach further
        back than before.
        """
        reach = min(state.since or self.source.since, self.source.since)
        widened = state.since is not None and reach < state.since
        if self.full or widened or state.full_from is not None or state.watermark is None:
            resumed = not self.full and state.full_from is not None and state.full_from <= reach
            if not resumed:
                state = replace(state, full_from=reach, checkpoint=None, began_at=None)
            begins_at = state.full_from or reach
            return _Run(state, Since(changed_from=begins_at, checkpoint=state.checkpoint))
        begins_at = state.watermark - stream.lag
        return _Run(
            state,
            Since(changed_from=begins_at, cursor=state.cursor, checkpoint=state.checkpoint),
        )

    def _open(self, streams: Sequence[Stream], runs: Mapping[str, _Run]) -> None:
        if self.source.connector.open_pass is not None:
            self.source.connector.open_pass(
                self.source.client, [(each, runs[each.name].since) for each in streams]
            )

    def _run_stream(self, stream: Stream, run: _Run, commit: Commit) -> StreamResult:
        result, state, cursor = StreamResult(stream=stream.name), run.state, run.state.cursor
        try:
            for page in stream.pages(self.source.client, run.since):
                state = replace(
                    state, checkpoint=page.checkpoint, began_at=state.began_at or page.served_at
                )
                if page.records:
                    counts = keep_page(self.source, stream, commit, page.records, state)
                    result = result.plus(counts)
                    follow_removals(self.source, counts.gone)
                # The cursor joins the saved state only when the run ends.
                cursor = page.cursor or cursor
                self.report(result)
                if self.should_stop():
                    return replace(result, stopped=True)
        except StoppedError:
            return replace(result, stopped=True)
        except AbsentError:
            self._forget(state)
            return replace(result, absent=True)
        except RemoteError as error:
            return replace(result, error=self._failed(state, error).error)
        self._finish(stream, replace(state, cursor=cursor), result)
        return result

    def _finish(self, stream: Stream, state: StreamState, result: StreamResult) -> None:
        """The run ended: everything changed before its first attempt began is in the store, as
        the settings of this run have it."""
        now = self.source.clock()
        done = replace(
            state,
            watermark=state.began_at or state.watermark,
            since=state.full_from or state.since,
            full_from=None,
            began_at=None,
            checkpoint=None,
            finished_at=now,
            error=None,
            error_at=None,
        )
        with self.source.store.write() as tx:
            stored_stream.save_stream(tx, done)
            if stream.fields_of is not None:
                fields = named_fields(self.source, stream.fields_of)
                note_read(tx, state.source_id, stream.name, fields)
            if state.name == TASKS and done.watermark is not None:
                judge_deadlines(tx, state.source_id, to_ms(done.watermark))
            if result.changed or result.quarantined:
                stored_stream.add_receipt(
                    tx,
                    state,
                    kind="read",
                    ended_at=now,
                    read=result.read,
                    changed=result.changed,
                    quarantined=result.quarantined,
                )

    def _forget(self, state: StreamState) -> None:
        """The account has no such records (any more): nobody can know numbers made of them."""
        fresh = StreamState(source_id=state.source_id, name=state.name)
        with self.source.store.write() as tx:
            stored_stream.save_stream(tx, replace(fresh, finished_at=self.source.clock()))

    def _failed(self, state: StreamState, error: RemoteError) -> StreamResult:
        with self.source.store.write() as tx:
            stored_stream.fail_stream(tx, state, str(error), self.source.clock())
        return StreamResult(stream=state.name, error=error)
