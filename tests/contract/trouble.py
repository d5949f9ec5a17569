"""Trouble on request, and pages so small that few records take many requests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from connectors.bitrix24 import paging, record_set, scorecard_item, segment
from connectors.http import Transport
from sandbox.bitrix24 import activity_live, listing, live, record_live
from sandbox.server import Box
from tests.flow.kill import Kill

ROWS = 10
"""Rows of a page, on both sides."""

KINDS = (
    "503", "429", "500", "expired", "html200", "html403", "html500", "empty200", "redirect",
    "reset", "lost", "truncate", "short", "slow",
)  # fmt: skip
"""All that may happen to a request, but for never being answered, which only costs time."""


@contextmanager
def small_pages(rows: int = ROWS) -> Iterator[None]:
    """Both sides take `rows` rows for a page, and a batch of a long read holds three of them."""
    plan = segment.Plan(in_flight=2, segments=3, least=3 * rows)
    with ExitStack() as stack:
        for module, name, value in (
            (listing, "PAGE", rows),
            (paging, "PAGE", rows),
            (paging, "PAGES_KEPT", 2),
            (scorecard_item, "_PAGE", rows),
            (record_set, "_PAGE", rows),
            (segment, "PAGE", rows),
            (segment, "MOST_IN_BATCH", 3),
            (segment, "BATCH", 3 * rows),
            (segment, "LEAST_SHARE", 1),
            (segment, "PLAN", plan),
        ):
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def suffer(box: Any, kind: str) -> None:
    """The next request meets a fault."""
    path = f"rest/{box.webhook}/batch" if isinstance(box, Box) else "api/v4/account"
    box.faults.add(kind, seconds=0.02, location=f"https://new.example/{path}")


@contextmanager
def nobody_hands_over() -> Iterator[None]:
    """While people work, records keep their owners and currencies their rates.

    Then what an agent could observe does not depend on when it was interrupted.
    """
    with (
        mock.patch.dict(live._WEIGHTS, {"assign": 0, "rate": 0}),
        mock.patch.dict(record_live._WEIGHTS, {"give": 0}),
        mock.patch.dict(activity_live._CHANGES, {"reassign": 0}),
    ):
        yield


@contextmanager
def at_requests(act: Callable[[int], None], *, after: bool = False) -> Iterator[list[int]]:
    """Calls `act` with the number of each request, before it is sent or when it was answered."""
    lock, sent = threading.Lock(), [0]
    exchange = Transport._exchange

    def counted(self: Transport, *given: Any, **named: Any) -> Any:
        with lock:
            sent[0] += 1
            number = sent[0]
        if not after:
            act(number)
        answer = exchange(self, *given, **named)
        if after:
            act(number)
        return answer

    with mock.patch.object(Transport, "_exchange", counted):
        yield sent


def dying(at: int) -> Callable[[int], None]:
    """The process dies at one request, and asks nothing after that."""

    def act(number: int) -> None:
        if number >= at:
            raise Kill

    return act
