"""When which work is done: a cycle per source at every poll, sweeps, write-back, the self-check."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent  # type: ignore[import-untyped]
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from config.error import MeriloError
from config.settings import Settings
from connectors.error import StoppedError
from merilo.health import Watch, three_parts
from merilo.memory import give_back
from store.error import GuardError

FIRST_SWEEP = timedelta(minutes=15)
GATHER = timedelta(seconds=3)
LATE = timedelta(hours=1)
"""How often rows are read again that come late."""
_SELF_CHECK = CronTrigger(hour=0, minute=30, timezone=UTC)
_log = structlog.get_logger("merilo.service")

ShouldStop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the service does; every function may raise, and only its own source or destination
    suffers. `should_stop` becomes true when the service is asked to end: finish the page in hand.

    `cycle` reads a source and refreshes the KPIs; it returns the errors of single streams by
    name. `sweep` proves a source's store equal to the CRM; `swept_at` tells when that was last
    done. `writeback` writes to a destination (by its name). `self_check` rebuilds the KPIs and
    tells whether they had been wrong. `late` reads again what may have come late. `credential`
    changes when the source's secrets do. `close` lets go of everything. `interrupt` ends waits for
    limits: what waits raises StoppedError. `rest` follows every job: an idle service gives back
    what only work needs.
    """

    settings: Settings
    cycle: Callable[[str, ShouldStop], dict[str, MeriloError]]
    sweep: Callable[[str], object]
    late: Callable[[str, ShouldStop], object]
    swept_at: Callable[[str], datetime | None]
    writeback: Callable[[str, ShouldStop], object]
    self_check: Callable[[], bool]
    credential: Callable[[str], str]
    close: Callable[[], None]
    interrupt: Callable[[], object] = bool
    rest: Callable[[], object] = bool


