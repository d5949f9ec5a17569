"""A report of calls: ordered, waited for, fetched; cut smaller when the vendor refuses it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.error import RejectedError, RetryableError
from connectors.mango.classify import ExpiredKeyError, WrongRequestError
from connectors.mango.client import MangoClient
from connectors.window import Window

LONGEST = timedelta(days=28)
"""The vendor refuses a span of more than a month."""

SHORTEST = timedelta(days=1)
PAGE = 2000
"""Calls in one report: the vendor takes round numbers up to 5000, but groups make them large."""

ORDER, RESULT = "stats/calls/request/", "stats/calls/result/"
POLL_S = 5.0
"""Seconds between questions whether a report is ready; the vendor asks for no less."""

POLLS = 60
_TIME = "%d.%m.%Y %H:%M:%S"
_NOT_READY = ("request", "work", "")
_GONE = ("not-found", "cancel")
_BORDER = timedelta(minutes=25)
_SHIFTS = 3
_STRANGE = 3
"""So many calls further outside the span than a zone's least difference are no long calls."""


class ReportFailedError(RejectedError):
    """The vendor could not make the report: a smaller one may succeed."""


def rows_of(client: MangoClient, window: Window) -> Iterator[tuple[Sequence[Record], bool]]:
    """The calls begun within a window, report by report, and whether it is the last one.

    Each begins with the last call of the one before: a list that moved meanwhile is read anew.
    Raises WrongRequestError or ReportFailedError where a shorter window may be well.
    """
    for _ in range(_SHIFTS):
        offset, before = 0, ""
        while True:
            rows = _report(client, window, offset)
            refs = [str(row.get("entry_id")) for row in rows]
            if before and (before not in refs or refs.index(before) == len(refs) - 1 > 0):
                break
            _check_zone(client, window, rows)
            yield rows, len(rows) < PAGE
            if len(rows) < PAGE:
                return
            offset, before = offset + PAGE - 1, refs[-1]
    raise RetryableError(
        "The list of calls moved each time it was read.",
        did="What was read is kept; the span is read again.",
    )


def _report(client: MangoClient, window: Window, offset: int) -> Sequence[Record]:
    zone = ZoneInfo(client.settings.report_zone)
    asked = {
        "start_date": window.begins_at.astimezone(zone).strftime(_TIME),
        "end_date": window.ends_at.astimezone(zone).strftime(_TIME),
        "limit": PAGE,
        "offset": offset,
    }
    for _ in range(2):
        key = client.order(ORDER, asked).get("key")
        if not isinstance(key, str) or not key:
            raise RetryableError("Mango Office took an order of a report and told no key of it.")
        try:
            return _wait_for(client, key)
        except ExpiredKeyError:
            continue
    raise RetryableError(
        "Mango Office lost a report twice before it could be fetched.",
        did="Nothing was taken for an empty day; the span is asked for again.",
    )


def _wait_for(client: MangoClient, key: str) -> Sequence[Record]:
    for _ in range(POLLS):
        client.wait(POLL_S)
        body = client.ask(RESULT, {"key": key})
        status = str(body.get("status") or "")
        if status == "complete":
            return _calls(body)
        if status in _GONE:
            raise ExpiredKeyError(f"The report is not kept any more ({status}).", code=status)
        if status not in _NOT_READY:
            raise ReportFailedError(f"Mango Office made no report ({status[:20]}).", code=status)
    raise RetryableError(
        f"Mango Office made no report within {round(POLLS * POLL_S)} s.",
        did="The span is asked for again by the next poll.",
    )


def _calls(body: Record) -> Sequence[Record]:
    """The calls of every day in the report, as they come: the newest day first."""
    days = body.get("data")
    lists = [day.get("list") for day in days if isinstance(day, dict)] if days else days
    found = [call for calls in lists or () for call in calls or ()]
    if not isinstance(days, list) or not all(isinstance(call, dict) for call in found):
        raise RetryableError("Mango Office's report is without the list of calls it documents.")
    return found


def _check_zone(client: MangoClient, window: Window, rows: Sequence[Record]) -> None:
    """A report of other hours than those asked for leaves a hole: nothing is taken from it."""
    begins, ends = (window.begins_at - _BORDER).timestamp(), (window.ends_at + _BORDER).timestamp()
    moments = [row.get("context_start_time") for row in rows]
    strange = [each for each in moments if isinstance(each, int) and not begins <= each <= ends]
    if len(strange) < _STRANGE:
        return
    if max(strange) > (client.now() + _BORDER).timestamp():
        raise RejectedError(
            "Mango Office reported calls that begin in the future.",
            code="future",
            did="The report was not kept: its times are not in UTC, and so are of other days.",
            todo="Ask Mango Office's support in which time zone the statistics tell times.",
        )
    raise RejectedError(
        "Mango Office reported calls of other hours than those asked for.",
        code="zone",
        did="The report was not kept: calls of the span itself would be missing.",
        todo="Set `report_zone` of the source to the time zone of the exchange.",
    )


def halves(window: Window) -> tuple[Window, Window] | None:
    """A window cut in two at a whole second; None for one that is short enough."""
    length = window.ends_at - window.begins_at
    if length <= SHORTEST:
        return None
    middle: datetime = (window.begins_at + length / 2).replace(microsecond=0)
    return Window(window.begins_at, middle), Window(middle, window.ends_at)


REFUSALS = (WrongRequestError, ReportFailedError)
"""After these a shorter window is tried."""
