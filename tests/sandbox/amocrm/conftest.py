"""A client that speaks to an account; the fixtures are those of the other sandbox."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.amocrm.box import AmoBox

PAYLOADS = Path(__file__).parents[2] / "payloads" / "amocrm"
ANNA = 504141


def documented(name: str) -> Any:
    """The answer that the documentation shows."""
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))["response"]


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
def vendor() -> Any:
    return "amocrm", Client
