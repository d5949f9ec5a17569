"""The web server in a thread of its own; signals stay with the service."""

import socket
import threading

import anyio.to_thread
import uvicorn
from starlette.types import ASGIApp

_THREADS = 4
"""Pages made at once; each may hold a connection to the store and its cache."""


class Server:
    """Answers on a listening socket from now on; `url` is where."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._listener = listener
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=64,
            timeout_graceful_shutdown=3,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 4.0) -> None:
        """Lets requests in hand end, then closes; waits at most `timeout_s`."""
        self._server.should_exit = True
        self._thread.join(timeout_s)
        self._listener.close()

    def _serve(self) -> None:
        async def run() -> None:
            anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
            await self._server.serve([self._listener])

        anyio.run(run)
