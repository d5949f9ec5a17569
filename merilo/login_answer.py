"""The answer to an OAuth login: pasted on standard input, or brought by the browser to us."""

import select
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from config.error import ConfigError
from config.value import is_loopback
from connectors.error import AuthError

PATIENCE_S = 600.0
_REQUEST_S = 5.0
_LONGEST = 16_384
_PAGE = "<!doctype html><meta charset=utf-8><title>Merilo</title><p>{text}</p>"


class Listener:
    """One address on the loopback where the browser comes with the answer."""

    def __init__(self, redirect_uri: str, page: str) -> None:
        place = urlsplit(redirect_uri)
        self._path = place.path or "/"
        self._page = _PAGE.format(text=page)
        try:
            # `localhost` may lead a browser to ::1 first; it then tries 127.0.0.1.
            host = "::1" if place.hostname == "::1" else "127.0.0.1"
            self._socket = socket.create_server(
                (host, place.port or 80), family=socket.AF_INET6 if ":" in host else socket.AF_INET
            )
        except OSError as error:
            raise ConfigError(
                f"Cannot listen at {redirect_uri}: {error.strerror}.",
                did="Nobody was logged in.",
                todo="Free the port, or give redirect_uri (and the application's card) another.",
            ) from None

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def close(self) -> None:
        """Stops listening."""
        self._socket.close()

    def accept(self) -> dict[str, str]:
        """The answer that one connection brings; empty if it is something else."""
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(_REQUEST_S)
            try:
                answer = self._read(connection)
                self._reply(connection, "200 OK" if answer else "404 Not Found")
            except OSError:
                return {}
        return answer

    def _read(self, connection: socket.socket) -> dict[str, str]:
        head = b""
        while b"\r\n" not in head and len(head) < _LONGEST:
            chunk = connection.recv(4096)
            if not chunk:
                return {}
            head += chunk
        method, _, rest = head.split(b"\r\n")[0].decode("latin-1").partition(" ")
        place = urlsplit(rest.partition(" ")[0])
        if method != "GET" or place.path != self._path:
            return {}
        answer = _pairs(place.query)
        return answer if answer.keys() & {"code", "error"} else {}

    def _reply(self, connection: socket.socket, status: str) -> None:
        body = self._page.encode() if status.startswith("200") else b""
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nReferrer-Policy: no-referrer\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + body)


def listens(redirect_uri: str) -> bool:
    """Whether the browser can bring the answer to this machine by itself."""
    place = urlsplit(redirect_uri)
    return place.scheme == "http" and is_loopback(place.hostname or "")


def wait_for_answer(listener: Listener | None, state: str) -> dict[str, str]:
    """The first answer that comes by either way; AuthError when none does, or a wrong one."""
    until = time.monotonic() + PATIENCE_S
    waiting: list[Any] = [each for each in (sys.stdin, listener) if each is not None]
    while waiting and (left_s := until - time.monotonic()) > 0:
        ready, _, _ = select.select(waiting, [], [], left_s)
        if listener is not None and listener in ready and (answer := listener.accept()):
            if answer.get("state") == state:
                return _judged(answer, state)
            continue  # a page elsewhere may knock here; ours still comes
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if line.strip():
                return _judged(read_answer(line), state)
            if not line:
                waiting.remove(sys.stdin)
    raise AuthError("No answer came.", did="Nobody was logged in.", todo="Run the command again.")


def read_answer(text: str) -> dict[str, str]:
    """What a person pasted: the whole address, what stands after its `?`, or the bare code."""
    text = text.strip()
    if "code=" not in text and "error=" not in text:
        return {"code": text}
    return {"state": ""} | _pairs(text.partition("?")[2] or text)


def _judged(answer: Mapping[str, str], state: str) -> dict[str, str]:
    if answer.get("state", state) != state:
        raise AuthError(
            "This answer belongs to another login (its `state` differs).",
            did="Nobody was logged in.",
            todo="Open the address that this command printed last, and paste what it leads to.",
        )
    if "error" in answer:
        raise AuthError(
            "Access was not granted in the browser.",
            did="Nobody was logged in.",
            todo="Run the command again and agree.",
        )
    return dict(answer)


def _pairs(query: str) -> dict[str, str]:
    try:
        found = parse_qs(query.partition("#")[0], max_num_fields=50)
    except ValueError:
        return {}
    return {key: values[0] for key, values in found.items()}