class Schedule:
    """The jobs of one set of settings. `clock` gives aware UTC moments.

    Every source works in a thread of its own; one that hangs or fails holds up no other.
    """

    def __init__(self, work: Work, clock: Callable[[], datetime]) -> None:
        self.work = work
        self._clock = clock
        settings = work.settings
        self.sources = Watch("source", settings.sources, clock)
        self.destinations = Watch(
            "destination", (each.name for each in settings.destinations), clock
        )
        self._streams: set[tuple[str, str]] = set()
        self._turns = {name: threading.Lock() for name in settings.sources}
        self._written: dict[str, datetime] = {}
        self._late: set[str] = set()
        self._woken: set[str] = set()
        self._stop = threading.Event()
        self._busy: Counter[str] = Counter()
        self._idle = threading.Condition()
        self._scheduler = _scheduler(threads=3 * len(settings.sources) + 1)
        self._scheduler.add_listener(self._overdue, EVENT_JOB_MAX_INSTANCES)

    @property
    def is_alive(self) -> bool:
        """Whether the clockwork itself still runs."""
        thread = getattr(self._scheduler, "_thread", None)
        return bool(self._scheduler.running and thread is not None and thread.is_alive())

    def start(self) -> None:
        """Begins: every source is asked at once."""
        for name, source in self.work.settings.sources.items():
            self._add(f"cycle:{name}", self._cycle, name, _every(source.poll), self._clock())
            self._add(
                f"sweep:{name}", self._sweep, name, _every(source.sweep), self._first_sweep(name)
            )
            self._add(f"late:{name}", self._read_late, name, _every(LATE), self._clock() + LATE)
        self._add("self_check", self._self_check, "", _SELF_CHECK)
        self._scheduler.start()

    def wake(self, source: str) -> None:
        """Makes a source due in a moment, in which other hints may come; after the work on it that
        goes on, if there is any."""
        self._woken.add(source)
        self._hasten(source)

    def ask_to_stop(self) -> None:
        """Nothing new begins; work in hand ends after its page."""
        self._stop.set()
        self.work.interrupt()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def wait(self, timeout_s: float) -> bool:
        """Waits until nothing runs any more; False if something still does."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy.total(), timeout_s)

    def _add(
        self,
        job: str,
        function: Callable[[str], None],
        name: str,
        trigger: Any,
        first: datetime | None = None,
    ) -> None:
        when = {} if first is None else {"next_run_time": first}
        self._scheduler.add_job(partial(self._run, job, function, name), trigger, id=job, **when)

    def _run(self, job: str, function: Callable[[str], None], name: str) -> None:
        if self._stop.is_set():
            return
        with self._counted(name):
            function(name)
            self.work.rest()
            give_back()
        self._late.discard(job)

    @contextmanager
    def _counted(self, source: str) -> Iterator[None]:
        with self._idle:
            self._busy[source] += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy[source] -= 1
                self._idle.notify_all()
            self._hasten(source)

    def _hasten(self, source: str) -> None:
        """Brings the cycle of a woken source forward, unless work on it goes on, which does so at
        its end."""
        with self._idle:
            if source not in self._woken or self._busy[source] or self._stop.is_set():
                return
        due, job = self._clock() + GATHER, self._scheduler.get_job(f"cycle:{source}")
        if job is not None and job.next_run_time > due:
            job.modify(next_run_time=due)

    def _cycle(self, source: str) -> None:
        turn = self._turns[source]
        if not turn.acquire(blocking=False):
            return  # a sweep has it; the next poll comes soon
        self._woken.discard(source)
        credential = ""
        try:
            credential = self.work.credential(source)
            if self.sources.rests(source, credential):
                return
            self._note_streams(source, self.work.cycle(source, self._stop.is_set))
            if not self._stop.is_set():
                self.sources.well(source)
        except Exception as error:  # the boundary: one source's failure is its own
            self.sources.trouble(source, error, credential)
            return
        finally:
            turn.release()
        self._write_back(source)

    def _note_streams(self, source: str, errors: dict[str, MeriloError]) -> None:
        for stream, error in errors.items():
            if (source, stream) not in self._streams:
                self._streams.add((source, stream))
                _log.warning(
                    "stream.unavailable", source=source, stream=stream, **three_parts(error)
                )
        for known in [each for each in self._streams if each[0] == source]:
            if known[1] not in errors:
                self._streams.discard(known)
                _log.info("stream.recovered", source=source, stream=known[1])

    def _write_back(self, source: str) -> None:
        for destination in self.work.settings.destinations:
            name, now = destination.name, self._clock()
            due = self._written.get(name, now - destination.every) + destination.every
            if destination.source != source or now < due or self._stop.is_set():
                continue
            self._written[name] = now
            try:
                self.work.writeback(name, self._stop.is_set)
                self.destinations.well(name)
            except StoppedError:
                return
            except Exception as error:  # the boundary: reading goes on
                self.destinations.trouble(name, error)

    def _first_sweep(self, source: str) -> datetime:
        last, every = self.work.swept_at(source), self.work.settings.sources[source].sweep
        due = self._clock() + min(every, FIRST_SWEEP)
        return due if last is None else max(due, last + every)

    def _sweep(self, source: str) -> None:
        with self._turns[source]:
            if self._stop.is_set() or self._is_down(source):
                return
            try:
                self.work.sweep(source)
            except StoppedError:
                return
            except GuardError as error:
                _log.error("sweep.refused", source=source, **three_parts(error))
            except MeriloError as error:
                _log.warning("sweep.failed", source=source, **three_parts(error))
            except Exception as error:  # the boundary: cycles go on
                _log.error("sweep.failed", source=source, exc_info=error)

    def _read_late(self, source: str) -> None:
        with self._turns[source]:
            if self._stop.is_set() or self._is_down(source):
                return
            try:
                self.work.late(source, self._stop.is_set)
            except StoppedError:
                return
            except MeriloError as error:
                _log.warning("late.failed", source=source, **three_parts(error))
            except Exception as error:  # the boundary: cycles go on
                _log.error("late.failed", source=source, exc_info=error)

    def _is_down(self, source: str) -> bool:
        states = {each.name: each.state for each in self.sources.states()}
        return states[source] != "ok"

    def _self_check(self, _name: str) -> None:
        try:
            differed = self.work.self_check()
        except Exception as error:  # the boundary: tomorrow is another night
            _log.error("kpi.self_check_failed", exc_info=error)
            return
        if differed:
            _log.error(
                "kpi.self_check_failed",
                what="Kept KPI values differed from the facts.",
                did="They were rebuilt and are right now.",
                todo="Please report it as a bug, with the log of the day before.",
            )
        else:
            _log.info("kpi.self_check_passed")

    def _overdue(self, event: JobSubmissionEvent) -> None:
        """A job's turn came while its last run still goes on; told once a run."""
        if event.job_id not in self._late:
            self._late.add(event.job_id)
            _log.warning("job.overdue", job=event.job_id)
        self._hasten(event.job_id.removeprefix("cycle:"))


def _scheduler(threads: int) -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(threads)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )


def _every(span: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=int(span.total_seconds()), timezone=UTC)
