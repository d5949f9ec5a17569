"""Long lists in segments: every row once, wherever it is cut off, in hardly more requests."""

import random
import re
import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.paging import PAGE, Listing, Rows, item_listing
from connectors.bitrix24.reply import BatchReply, Reply
from connectors.bitrix24.segment import Plan, open_listing, read_listing
from connectors.error import RetryableError
from sandbox.bitrix24.deal import Deal, Version
from sandbox.server import Box, start_sandbox
from tests.connectors.bitrix24.portal import to
from tests.connectors.clock import FakeClock

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
DEALS = item_listing(2, ("id",), {}, name="deals")
NARROW = Plan(in_flight=3, segments=6, least=100)
_REFERENCE = re.compile(r"\$result\[(\w+)\]\[49\]\[id\]")


class FakePortal:
    """Answers batches about a list of ids; no sockets."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids, self.requests = sorted(ids), 0
        self._lock = threading.Lock()

    def batch(self, commands: Sequence[Command]) -> BatchReply:
        with self._lock:
            self.requests += 1
            results: dict[str, list[dict[str, int]]] = {}
            for command in commands:
                results[command.key] = self._page(command.params, results)
        return BatchReply(NOW, {key: Reply(rows, None, NOW) for key, rows in results.items()})

    def _page(self, params: Mapping[str, Any], results: Mapping[str, Any]) -> list[dict[str, int]]:
        after, upto = params["filter"][">id"], params["filter"].get("<=id")
        if found := _REFERENCE.fullmatch(after):
            rows = results[found[1]]
            after = rows[49]["id"] if len(rows) > 49 else 0
        low = bisect_right(self.ids, int(after))
        high = len(self.ids) if upto is None else bisect_right(self.ids, upto)
        if params["order"]["id"] == "DESC":
            return [{"id": each} for each in self.ids[low:high][: -PAGE - 1 : -1]]
        return [{"id": each} for each in self.ids[low : min(high, low + PAGE)]]


def params(after: str) -> Mapping[str, Any]:
    return {"filter": {">id": after}, "order": {"id": "ASC"}}


def whole(client: Any, listing: Listing, plan: Plan | None, place: str | None = None) -> list[Rows]:
    """All answers of a first read, or of one that goes on from a place."""
    first = client.batch(open_listing(listing, place))
    return list(read_listing(client, listing, place, first=first, plan=plan))


def ids_of(found: Sequence[Rows]) -> list[int]:
    return [row["id"] for rows in found for row in rows.rows]


def fill(box: Box, ids: Sequence[int]) -> None:
    at = box.portal.now() - 86_400
    version = Version(at, at, 7, 7, 0, "NEW", 100, at, 7, "Сделка")
    box.portal.bring_deals([Deal(each, version, 0) for each in ids])


@st.composite
def id_lists(draw: st.DrawFn) -> list[int]:
    """Ids in stretches of different density."""
    chance, start, ids = random.Random(draw(st.integers(0, 999))), 0, set[int]()
    for _ in range(draw(st.integers(0, 4))):
        width, density = draw(st.integers(1, 3000)), draw(st.floats(0.001, 1))
        ids |= {start + n for n in range(1, width) if chance.random() < density}
        start += width
    return sorted(ids)


@settings(max_examples=40, deadline=None)
@given(id_lists(), st.data())
def test_cut_off_after_any_page_nothing_is_missed_or_read_twice(
    ids: list[int], data: st.DataObject
) -> None:
    portal, listing = FakePortal(ids), Listing("deals", "crm.deal.list", "id", params)
    found = whole(portal, listing, NARROW)
    assert sorted(ids_of(found)) == ids
    cut = data.draw(st.integers(0, len(found) - 1))
    again = whole(portal, listing, NARROW, found[cut].place)
    assert sorted(ids_of(found[: cut + 1]) + ids_of(again)) == ids


@pytest.mark.parametrize("density", [1.0, 0.7, 0.2])
def test_segments_cost_hardly_more_requests_than_one_chain(density: float) -> None:
    chance = random.Random(1)
    ids = sorted(chance.sample(range(1, int(40_000 / density) + 1), 40_000))
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="empty", limits=True, clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        fill(box, ids)
        found = whole(client, DEALS, None)
        assert len(box.log) <= ceil(len(ids) / 2500) + 4
        assert {record.status for record in box.log} == {200}
    assert sorted(ids_of(found)) == ids


def test_segments_do_not_come_in_the_order_of_ids_but_several_at_a_time() -> None:
    with start_sandbox("bitrix24", scale="empty") as box, to(box) as client:
        fill(box, range(1, 30_001))
        box.limits.latency_s = 0.002
        found = whole(client, DEALS, None)
    firsts = [rows.rows[0]["id"] for rows in found if rows.rows]
    assert firsts != sorted(firsts)


def test_where_only_one_stretch_is_dense_it_is_shared_out() -> None:
    ids = [*range(1, 51), *range(400_001, 440_001)]
    portal, listing = FakePortal(ids), Listing("deals", "crm.deal.list", "id", params)
    found = whole(portal, listing, Plan(in_flight=4, segments=4))
    assert sorted(ids_of(found)) == ids
    assert portal.requests <= 17 * 2
    assert max(rows.place.count(",") for rows in found) >= 2


def test_what_is_created_while_segments_are_read_is_seen_and_nothing_that_stays_is_missed() -> None:
    chance = random.Random(3)
    with start_sandbox("bitrix24", scale="empty") as box, to(box) as client:
        fill(box, range(1, 15_001))
        stayed, seen, created = set(range(1, 15_001)), list[int](), 0
        first = client.batch(open_listing(DEALS, None))
        for rows in read_listing(client, DEALS, None, first=first, plan=NARROW):
            seen += [row["id"] for row in rows.rows]
            gone = chance.choice(sorted(stayed))
            box.portal.delete_deal(gone)
            stayed.discard(gone)
            created = created or box.portal.create_deal(7)
    assert stayed <= set(seen)
    assert created in seen
    assert len(seen) == len(set(seen))


def test_a_page_that_its_batch_refuses_is_asked_for_again(box: Box) -> None:
    fill(box, range(1_000, 9_000))
    box.faults.add("503", command="crm.item.list", after=70, count=2)
    clock = FakeClock()
    with to(box, clock=clock) as client:
        assert set(range(1_000, 9_000)) <= set(ids_of(whole(client, DEALS, NARROW)))


def test_a_portal_that_goes_away_ends_all_segments(box: Box) -> None:
    fill(box, range(1_000, 20_000))
    before = threading.active_count()
    with to(box, clock=FakeClock()) as client:
        first = client.batch(open_listing(DEALS, None))
        box.faults.add("500", method="batch", count=-1)
        with pytest.raises(RetryableError):
            list(read_listing(client, DEALS, None, first=first, plan=NARROW))
    assert threading.active_count() <= before


def test_a_reader_that_is_left_asks_for_nothing_more(box: Box) -> None:
    fill(box, range(1_000, 40_000))
    with to(box) as client:
        first = client.batch(open_listing(DEALS, None))
        reading = read_listing(client, DEALS, None, first=first)
        for _ in range(3):
            next(reading)
        del reading
        asked = len(box.log)
        assert asked <= 10
        assert len(box.log) == asked


def test_a_portal_that_does_not_tell_its_greatest_id_is_read_in_one_chain() -> None:
    class Silent(FakePortal):
        def batch(self, commands: Sequence[Command]) -> BatchReply:
            reply = super().batch(commands)
            refusal = RetryableError("no")
            outcomes = {k: refusal if k.endswith("_top") else v for k, v in reply.outcomes.items()}
            return BatchReply(reply.served_at, outcomes)

    portal, listing = Silent(range(1, 6_001)), Listing("deals", "crm.deal.list", "id", params)
    assert ids_of(whole(portal, listing, NARROW)) == list(range(1, 6_001))


def test_the_greatest_id_is_asked_for_together_with_the_first_page(box: Box) -> None:
    with to(box) as client:
        whole(client, DEALS, None)
    assert len(box.log) == 1
    assert isinstance(client, Bitrix24Client)
