"""A portal with a clock that tests move by hand, and a client that speaks to it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.server import Box, start_sandbox
from tests.clock import Clock

PAYLOADS = Path(__file__).parents[1] / "payloads" / "bitrix24"


def documented(name: str) -> Any:
    """The answer that the official documentation shows."""
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))["response"]


class Client:
    """Calls methods of the portal by JSON."""

    def __init__(self, box: Box) -> None:
        self.http = httpx.Client(trust_env=False, timeout=10.0, verify=False)  # noqa: S501
        self.box = box

    def address(self, method: str) -> str:
        return f"{self.box.url}/rest/{self.box.webhook}/{method}"

    def answer(self, method: str, **params: Any) -> httpx.Response:
        return self.http.post(self.address(method), json=params)

    def body(self, method: str, **params: Any) -> dict[str, Any]:
        body: dict[str, Any] = self.answer(method, **params).json()
        return body

    def result(self, method: str, **params: Any) -> Any:
        body = self.body(method, **params)
        assert "error" not in body, body
        return body["result"]


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 10, 15, 9, 0, tzinfo=UTC))


@pytest.fixture
def vendor() -> Any:
    """Whose sandbox is tested, and what speaks to it; a folder of another vendor has its own."""
    return "bitrix24", Client


@pytest.fixture
def box(vendor: Any, clock: Clock) -> Iterator[Any]:
    """A company with a little history."""
    name, _ = vendor
    with start_sandbox(name, scale="tiny", seed=1, clock=clock) as running:
        yield running


@pytest.fixture
def empty(vendor: Any, clock: Clock) -> Iterator[Any]:
    """A company without records."""
    name, _ = vendor
    with start_sandbox(name, scale="empty", seed=1, clock=clock) as running:
        yield running


@pytest.fixture
def client(vendor: Any, box: Any) -> Iterator[Any]:
    """A client of the company with a little history."""
    _, speak = vendor
    made = speak(box)
    with made.http:
        yield made


@pytest.fixture
def desk(vendor: Any, empty: Any) -> Iterator[Any]:
    """A client of the company without records."""
    _, speak = vendor
    made = speak(empty)
    with made.http:
        yield made
