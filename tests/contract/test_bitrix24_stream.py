"""What every stream of Bitrix24 promises, however its requests fare; new streams are found here."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connectors.base import Page, Record, Since, Stream
from connectors.bitrix24 import CONNECTOR
from connectors.error import RemoteError
from sandbox.server import Box, start_sandbox
from tests.canary import canary
from tests.connectors.bitrix24.portal import CONTEXT, LONG_AGO, to
from tests.connectors.clock import FakeClock
from tests.contract.trouble import KINDS, at_requests, dying, small_pages, suffer
from tests.flow.kill import Kill

EVERY = pytest.mark.parametrize("stream", CONNECTOR.streams, ids=lambda stream: stream.name)
Known = dict[str, Record]

BEGINS = {"past_deals": Since(changed_from=datetime(2026, 10, 1, tzinfo=UTC))}
"""Where a first read begins; what was before it is a stream of its own."""


def begin(stream: Stream) -> Since:
    """Where a first read of the stream begins."""
    return BEGINS.get(stream.name, LONG_AGO)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def box(clock: FakeClock) -> Iterator[Box]:
    """Some dozens of records of every kind, ten on a page."""
    with small_pages(), start_sandbox("bitrix24", scale="tiny", seed=5, clock=clock) as box:
        box.portal.access.code = canary("webhook")
        yield box


def keyed(stream: Stream, page: Page) -> Known:
    """Records by their id, without the moment at which they were seen."""
    return {
        str(record[stream.key]): {name: record[name] for name in record if name != "seen_at"}
        for record in page.records
    }


def read(box: Box, clock: FakeClock, stream: Stream, since: Since | None = None) -> Known:
    """Every record of a run that nothing disturbs."""
    with to(box, clock=clock) as client:
        found: Known = {}
        for page in stream.pages(client, since or begin(stream)):
            found |= keyed(stream, page)
        return found


def requests_of(box: Box, clock: FakeClock, stream: Stream) -> int:
    with at_requests(lambda _number: None) as sent:
        read(box, clock, stream)
    return sent[0]


class Run:
    """A run of a stream that is cut off and goes on, as a process that kept only its checkpoint."""

    def __init__(self, box: Box, clock: FakeClock, stream: Stream) -> None:
        self.box, self.clock, self.stream = box, clock, stream
        self.found: Known = {}
        self.since = begin(stream)

    def go_on(self) -> None:
        with to(self.box, clock=self.clock) as client:
            for page in self.stream.pages(client, self.since):
                self.found |= keyed(self.stream, page)
                self.since = replace(self.since, checkpoint=page.checkpoint)

    def finish(self) -> Known:
        """Nothing disturbs any more, and every rest that the portal asked for is over."""
        self.box.faults.clear()
        self.clock.sleep(3600)
        self.go_on()
        return self.found


@EVERY
@pytest.mark.parametrize(
    "most", [pytest.param(2, id="two"), pytest.param(1000, id="every", marks=pytest.mark.long)]
)
def test_killed_at_any_request_it_goes_on_and_misses_nothing(
    stream: Stream, most: int, box: Box, clock: FakeClock
) -> None:
    whole = read(box, clock, stream)
    requests = range(1, requests_of(box, clock, stream) + 1)
    for number in requests[-most:]:
        for after in (False, True):
            run = Run(box, clock, stream)
            with at_requests(dying(number), after=after), suppress(Kill):
                run.go_on()
            assert run.finish() == whole, (number, after)


def meet(box: Box, clock: FakeClock, stream: Stream, kind: str, number: int) -> Known:
    """The records read by a run whose request `number` meets a fault."""
    run = Run(box, clock, stream)
    with (
        at_requests(lambda sent: suffer(box, kind) if sent == number else None),
        suppress(RemoteError),
    ):
        run.go_on()
    return run.finish()


@EVERY
def test_no_fault_of_a_request_costs_a_record(stream: Stream, box: Box, clock: FakeClock) -> None:
    whole, requests = read(box, clock, stream), requests_of(box, clock, stream)
    first = CONNECTOR.streams.index(stream) * 5
    for at in range(first, first + 5):
        kind = KINDS[at % len(KINDS)]
        assert meet(box, clock, stream, kind, 1 + at % requests) == whole, kind


@pytest.mark.long
@EVERY
@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_of_any_request_costs_a_record(
    stream: Stream, kind: str, box: Box, clock: FakeClock
) -> None:
    whole = read(box, clock, stream)
    for number in range(1, requests_of(box, clock, stream) + 1):
        assert meet(box, clock, stream, kind, number) == whole, number


@EVERY
def test_no_refusal_inside_a_batch_costs_a_record(
    stream: Stream, box: Box, clock: FakeClock
) -> None:
    whole = read(box, clock, stream)
    for kind, after in (("503", 0), ("429", 1), ("500", 0), ("503", 4), ("500", 3)):
        run = Run(box, clock, stream)
        box.faults.add(kind, command="*", after=after)
        with suppress(RemoteError):
            run.go_on()
        assert run.finish() == whole, (kind, after)


@EVERY
def test_what_stays_while_others_change_between_the_pages_is_read(
    stream: Stream, box: Box, clock: FakeClock
) -> None:
    chance = random.Random(1)

    def work(_number: int) -> None:
        for _ in range(12):
            clock.sleep(1)
            box.portal.live_step(chance)

    before = read(box, clock, stream)
    with at_requests(work):
        during = read(box, clock, stream)
    after = read(box, clock, stream)
    assert during.keys() >= before.keys() & after.keys()


@EVERY
def test_the_next_run_reads_all_that_changed_since(
    stream: Stream, box: Box, clock: FakeClock
) -> None:
    chance = random.Random(7)
    for _ in range(2):
        with to(box, clock=clock) as client:
            pages = list(stream.pages(client, begin(stream)))
        cursor = next((page.cursor for page in reversed(pages) if page.cursor), None)
        since = Since(changed_from=pages[0].served_at - stream.lag, cursor=cursor)
        before = read(box, clock, stream)
        for _ in range(40):
            clock.sleep(2)
            box.portal.live_step(chance)
        after = read(box, clock, stream)
        changed = {ref for ref, record in after.items() if before.get(ref) != record}
        assert read(box, clock, stream, since).keys() >= changed


@EVERY
def test_records_asked_for_by_id_are_those_of_the_list(
    stream: Stream, box: Box, clock: FakeClock
) -> None:
    assert stream.fetch is not None
    whole = read(box, clock, stream)
    some = sorted(whole)[::2]
    with to(box, clock=clock) as client:
        found: Known = {}
        for page in stream.fetch(client, [*some, "987654321"]):
            found |= keyed(stream, page)
    assert found == {ref: whole[ref] for ref in some}


@EVERY
def test_the_ids_for_the_sweep_are_those_of_the_records_that_are_kept(
    stream: Stream, box: Box, clock: FakeClock
) -> None:
    if stream.existing_ids is None:
        assert stream.name not in SWEPT
        return
    with to(box, clock=clock) as client:
        kept = {
            str(record[stream.key])
            for page in stream.pages(client, begin(stream))
            for record in page.records
            if list(stream.normalize(record, CONTEXT))
        }
        assert set(stream.existing_ids(client, LONG_AGO.changed_from)) == kept
    assert kept


SWEPT = {"deals", "leads", "quotes", "activities"}
"""Records that people delete and that no list of changes tells of."""


@EVERY
def test_every_moment_of_every_fact_is_aware(stream: Stream, box: Box, clock: FakeClock) -> None:
    facts = [fact for record in records_of(box, clock, stream) for fact in norm(stream, record)]
    assert facts
    for fact in facts:
        values = msgspec.structs.astuple(fact)
        moments = [value for value in values if isinstance(value, datetime)]
        assert all(value.tzinfo is not None for value in moments), fact
        assert all(value.astimezone(UTC) > datetime(1990, 1, 1, tzinfo=UTC) for value in moments)


def records_of(box: Box, clock: FakeClock, stream: Stream) -> list[Record]:
    with to(box, clock=clock) as client:
        return [record for page in stream.pages(client, begin(stream)) for record in page.records]


def norm(stream: Stream, record: Record) -> list[Any]:
    return list(stream.normalize(record, CONTEXT))


@EVERY
def test_an_empty_portal_gives_a_page_that_tells_the_time(stream: Stream, clock: FakeClock) -> None:
    with start_sandbox("bitrix24", scale="empty", clock=clock) as box, to(box, clock=clock) as one:
        pages = list(stream.pages(one, begin(stream)))
    assert pages
    assert all(abs(page.served_at - clock()) < timedelta(minutes=1) for page in pages)
