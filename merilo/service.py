"""The running service: starts the schedule, obeys signals, tells systemd, stops in good order."""

import os
import select
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from types import FrameType

import structlog

from config.error import MeriloError
from merilo.health import three_parts
from merilo.notify import notify as notify_systemd
from merilo.notify import watchdog_s
from merilo.schedule import Schedule, Work
from web.health import SourceHealth

STOP_S = 9.0
"""How long work in hand may take to end after the first signal, seconds."""
_GLANCE_S = 5.0
_log = structlog.get_logger("merilo.service")


class Service:
    """One set of work at a time; `reload` makes the next one on SIGHUP or raises MeriloError.

    `clock` gives aware UTC moments; `notify` sends lines to systemd.
    """

    def __init__(
        self,
        work: Work,
        *,
        clock: Callable[[], datetime],
        reload: Callable[[], Work] | None = None,
        notify: Callable[..., object] = notify_systemd,
    ) -> None:
        self._clock = clock
        self._reload = reload
        self._notify = notify
        self._schedule = Schedule(work, clock)
        self._asked_to_stop = False
        self._status = ""

    def states(self) -> tuple[SourceHealth, ...]:
        """How every source is doing."""
        return self._schedule.sources.states()

    def wake(self, source: str) -> None:
        """Makes a source due now, or as soon as the cycle that runs has ended."""
        self._schedule.wake(source)

    def start(self) -> None:
        """Begins to work, in threads."""
        self._schedule.start()
        _log.info("service.started", sources=[each.name for each in self.states()])

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """Lets pages in hand end; False if something still hangs after `timeout_s`."""
        self._notify("STOPPING=1")
        self._schedule.ask_to_stop()
        is_clean = self._schedule.wait(timeout_s)
        if is_clean:
            _log.info("service.stopped")
        else:
            _log.warning("service.stop_forced", after_s=timeout_s)
        return is_clean

    def reload(self) -> None:
        """Takes the settings anew; a bad file keeps those in force and says so."""
        if self._reload is None:
            return
        try:
            work = self._reload()
        except MeriloError as error:
            _log.error("settings.reload_refused", **three_parts(error))
            return
        except Exception as error:  # the boundary: what runs goes on
            _log.error("settings.reload_failed", exc_info=error)
            return
        before, self._schedule = self._schedule, Schedule(work, self._clock)
        before.ask_to_stop()
        self._schedule.start()
        threading.Thread(target=_retire, args=(before,), name="retire", daemon=True).start()
        _log.info("settings.reloaded", sources=[each.name for each in self.states()])

    def run(self) -> bool:
        """Attends to what was started until SIGTERM or Ctrl-C; from the main thread only.

        False: something still hangs. SIGHUP reloads the settings; a second SIGTERM or Ctrl-C ends
        the process at once (130).
        """
        told, tell = os.pipe()
        os.set_blocking(tell, False)

        def hear(number: int, _frame: FrameType | None) -> None:
            if number != signal.SIGHUP:
                if self._asked_to_stop:
                    os._exit(130)
                self._asked_to_stop = True
            os.write(tell, bytes([number]))

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, hear)
        self._notify("READY=1", self._status_line())
        self._attend(told)
        return self.stop()

    def _attend(self, told: int) -> None:
        pause = min(watchdog_s() or _GLANCE_S, _GLANCE_S)
        while not self._asked_to_stop:
            ready, _, _ = select.select([told], [], [], pause)
            if ready and signal.SIGHUP in os.read(told, 64):
                self._notify("RELOADING=1")
                self.reload()
                self._notify("READY=1")
            self._report()

    def _report(self) -> None:
        if self._schedule.is_alive:
            self._notify("WATCHDOG=1")
        line = self._status_line()
        if line != self._status:
            self._status = line
            self._notify(line)

    def _status_line(self) -> str:
        return "STATUS=" + ", ".join(f"{each.name}: {each.state}" for each in self.states())


def _retire(schedule: Schedule) -> None:
    """What was begun under the old settings ends under them."""
    schedule.wait(600)
    schedule.work.close()
