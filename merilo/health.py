"""Remembers how each source or destination is doing, and logs when that changes, not each time."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from config.error import ConfigError, MeriloError
from connectors.error import AuthError
from web.health import HealthState, SourceHealth

RETRY_PAUSED = timedelta(hours=1)
"""How long a paused source is left alone, unless its settings or secrets change."""

_log = structlog.get_logger("merilo.service")


@dataclass(frozen=True, kw_only=True)
class _Entry:
    health: SourceHealth
    credential: str = ""
    down_since: datetime | None = None
    fault: str = ""


class Watch:
    """The states of things named `kind` (`source`, `destination`); safe to use from any thread.

    `well` and `trouble` write `<kind>.recovered`, `.unavailable` (tried again), `.paused` (a
    person is needed) or `.failed` (our mistake, with its traceback) when a state begins.
    """

    def __init__(self, kind: str, names: Iterable[str], clock: Callable[[], datetime]) -> None:
        self.kind = kind
        self._clock = clock
        self._lock = threading.Lock()
        now = clock()
        self._entries = {
            name: _Entry(health=SourceHealth(name=name, state="starting", since=now))
            for name in names
        }

    def states(self) -> tuple[SourceHealth, ...]:
        """How everything is now."""
        with self._lock:
            return tuple(entry.health for entry in self._entries.values())

    def rests(self, name: str, credential: str) -> bool:
        """Whether nothing should be asked of it now: paused, not long ago, with these secrets."""
        with self._lock:
            entry = self._entries[name]
        if entry.health.state != "paused" or credential != entry.credential:
            return False
        return self._clock() < entry.health.since + RETRY_PAUSED

    def well(self, name: str) -> None:
        """An attempt succeeded."""
        now = self._clock()
        with self._lock:
            entry = self._entries[name]
            if entry.health.state == "ok":
                return
            self._entries[name] = _Entry(health=SourceHealth(name=name, state="ok", since=now))
        if entry.down_since is not None:
            outage_s = round((now - entry.down_since).total_seconds())
            _log.info(f"{self.kind}.recovered", **{self.kind: name}, outage_s=outage_s)

    def trouble(self, name: str, error: Exception, credential: str = "") -> None:
        """An attempt failed."""
        state, fault = _judge(error)
        now = self._clock()
        with self._lock:
            entry = self._entries[name]
            is_new = (entry.health.state, entry.fault) != (state, fault)
            # A pause counts from the last refusal.
            since = now if is_new or state == "paused" else entry.health.since
            health = SourceHealth(name=name, state=state, since=since, reason=_reason(error))
            self._entries[name] = replace(
                entry,
                health=health,
                credential=credential,
                down_since=entry.down_since or now,
                fault=fault,
            )
        if is_new:
            self._tell(state, name, error)

    def _tell(self, state: str, name: str, error: Exception) -> None:
        thing = {self.kind: name}
        if state == "failed":
            _log.error(f"{self.kind}.failed", **thing, exc_info=error)
            return
        event = "paused" if state == "paused" else "unavailable"
        _log.warning(f"{self.kind}.{event}", **thing, **three_parts(error))


def three_parts(error: Exception) -> dict[str, str]:
    """What happened, what the agent did, what a person can do; for a log line."""
    if not isinstance(error, MeriloError):
        return {"what": str(error)}
    parts = {"what": error.what, "did": error.did, "todo": error.todo}
    if isinstance(error, ConfigError) and error.problems:
        parts["what"] = str(error)
    return {key: text for key, text in parts.items() if text}


def _judge(error: Exception) -> tuple[HealthState, str]:
    if isinstance(error, AuthError | ConfigError):
        return "paused", ""
    if isinstance(error, MeriloError):
        return "retrying", ""
    return "failed", f"{type(error).__name__}: {error}"


def _reason(error: Exception) -> str:
    if isinstance(error, MeriloError):
        return str(error)
    return f"unexpected {type(error).__name__}, see the log"
