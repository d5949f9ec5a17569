"""A served page on the loopback, and a client that follows nothing by itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from tests.web.company import FakeReader, board
from web.address import listen
from web.app import create_app
from web.board import Board, Reader
from web.guard import Guard
from web.health import SourceHealth
from web.server import Server


@contextmanager
def served(
    shown: Board | Reader | None = None,
    *,
    guard: Guard | None = None,
    states: Sequence[SourceHealth] = (),
    language: str = "ru",
) -> Iterator[httpx.Client]:
    """A client of a running server."""
    reader = FakeReader(shown or board()) if isinstance(shown, Board | None) else shown
    app = create_app(reader, states=lambda: states, guard=guard or Guard(), language=language)
    server = Server(app, listen("127.0.0.1", 0))
    try:
        with httpx.Client(base_url=server.url, timeout=20, trust_env=False) as client:
            yield client
    finally:
        server.stop()
