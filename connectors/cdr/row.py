"""Rows of a switchboard that writes a call as several: Asterisk's cdr, MikoPBX's cdr_general."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from connectors import telephony
from connectors.cdr.moment import local_seconds
from connectors.field import senseless


class Row(Struct, frozen=True, gc=False):
    """One row: who rang whom on which channels. `local_s`: its start by the server's clock, in
    seconds as if that were UTC; `talked_s` is `billsec`, `lasted_s` `duration`.

    `source` and `target` are numbers; `alive`: the call still goes on.
    """

    call: str
    unique: str
    sequence: int
    local_s: float
    lasted_s: int
    talked_s: int
    disposition: str
    source: str
    target: str
    channel: str
    target_channel: str
    app: str
    app_data: str
    context: str = ""
    alive: bool = False


Reader = Callable[[Sequence[Any]], Row]

_ASTERISK: Sequence[tuple[str, ...]] = (
    ("linkedid", "uniqueid"),
    ("uniqueid",),
    ("sequence",),
    ("calldate", "start"),
    ("duration",),
    ("billsec",),
    ("disposition",),
    ("src",),
    ("dst",),
    ("channel",),
    ("dstchannel",),
    ("lastapp",),
    ("lastdata",),
    ("cnum",),
    ("dcontext",),
)
_MIKOPBX: Sequence[tuple[str, ...]] = (
    ("linkedid", "UNIQUEID"),
    ("UNIQUEID",),
    ("id",),
    ("start",),
    ("duration",),
    ("billsec",),
    ("disposition",),
    ("src_num",),
    ("dst_num",),
    ("src_chan",),
    ("dst_chan",),
    ("is_app",),
    ("work_completed",),
)
COLUMNS: Mapping[str, Sequence[tuple[str, ...]]] = {"asterisk": _ASTERISK, "mikopbx": _MIKOPBX}
"""What is read, in the order in which it is taken; of several names the first that is there."""

REQUIRED: Mapping[str, Sequence[tuple[str, ...]]] = {
    "asterisk": (("calldate", "start"), ("channel",), ("dstchannel",), ("duration",), ("billsec",),
                 ("disposition",)),
    "mikopbx": (("start",), ("src_num",), ("dst_num",), ("billsec",), ("disposition",),
                ("UNIQUEID",)),
}  # fmt: skip
"""Without which nothing can be counted."""

_CALL = ("linkedid", "uniqueid", "UNIQUEID")


def lacking(wanted: Iterable[tuple[str, ...]], names: Iterable[str]) -> str:
    """The first column that is not there, of several names any; "" when all are."""
    there = {*names}
    return next((" or ".join(each) for each in wanted if not there & {*each}), "")


def row_reader(profile: str, names: Sequence[str]) -> Reader:
    """A function that makes a Row of the values of these columns; DataError for nonsense."""
    places = {name: place for place, name in enumerate(names)}
    none = len(names)
    wanted = COLUMNS[profile]
    found = [next((places[n] for n in each if n in places), none) for each in wanted]
    take, make = itemgetter(*found), _MAKERS[profile]
    return lambda values: make(take((*values, "")))


def call_named(names: Sequence[str], values: Sequence[Any]) -> str:
    """The id of the call that a row is of, though the row makes no sense; "" if it tells none."""
    known = dict(zip(names, values, strict=True))
    return next((str(known[name]) for name in _CALL if known.get(name)), "")


def seconds(value: Any, name: str) -> int:
    """A length in whole seconds; nothing is 0."""
    if value in (None, ""):
        return 0
    try:
        length = value if type(value) is int else int(float(value))
    except (TypeError, ValueError, OverflowError):
        raise senseless(name, "is no number of seconds") from None
    if 0 <= length <= telephony.LONGEST_S:
        return length
    raise senseless(name, "is no length of a call")


def _text(value: Any) -> str:
    return value if type(value) is str else "" if value is None else str(value)


def _number(value: Any) -> int:
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        return 0


def _asterisk(values: Sequence[Any]) -> Row:
    (call, unique, sequence, start, lasted, talked, disposition,
     source, target, channel, target_channel, app, data, caller, context) = values  # fmt: skip
    return Row(
        _text(call or unique or channel),
        _text(unique),
        _number(sequence),
        local_seconds(start, "calldate"),
        seconds(lasted, "duration"),
        seconds(talked, "billsec"),
        _text(disposition),
        _text(source or caller),
        _text(target),
        _text(channel),
        _text(target_channel),
        _text(app),
        _text(data),
        _text(context),
    )


def _mikopbx(values: Sequence[Any]) -> Row:
    (call, unique, number, start, lasted, talked, disposition,
     source, target, channel, target_channel, is_app, completed) = values  # fmt: skip
    app = "Application" if _text(is_app) == "1" else ""
    return Row(
        _text(call or unique),
        _text(unique),
        _number(number),
        local_seconds(start, "start"),
        seconds(lasted, "duration"),
        seconds(talked, "billsec"),
        "NO ANSWER" if disposition == "NOANSWER" else _text(disposition),
        _text(source),
        _text(target),
        _text(channel),
        _text(target_channel),
        app,
        "",
        "",
        _text(completed) == "0",
    )


_MAKERS: Mapping[str, Callable[[Sequence[Any]], Row]] = {
    "asterisk": _asterisk,
    "mikopbx": _mikopbx,
}
