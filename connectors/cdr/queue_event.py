"""Queue events (queue_log): when an agent was connected to the caller, and for how long."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from connectors.cdr.classify import file_errors
from connectors.cdr.csv_file import offset_from
from connectors.cdr.log_file import rotated
from connectors.cdr.moment import is_number, utc_seconds
from connectors.cdr.rule import Rule

COLUMNS = (
    "time", "callid", "queuename", "agent", "event", "data", "data1", "data2", "data3", "data4",
)  # fmt: skip

_ENDS = frozenset(
    ("COMPLETECALLER", "COMPLETEAGENT", "TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")
)
_LEAST_FIELDS = 5
_SLACK_S = 60.0


class QueueEvent(NamedTuple):
    """One event; `at` in seconds of UTC, `agent` as the queue calls its member."""

    at: float
    call: str
    queue: str
    agent: str
    kind: str
    data: tuple[str, ...]


class Connect(NamedTuple):
    """An agent connected to the caller; `who` is "" where the agent is called by a name.

    `ring_s`: how long the agent was rung; `hold_s`: how long the caller waited.
    """

    who: str
    begins: float
    ends: float
    ring_s: int | None
    hold_s: int | None


def event_of_line(line: str) -> QueueEvent | None:
    """A line `epoch|uniqueid|queue|agent|event|...`; None for one that is none."""
    fields = line.rstrip("\r\n").split("|")
    if len(fields) < _LEAST_FIELDS or not is_number(fields[0]):
        return None
    at, call, queue, agent, kind, *data = fields
    return QueueEvent(float(at), call, queue, agent, kind, tuple(data))


def event_of(values: Mapping[str, Any], offset_s: float) -> QueueEvent:
    """An event of its columns, `data1`... or `data` with bars; DataError for nonsense."""
    at = utc_seconds(values["time"], "time", offset_s)
    if "data" in values and "data1" not in values:
        data = tuple(str(values["data"] or "").split("|"))
    else:
        data = tuple(str(values.get(name) or "") for name in COLUMNS[6:])
    call, queue, agent, kind = (
        str(values[name]) for name in ("callid", "queuename", "agent", "event")
    )
    return QueueEvent(at, call, queue, agent, kind, data)


def events_of_file(path: Path, begins_s: float, ends_s: float) -> Iterator[QueueEvent]:
    """The events of a span, of the file and of those it was rotated into.

    RetryableError or AuthError when the file cannot be read.
    """
    for each in [*rotated(path, begins_s), path]:
        with file_errors(each), each.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(offset_from(file, size, begins_s - _SLACK_S, _written))
            for line in file:
                event = event_of_line(line.decode("utf-8", "replace"))
                if event is not None and event.at > ends_s + _SLACK_S:
                    break
                if event is not None:
                    yield event


def _written(line: str) -> float | None:
    event = event_of_line(line)
    return event.at if event else None


def connects(events: Iterable[QueueEvent], rule: Rule) -> list[Connect]:
    """Every connection of an agent, in the order of time; one that has not ended is left out."""
    found: list[Connect] = []
    open_: dict[str, QueueEvent] = {}
    for event in events:
        if event.kind == "CONNECT":
            open_[event.agent] = event
        elif event.kind in _ENDS and event.agent in open_:
            found.append(_connect(open_.pop(event.agent), event, rule))
    return found


def _connect(begun: QueueEvent, ended: QueueEvent, rule: Rule) -> Connect:
    talked = _whole(ended.data, 1) if ended.kind.startswith("COMPLETE") else None
    ends = ended.at if talked is None else begun.at + talked
    return Connect(
        extension_of(begun.agent, rule),
        begun.at,
        ends,
        _whole(begun.data, 2),
        _whole(begun.data, 0),
    )


def extension_of(agent: str, rule: Rule) -> str:
    """Whose the member of a queue is: `PJSIP/101`, `Local/101@from-queue/n`, `101`; "" a name."""
    parts = agent.split("/")
    name = (parts[1] if len(parts) > 1 else agent).partition("@")[0]
    return name if rule.is_extension(name) else ""


def _whole(data: Sequence[str], place: int) -> int | None:
    text = data[place].strip() if place < len(data) else ""
    return int(text) if text.isdigit() else None
