"""The offline queue of events: what an application bound, and what waits to be fetched."""

from collections.abc import Callable
from typing import NamedTuple

DELETIONS = (
    "ONCRMLEADDELETE",
    "ONCRMDEALDELETE",
    "ONCRMQUOTEDELETE",
    "ONCRMCONTACTDELETE",
    "ONCRMCOMPANYDELETE",
    "ONCRMACTIVITYDELETE",
    "ONTASKDELETE",
)
"""Events the simulated portal raises (api-reference/events/events.md)."""


class Event(NamedTuple):
    """A row of the queue: one for each event and object, whatever happened to it in between."""

    id: int
    at: float
    name: str
    object_id: int


class Events:
    """`bound` are the events somebody asked for; `reserved` the batches by their process."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.bound: set[str] = set()
        self.queue: dict[tuple[str, int], Event] = {}
        self.reserved: dict[str, list[Event]] = {}
        self._last = 0

    def watcher(self, name: str) -> Callable[[int], None]:
        """Notes a deletion under this event."""

        def note(object_id: int) -> None:
            if name in self.bound:
                self._last += 1
                self.queue[name, object_id] = Event(self._last, self._now(), name, object_id)

        return note

    def take(self, limit: int, *, clear: bool) -> tuple[str | None, list[Event]]:
        """The oldest events, reserved under a new process unless they are cleared at once."""
        found = sorted(self.queue.values(), key=lambda event: event.id)[:limit]
        for event in found:
            del self.queue[event.name, event.object_id]
        if clear or not found:
            return None, found
        process = f"process{found[-1].id}"
        self.reserved[process] = found
        return process, found
