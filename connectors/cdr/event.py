"""Channel events (CEL): who was in one bridge with the client, and for how long."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connectors.cdr.moment import utc_seconds

COLUMNS = ("id", "eventtype", "eventtime", "channame", "linkedid", "extra", "peer")
ENDED = "LINKEDID_END"

_BRIDGE = re.compile(r'"bridge_id"\s*:\s*"([^"]+)"')
_GONE = frozenset(("HANGUP", "CHAN_END"))


class Event(NamedTuple):
    """One event of a channel; `at` in seconds of UTC with fractions."""

    kind: str
    at: float
    channel: str
    bridge: str


class Meeting(NamedTuple):
    """A span in which somebody was connected to the client; seconds of UTC."""

    who: str
    begins: float
    ends: float


def event_of(values: Mapping[str, Any], offset_s: float) -> Event:
    """An event of its columns; DataError for nonsense.

    The time is epoch seconds with fractions, or text of the server's clock, `offset_s` from UTC.
    """
    at = utc_seconds(values["eventtime"], "eventtime", offset_s)
    found = _BRIDGE.search(str(values.get("extra") or ""))
    bridge = found[1] if found else ""
    return Event(str(values["eventtype"]), at, str(values["channame"]), bridge)


def tells_talk(events: Sequence[Event]) -> bool:
    """Whether bridges are among the events: which kinds are kept is chosen in cel.conf."""
    return bool(events) and any(event.kind == "BRIDGE_ENTER" for event in events)


def meetings(
    events: Iterable[Event], clients: Iterable[str], owners: Mapping[str, str]
) -> list[Meeting]:
    """Who was connected to the client and when, in the order of time.

    `clients`: the client's channels; `owners`: whose the others are, by channel. Two halves of a
    Local channel are connected to each other.
    """
    bridges: dict[str, set[str]] = {}
    since: dict[str, float] = {}
    found: list[Meeting] = []
    clients = frozenset(clients)
    for event in events:
        if not _moves(bridges, event):
            continue
        met = {owners[channel] for channel in _reached(bridges, clients) if channel in owners}
        for who in [each for each in since if each not in met]:
            found.append(Meeting(who, since.pop(who), event.at))
        for who in met:
            since.setdefault(who, event.at)
    return sorted(found, key=lambda meeting: meeting.begins)


def _moves(bridges: dict[str, set[str]], event: Event) -> bool:
    """Keeps who is in which bridge; whether that changed."""
    if event.kind == "BRIDGE_ENTER":
        bridges.setdefault(event.bridge, set()).add(event.channel)
        return True
    if event.kind == "BRIDGE_EXIT":
        bridges.get(event.bridge, set()).discard(event.channel)
        return True
    if event.kind in _GONE:
        for members in bridges.values():
            members.discard(event.channel)
        return True
    return False


def _reached(bridges: Mapping[str, set[str]], clients: frozenset[str]) -> set[str]:
    """The channels connected to the client's, through bridges and Local channels."""
    reached: set[str] = set()
    waiting = [*clients]
    while waiting:
        channel = waiting.pop()
        if channel in reached:
            continue
        reached.add(channel)
        waiting += _beside(bridges, channel)
    return reached


def _beside(bridges: Mapping[str, set[str]], channel: str) -> Iterator[str]:
    for members in bridges.values():
        if channel in members:
            yield from members
    if channel.startswith("Local/"):
        half = channel[-1:]
        yield channel[:-1] + ("2" if half == "1" else "1")
