"""Start a vendor's sandbox on the loopback, inside this process."""

import asyncio
import contextlib
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette

from sandbox.bitrix24.app import build_app
from sandbox.bitrix24.company import build_portal
from sandbox.bitrix24.limit import Limits
from sandbox.bitrix24.live import live_step
from sandbox.bitrix24.portal import Portal
from sandbox.fault import Faults
from sandbox.journal import Journal
from sandbox.tls import TlsFiles, write_certificates
from sandbox.wire import OpenProtocol

NAMES = ("bitrix24",)
_START_TIMEOUT_S = 10.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Box:
    """A running sandbox; close it, or use it as a context manager."""

    def __init__(self, portal: Portal, limits: Limits, tls: TlsFiles | None) -> None:
        self.portal = portal
        self.limits = limits
        self.faults = Faults()
        self.log = Journal()
        self.url = ""
        self.ca_bundle = str(tls.ca) if tls else None
        self._tls = tls
        self._stack = contextlib.ExitStack()

    @property
    def webhook(self) -> str:
        """`<user id>/<code>`: requests go to {url}/rest/{webhook}/{method}."""
        return self.portal.access.webhook

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        app = build_app(self.portal, self.limits, self.faults, self.log)
        number = self._stack.enter_context(_serving(app, port, self._tls))
        self._stack.callback(self.faults.clear)
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{number}"

    def work(self, steps_a_minute: float, seed: int) -> None:
        """Let the company work on its own, at real time, until closed."""
        if steps_a_minute > 0:
            self._stack.enter_context(_working(self.portal, steps_a_minute, seed))

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


def start_sandbox(
    name: str = "bitrix24",
    *,
    scale: str = "small",
    seed: int = 1,
    limits: bool = False,
    tls: bool = False,
    clock: Callable[[], datetime] = _utc_now,
    speed: float = 0.0,
    port: int = 0,
    faults: list[str] | None = None,
) -> Box:
    """Build a company whose history ends now and serve it; ValueError for unknown names.

    `scale` is empty, tiny, small, medium or large; `clock` gives aware moments; `speed` is
    how many things happen a minute while it runs; `faults` are kind[:method[:after[:count]]].
    """
    if name not in NAMES:
        raise ValueError(f"unknown sandbox {name}; known: {', '.join(NAMES)}")
    portal = build_portal(scale, seed, clock)
    folder = tempfile.TemporaryDirectory(prefix="sandbox-") if tls else None
    files = write_certificates(Path(folder.name)) if folder else None
    box = Box(portal, Limits(portal.now, enabled=limits), files)
    if folder is not None:
        box.keep(folder)
    for text in faults or []:
        box.faults.add_text(text)
    try:
        box.open(port)
        box.work(speed, seed)
    except BaseException:
        box.close()
        raise
    return box


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
def _serving(app: Starlette, port: int, tls: TlsFiles | None) -> Iterator[int]:
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
def _working(portal: Portal, steps_a_minute: float, seed: int) -> Iterator[None]:
    stop = threading.Event()
    rng = random.Random(seed)

    def work() -> None:
        while not stop.wait(60.0 / steps_a_minute):
            live_step(portal, rng)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5.0)
