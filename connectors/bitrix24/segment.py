"""Long lists read in several segments of ids at a time, each in chained pages inside batches.

A segment is a stretch of ids. A batch of 50 commands goes to the segment that waited longest; what
a segment's end leaves free goes to the next one, so that parallel reading costs no more requests
than one long chain. The last segment has no end: rows created meanwhile are seen. The place of a
run is the list of what is still unread, so it may be cut off anywhere.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple

import msgspec

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import MOST_IN_BATCH, Command
from connectors.bitrix24.paging import PAGE, TRIES, Listing, Rows, gather, read_all
from connectors.bitrix24.reply import BatchReply, Reply
from connectors.error import RetryableError
from connectors.thread_pool import asking

BATCH = PAGE * MOST_IN_BATCH
"""Rows of one full answer."""

SPARE = 1.05
"""Pages asked beyond those expected, for a segment denser towards its end."""

LEAST_SHARE = 10
"""Pages that a batch spares for a segment which needs more than a batch, or none."""

BUSY = 3
"""Batches under way that keep the portal busy while one more is filled."""

NEW = 12
"""Pages asked at least of the last segment: rows are created there meanwhile, and a page that has
nothing costs less than one more request."""


class Plan(NamedTuple):
    """How much is done at once: batches `in_flight`, answers of up to `most_bytes` in memory.

    `segments` a list is cut into, each of at least `least` expected rows.
    """

    in_flight: int = 8
    segments: int = 16
    least: int = 2 * BATCH
    most_bytes: int = 24 << 20


PLAN = Plan()


@dataclass(eq=False)
class Segment:
    """Unread ids above `after`, up to `upto` (None: without end). `density`: rows an id, about."""

    after: int
    upto: int | None = None
    density: float = 1.0
    failures: int = 0

    def __str__(self) -> str:
        return f"{self.after}" if self.upto is None else f"{self.after}-{self.upto}"


class _Part(NamedTuple):
    """What one batch asks of one segment."""

    segment: Segment
    listing: Listing
    pages: int


@dataclass
class _Reader:
    client: Bitrix24Client
    listing: Listing
    segments: list[Segment]
    top: int
    plan: Plan
    idle: deque[Segment] = field(default_factory=deque)
    running: dict[Future[BatchReply], list[_Part]] = field(default_factory=dict)
    largest: int = 1

    def read(self) -> Iterator[Rows]:
        self.idle.extend(self.segments)
        with asking(self.plan.in_flight, "bitrix24") as pool:
            self._ask(pool)
            while self.running:
                done, _ = wait(self.running, return_when=FIRST_COMPLETED)
                future = done.pop()
                parts, reply = self.running.pop(future), future.result()
                del future
                self.largest = max(self.largest, _weight(reply))
                yield from self.take(parts, reply)
                del parts, reply  # megabytes that nobody needs while waiting
                self._ask(pool)

    def _ask(self, pool: ThreadPoolExecutor) -> None:
        most = max(1, min(self.plan.in_flight, self.plan.most_bytes // self.largest))
        while len(self.running) < most and (parts := self._pack()):
            commands: list[Command] = []
            for segment, listing, pages in parts:
                commands += listing.commands(str(segment.after), pages, segment.upto)
            self.running[pool.submit(self.client.batch, commands)] = parts

    def _pack(self) -> list[_Part]:
        """Segments for one batch: the one that waited longest, and others while there is room.

        None while others are under way and may bring more for a batch that would not be full.
        """
        if not self.idle:
            self._split()
        parts: list[_Part] = []
        room = MOST_IN_BATCH
        for segment in self.idle:
            pages = self._pages(segment)
            if parts and room < pages and (pages <= MOST_IN_BATCH or room < LEAST_SHARE):
                continue
            named = replace(self.listing, name=f"{self.listing.name}{len(parts)}_")
            parts.append(_Part(segment, named, min(pages, room)))
            room -= parts[-1].pages
        if room >= LEAST_SHARE and len(self.running) >= BUSY:
            return []
        for part in parts:
            self.idle.remove(part.segment)
        return parts

    def _expected(self, segment: Segment) -> float:
        end = self.top if segment.upto is None else segment.upto
        return max(0.0, (end - segment.after) * segment.density)

    def _pages(self, segment: Segment) -> int:
        least = NEW if segment.upto is None else 1
        return max(ceil(self._expected(segment) * SPARE / PAGE) + 1, least)

    def _split(self) -> None:
        """Nobody waits and there is room for more: the longest segment gives half of its rest."""
        asked = [part.segment for parts in self.running.values() for part in parts]
        longest = max(asked, key=self._expected, default=None)
        if longest is None or self._expected(longest) - BATCH < 2 * self.plan.least:
            return
        end = self.top if longest.upto is None else longest.upto
        begun = longest.after + BATCH / longest.density
        half = Segment(int((begun + end) / 2), longest.upto, longest.density)
        longest.upto = half.after
        self.segments.insert(self.segments.index(longest) + 1, half)
        self.idle.append(half)

    def take(self, parts: Sequence[_Part], reply: BatchReply) -> Iterator[Rows]:
        for segment, listing, _ in parts:
            before, read, ended = segment.after, 0, False
            try:
                for found in gather(listing, str(before), reply):
                    kept = self._within(found, segment)
                    segment.after = int(kept.last_id)
                    read, ended, segment.failures = read + len(kept.rows), kept.ended, 0
                    self._close(segment, ended)
                    yield kept._replace(place=self._place())
                    if ended:
                        break
            except RetryableError:  # the limiter knows of it and holds the method back
                segment.failures += 1
                if segment.failures == TRIES:
                    raise
                yield Rows([], str(before), reply.served_at, 0, False, self._place())
            if segment.after > before:
                segment.density = max(read / (segment.after - before), 1e-6)
            if not ended:
                self.idle.append(segment)

    def _within(self, found: Rows, segment: Segment) -> Rows:
        """The rows that are still this segment's: its end may have been given away meanwhile."""
        if segment.upto is None or int(found.last_id) < segment.upto:
            return found
        number = self.listing.number
        rows = [row for row in found.rows if number(row) <= (segment.upto or 0)]
        return found._replace(rows=rows, last_id=str(segment.upto), ended=True)

    def _close(self, segment: Segment, ended: bool) -> None:
        """A finished segment is forgotten; the endless one stays, for what is created later."""
        if ended and segment.upto is not None:
            self.segments.remove(segment)

    def _place(self) -> str:
        return ",".join(map(str, self.segments))


