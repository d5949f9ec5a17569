"""Serving an application on the loopback from a thread of this process."""

import asyncio
import contextlib
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette

from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.tls import TlsFiles
from sandbox.wire import OpenProtocol

_START_TIMEOUT_S = 10.0


class Served:
    """A running server; close it, or use it as a context manager."""

    def __init__(self, tls: TlsFiles | None, live_step: Callable[[random.Random], Any]) -> None:
        self.faults = Faults()
        self.log = Journal()
        self.url = ""
        self.ca_bundle = str(tls.ca) if tls else None
        self._tls = tls
        self._live_step = live_step
        self._stack = contextlib.ExitStack()

    def serve(self, app: Starlette, port: int, *, dated: bool = True) -> None:
        """Listen on the loopback, port 0 = any free one; `dated` = answers tell the real time."""
        number = self._stack.enter_context(_serving(app, port, self._tls, dated))
        self._stack.callback(self.faults.clear)
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{number}"

    def work(self, steps_a_minute: float, seed: int) -> None:
        """Let the company work on its own, at real time, until closed."""
        if steps_a_minute > 0:
            self._stack.enter_context(_working(self._live_step, steps_a_minute, seed))

    def keep(self, folder: tempfile.TemporaryDirectory[str]) -> None:
        """Remove a folder when closed."""
        self._stack.callback(folder.cleanup)

    def close(self) -> None:
        """Stop serving; held connections are dropped."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _QuickServer(uvicorn.Server):
    """Leaves at once when told to, where uvicorn looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ready = threading.Event()

    async def main_loop(self) -> None:
        """Sleep until told to leave."""
        await self.on_tick(0)
        self._loop = asyncio.get_running_loop()
        self._leaving = asyncio.Event()
        self._ready.set()
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what listens and what is open; whoever is still being answered is cut off."""
        for listening in self.servers:
            listening.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)

    def leave(self) -> None:
        """End the loop from any thread; open connections are dropped."""
        self.should_exit = True
        if self._ready.is_set():
            self._loop.call_soon_threadsafe(self._leaving.set)

    def wait_ready(self, thread: threading.Thread) -> None:
        """Wait until requests are answered; RuntimeError when that never comes."""
        until = time.monotonic() + _START_TIMEOUT_S
        while not self._ready.wait(0.05):
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the sandbox server did not start")


@contextlib.contextmanager
def _serving(app: Starlette, port: int, tls: TlsFiles | None, dated: bool) -> Iterator[int]:
    listener = _listen(port)
    config = uvicorn.Config(
        app,
        http=OpenProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=dated,
        timeout_graceful_shutdown=1,
        ssl_certfile=str(tls.certificate) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    server = _QuickServer(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        server.wait_ready(thread)
        yield listener.getsockname()[1]
    finally:
        server.leave()
        thread.join(timeout=_START_TIMEOUT_S)
        listener.close()


def _listen(port: int) -> socket.socket:
    # Without the protocol's number asyncio leaves Nagle on, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


@contextlib.contextmanager
def _working(
    step: Callable[[random.Random], Any], steps_a_minute: float, seed: int
) -> Iterator[None]:
    stop = threading.Event()
    rng = random.Random(seed)

    def work() -> None:
        while not stop.wait(60.0 / steps_a_minute):
            step(rng)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5.0)
