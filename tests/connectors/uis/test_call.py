"""Calls are handed over window by window, and a run goes on after the last whole one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest

from connectors.base import Page, Since
from connectors.uis.call import LONGEST, pages
from connectors.uis.client import UisClient
from sandbox.conversation import IN, Conversation, Leg
from sandbox.server import start_sandbox
from tests.connectors.clock import FakeClock
from tests.connectors.uis.account import connected

BEGIN = datetime(2026, 10, 9, tzinfo=UTC)


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("uis", scale="empty", seed=5, clock=FakeClock()) as box:
        yield box


@pytest.fixture
def client(box: Any) -> Iterator[UisClient]:
    with connected(box) as client:
        yield client


def ring(box: Any, at: datetime, number: int = 1) -> list[int]:
    """Calls that begin in one second; their ids in the reports."""
    extension = next(iter(box.exchange.employees))
    begin = at.timestamp()
    call = Conversation(
        0, IN, "79161234567", "74951000001", begin, begin + 30,
        (Leg(extension, begin, begin + 5, begin + 30),),
    )  # fmt: skip
    return [900_000_000 + box.exchange.add(call).id for _ in range(number)]


def refs(found: list[Page]) -> list[int]:
    return [record["id"] for page in found for record in page.records]


def test_the_place_moves_on_only_when_a_window_is_whole(box: Any, client: UisClient) -> None:
    rung = ring(box, BEGIN + timedelta(hours=1), 5)
    rung += ring(box, BEGIN + LONGEST + timedelta(hours=1), 3)
    since = Since(changed_from=BEGIN)
    with mock.patch("connectors.uis.call._AT_ONCE", 2):
        found = list(pages(client, since))
    places = [(BEGIN + LONGEST * number).isoformat() for number in (0, 0, 1, 1, 2)]
    assert [page.checkpoint for page in found[:5]] == places
    assert refs(found) == rung
    assert datetime.fromisoformat(found[-1].checkpoint) == client.now()
    for number, page in enumerate(found):
        rest = list(pages(client, replace(since, checkpoint=page.checkpoint)))
        assert set(rung) == {*refs(found[: number + 1]), *refs(rest)}


def test_a_run_always_ends_with_a_page(box: Any, client: UisClient) -> None:
    for begin in (client.now(), client.now() + timedelta(hours=1)):
        (only,) = pages(client, Since(changed_from=begin))
        assert not only.records
        assert abs((only.served_at - client.now()).total_seconds()) < 2


def test_legs_are_asked_for_only_where_there_are_calls(box: Any, client: UisClient) -> None:
    ring(box, BEGIN + timedelta(hours=1))
    found = list(pages(client, Since(changed_from=BEGIN)))
    assert len(found) == 4
    assert [len(record["legs"]) for page in found for record in page.records] in ([1], [2])
    assert box.log.calls().count("get.calls_report") == 4
    assert box.log.calls().count("get.call_legs_report") == 1


def test_columns_are_always_asked_for(box: Any, client: UisClient) -> None:
    asked: list[dict[str, Any]] = []
    ask = client.ask

    def noting(method: str, **params: Any) -> Any:
        asked.append({"method": method, **params})
        return ask(method, **params)

    ring(box, BEGIN + timedelta(hours=1))
    with mock.patch.object(client, "ask", noting):
        list(pages(client, Since(changed_from=BEGIN)))
    reports = [one for one in asked if one["method"] != "get.account"]
    assert all(one["fields"] for one in reports)
    windows = [one for one in reports if "date_from" in one]
    assert all(one["sort"] == [{"field": "start_time", "order": "asc"}] for one in windows)