def read_place(place: str | None, after: str = "0") -> list[Segment]:
    """The unread segments that a place names, in order; without one, all ids above `after`."""
    return [_segment(text) for text in (place or after).split(",")]


def open_listing(listing: Listing, place: str | None, after: str = "0") -> list[Command]:
    """The first commands of reading a whole list: its first page, and its greatest id."""
    first = read_place(place, after)[0]
    return [*listing.commands(str(first.after), 1, first.upto), listing.greatest()]


def read_listing(
    client: Bitrix24Client,
    listing: Listing,
    place: str | None,
    after: str = "0",
    *,
    first: BatchReply,
    plan: Plan | None = None,
) -> Iterator[Rows]:
    """Every row that a place leaves unread, the answer `first` to `open_listing` before all else.

    Long lists come in segments, not in the order of ids. As `read_all` otherwise.
    """
    plan = plan or PLAN
    lead, *others = read_place(place, after)
    top = _greatest(listing, first)
    if not others and lead.upto is None and (top is None or top - lead.after <= plan.least):
        yield from read_all(client, listing, str(lead.after), first=first)
        return
    reader = _Reader(client, listing, [lead, *others], top or lead.after, plan)
    yield from reader.take([_Part(lead, listing, 1)], first)
    if not others and not reader.idle:
        return
    if not others:
        reader.segments[:] = _divide(lead, reader.top, plan)
    reader.idle.clear()
    yield from reader.read()


def _divide(whole: Segment, top: int, plan: Plan) -> list[Segment]:
    """Segments of the same width; the last one has no end, like the whole."""
    width = top - whole.after
    count = max(1, min(plan.segments, int(width * whole.density / plan.least)))
    cuts = [whole.after + width * number // count for number in range(count)]
    ends = [*cuts[1:], None]
    return [Segment(*pair, whole.density) for pair in zip(cuts, ends, strict=True)]


def _segment(text: str) -> Segment:
    after, _, upto = text.partition("-")
    return Segment(int(after), int(upto) if upto else None)


def _greatest(listing: Listing, first: BatchReply) -> int | None:
    """The greatest id the portal told of; None when it did not."""
    outcome = first.outcomes.get(f"{listing.name}_top")
    if not isinstance(outcome, Reply):
        return None
    rows = listing.rows(outcome.result)
    return listing.number(rows[0]) if rows else None


def _weight(reply: BatchReply) -> int:
    """Bytes of an answer, all of which stay in memory until its last page is decoded."""
    held = (outcome.held for outcome in reply.outcomes.values() if isinstance(outcome, Reply))
    return sum(memoryview(each).nbytes for each in held if isinstance(each, msgspec.Raw))
