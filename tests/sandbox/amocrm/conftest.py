"""An account with a clock that tests move by hand, and a client that speaks to it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.amocrm.box import AmoBox
from sandbox.server import start_sandbox

PAYLOADS = Path(__file__).parents[2] / "payloads" / "amocrm"
ANNA = 504141


def documented(name: str) -> Any:
    """The answer that the documentation shows."""
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))["response"]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


class Client:
    """Asks the account with the long-lived token."""

    def __init__(self, box: AmoBox) -> None:
        self.box = box
        self.http = httpx.Client(trust_env=False, timeout=10.0, verify=False)  # noqa: S501

    def ask(self, method: str, path: str, sent: Any = None, token: str = "") -> httpx.Response:
        login = {"Authorization": f"Bearer {token or self.box.token}"}
        address = f"{self.box.url}/api/v4/{path}"
        return self.http.request(method, address, json=sent, headers=login)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of one page; none with 204."""
        answer = self.ask("GET", path)
        assert answer.status_code in (200, 204), answer.text
        if answer.status_code == 204:
            return []
        found: list[dict[str, Any]] = next(iter(answer.json()["_embedded"].values()))
        return found

    def every(self, path: str, limit: int = 250) -> list[dict[str, Any]]:
        """The rows of all pages."""
        sign = "&" if "?" in path else "?"
        found: list[dict[str, Any]] = []
        page = 1
        while rows := self.rows(f"{path}{sign}limit={limit}&page={page}"):
            found += rows
            page += 1
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 10, 15, 9, 0, tzinfo=UTC))


@pytest.fixture
def box(clock: Clock) -> Iterator[AmoBox]:
    """A company with a little history."""
    with start_sandbox("amocrm", scale="tiny", seed=1, clock=clock) as running:
        yield running


@pytest.fixture
def empty(clock: Clock) -> Iterator[AmoBox]:
    """A company without records."""
    with start_sandbox("amocrm", scale="empty", seed=1, clock=clock) as running:
        yield running


@pytest.fixture
def client(box: AmoBox) -> Iterator[Client]:
    made = Client(box)
    with made.http:
        yield made


@pytest.fixture
def desk(empty: AmoBox) -> Iterator[Client]:
    """A client of the company without records."""
    made = Client(empty)
    with made.http:
        yield made
