"""Access to the connection under a request, for answers that break off."""

import asyncio
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_CONNECTION = "sandbox.connection"


class OpenProtocol(H11Protocol):
    """Uvicorn's protocol that lets the application reach its connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner: Any = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[_CONNECTION] = self
            await inner(scope, receive, send)

        self.app = app


class Broken:
    """An ASGI response that writes raw bytes and then closes, or closes at once.

    With `pause_s` the bytes drip: twenty pieces with a pause between.
    """

    def __init__(self, raw: bytes = b"", *, pause_s: float = 0.0) -> None:
        self._raw = raw
        self._pause_s = pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write and hang up, then wait until the connection is gone."""
        transport = scope[_CONNECTION].transport
        if not self._raw:
            transport.abort()
        for piece in self._pieces():
            transport.write(piece)
            await asyncio.sleep(self._pause_s)
            if transport.is_closing():
                break
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _pieces(self) -> list[bytes]:
        if not self._raw:
            return []
        size = max(1, len(self._raw) // 20) if self._pause_s else len(self._raw)
        return [self._raw[at : at + size] for at in range(0, len(self._raw), size)]


def raw_answer(body: bytes, declared: int) -> bytes:
    """An HTTP/1.1 answer of JSON that declares a length of its own choice."""
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {declared}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
