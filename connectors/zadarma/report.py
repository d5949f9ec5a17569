"""The statistics of an exchange, window by window, and nothing that was cut off left out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.base import Record
from connectors.error import RetryableError
from connectors.field import are_records
from connectors.window import Window
from connectors.zadarma.client import REPORT, ZadarmaClient
from connectors.zadarma.clock import naive_moment, text_of_moment, wall_clock

LIMIT = 1000
"""Rows of a page, the most there are."""

UNREACHED = timedelta(minutes=5)
"""How far the end of an answer may lie before this moment: its clock may be behind."""


class Span(NamedTuple):
    """What is asked for by the account's wall clock, naive; both ends are in it."""

    begins: datetime
    ends: datetime


class Report(NamedTuple):
    """Rows of one answer, the account's time, and whether its window is told to the end."""

    rows: list[Record]
    served_at: datetime
    is_last: bool


def reports(client: ZadarmaClient, window: Window) -> Iterator[Report]:
    """Every page of a window; what an answer silently left out is asked for again.

    The vendor cuts a window of more than 30 days and tells only by the start and end it answers.
    """
    zone = client.settings.zone
    waiting = [Span(wall_clock(window.begins_at, zone), wall_clock(window.ends_at, zone))]
    while waiting:
        span, skip = waiting.pop(), 0
        while True:
            rows, told, served_at = _page(client, span, skip)
            if skip == 0:
                reached = wall_clock(client.now(), zone) - UNREACHED
                waiting += _missing(span, told, reached)
            is_end = len(rows) < LIMIT
            yield Report(rows, served_at, is_end and not waiting)
            if is_end:
                break
            skip += LIMIT


def _page(client: ZadarmaClient, span: Span, skip: int) -> tuple[list[Record], Span, datetime]:
    body = client.get(
        REPORT,
        {
            "start": text_of_moment(span.begins),
            "end": text_of_moment(span.ends),
            "version": 2,
            "skip": skip,
            "limit": LIMIT,
        },
    )
    rows = body.data.get("stats")
    begins, ends = (naive_moment(body.data.get(name)) for name in ("start", "end"))
    if not are_records(rows):
        raise RetryableError("The account answered without the list of calls it documents.")
    if begins is None or ends is None:
        raise RetryableError("The account does not tell for which days its answer is.")
    return rows, Span(begins, ends), body.served_at


def _missing(asked: Span, told: Span, reached: datetime) -> list[Span]:
    """The parts of a window that an answer is not about; `reached`: nobody can know later ones."""
    if told.begins > asked.ends or told.ends < asked.begins:
        raise RetryableError(
            "The account answered for other days than those asked for.",
            did="Nothing of it was kept.",
        )
    found = []
    if told.begins > asked.begins:
        found.append(Span(asked.begins, told.begins))
    if told.ends < min(asked.ends, reached):
        found.append(Span(told.ends, asked.ends))
    if any(each == asked for each in found):
        raise RetryableError("The account leaves out days, however often they are asked for.")
    return found
