"""What speaks to the sandbox of UIS: JSON-RPC by POST."""

from itertools import count
from typing import Any

import httpx
import pytest


class Client:
    """Calls methods of the Data API."""

    def __init__(self, box: Any) -> None:
        self.http = httpx.Client(trust_env=False, timeout=10.0)
        self.box = box
        self._numbers = count(1)

    def post(self, body: object) -> httpx.Response:
        return self.http.post(f"{self.box.url}/v2.0", json=body)

    def body(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer; refusals come with HTTP 200 too."""
        sent = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method}
        answer = self.post(sent | {"params": {"access_token": self.box.token, **params}})
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        assert body["jsonrpc"] == "2.0"
        return body

    def rows(self, method: str, **params: Any) -> list[dict[str, Any]]:
        body = self.body(method, **params)
        assert "error" not in body, body
        rows: list[dict[str, Any]] = body["result"]["data"]
        return rows

    def refusal(self, method: str, **params: Any) -> str:
        """The mnemonic of a refusal."""
        mnemonic: str = self.body(method, **params)["error"]["data"]["mnemonic"]
        return mnemonic


@pytest.fixture
def vendor() -> Any:
    """See the fixture of the same name above."""
    return "uis", Client
