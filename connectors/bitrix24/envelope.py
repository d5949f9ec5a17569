"""The REST envelope: what stands around a result, and the odd shapes PHP gives it.

Shape: ref/data-types.md. Key `error` decides, whatever the HTTP status; its value may be "" or 0.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from connectors.answer import Answer
from connectors.bitrix24.classify import classify_foreign
from connectors.error import RetryableError

_BOM = b"\xef\xbb\xbf"
_LONGEST_NUMBER = 400


class _Parts(msgspec.Struct, forbid_unknown_fields=True):
    result: dict[str, msgspec.Raw] | None = None
    result_error: Any = None
    result_total: Any = None
    result_next: Any = None
    result_time: Any = None


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    result: _Parts
    time: Any = None


_read_batch = msgspec.json.Decoder(_Batch).decode


class Envelope(NamedTuple):
    """A decoded answer; `served_at` is the server's time when the request began (aware UTC)."""

    body: dict[str, Any]
    served_at: datetime


def open_envelope(answer: Answer) -> Envelope:
    """Decodes an answer; raises what `classify_foreign` makes of anything but an envelope."""
    if 300 <= answer.status < 400:
        raise classify_foreign(answer)
    body = _parse_batch(answer.body) or parse(answer.body)
    if not isinstance(body, dict) or not ("error" in body or "result" in body):
        raise classify_foreign(answer)
    return Envelope(body, _served_at(body.get("time"), answer))


def parse(text: bytes) -> Any:
    """JSON, or None when it is not; NaN and endless numbers reach the one record they stand in."""
    text = text.removeprefix(_BOM)
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return json.loads(text, parse_int=_whole_number)
    except (ValueError, RecursionError):
        return None


def _parse_batch(text: bytes) -> dict[str, Any] | None:
    """A good batch with its results still undecoded, so that they are never all in memory."""
    try:
        batch = _read_batch(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return {"result": msgspec.structs.asdict(batch.result), "time": batch.time}


def as_map(value: Any) -> dict[str, Any]:
    """A map as PHP sends it: an empty one arrives as [], one keyed 0, 1, 2 as a list."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def operating(time: Any) -> tuple[float, float] | None:
    """A method's run time so far and the seconds to its next reset, where the portal tells both."""
    time = as_map(time)
    names = ("operating", "operating_reset_at", "start")
    spent, reset_at, start = (_number(time.get(name)) for name in names)
    return (spent, reset_at - start) if spent is not None and reset_at and start else None


def _served_at(time: Any, answer: Answer) -> datetime:
    time = as_map(time)
    start = _number(time.get("start"))
    if start and 0 < start < 1e11:
        return datetime.fromtimestamp(start, UTC)
    try:
        began_at = datetime.fromisoformat(str(time.get("date_start")))
        if began_at.tzinfo:
            return began_at.astimezone(UTC)
    except ValueError:
        pass
    if answer.served_at:  # the end of the answer, so its duration is taken off
        return answer.served_at.astimezone(UTC) - timedelta(seconds=answer.elapsed_s)
    raise RetryableError(f"{answer.shown_url}: the answer does not say the portal's time.")


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole_number(text: str) -> int | str:
    return int(text) if len(text) < _LONGEST_NUMBER else text
