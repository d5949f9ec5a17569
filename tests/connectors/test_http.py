"""The transport on raw sockets: headers, size, deadline, TLS advice, connection reuse."""

import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from config.error import ConfigError
from connectors.answer import Answer
from connectors.certificate import explain_certificate
from connectors.error import AmbiguousError, LostAnswerError, RetryableError
from connectors.http import Transport
from connectors.limiter import Limiter
from tests.canary import canary
from tests.connectors.clock import FakeClock

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def whole_request(connection: socket.socket) -> bytes:
    """The next request with its body; empty when the client has gone."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if end and (length is None or len(body) >= int(length[1])):
            return received
    return b""


@contextmanager
def raw_server(speak: Callable[[socket.socket, bytes], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Gives every connection's requests to `speak`; tells the address and what was received."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection:
                try:
                    while request := whole_request(connection):
                        heard.append(request)
                        speak(connection, request)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)


@contextmanager
def transport_to(url: str, clock: FakeClock | None = None, **more: Any) -> Iterator[Transport]:
    clock = clock or FakeClock()
    limiter = Limiter(clock=clock, sleep=clock.sleep)
    with closing(Transport(url, limiter=limiter, sleep=clock.sleep, **more)) as transport:
        yield transport


def body_of(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        raise LostAnswerError("no JSON") from None


def test_one_connection_is_kept_and_no_compression_asked_for() -> None:
    with (
        raw_server(lambda connection, _: connection.sendall(OK)) as (url, heard),
        transport_to(url) as transport,
    ):
        for _ in range(3):
            assert transport.post("rest/x", {"a": "б"}, read=body_of) == {}
    text = b"".join(heard).lower()
    assert len(heard) == 3
    assert b"accept-encoding: identity" in text
    assert b"user-agent: merilo/" in text
    assert b"content-type: application/json" in text


def test_an_answer_over_the_cap_is_dropped_before_it_fills_the_memory() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"

    def flood(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(head)
        for _ in range(1000):
            connection.sendall(b"x" * 65536)

    with raw_server(flood) as (url, _heard):
        limited = transport_to(url, max_bytes=1 << 20, attempts=1)
        with limited as transport, pytest.raises(RetryableError, match="over 1048576 bytes"):
            transport.post("rest/x", {}, read=body_of)


def test_a_drip_is_cut_at_the_deadline_of_the_whole_call() -> None:
    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        quiet = threading.Event()
        for _ in range(1000):
            connection.sendall(b"x")
            quiet.wait(0.02)

    with raw_server(drip) as (url, _heard):
        limited = transport_to(url, deadline_s=0.3, attempts=1)
        with (
            limited as transport,
            pytest.raises(RetryableError, match=r"no whole answer in 0\.3 s"),
        ):
            transport.post("rest/x", {}, read=body_of)


def test_a_lost_answer_is_asked_for_again_but_a_lost_write_is_not() -> None:
    answers = [OK[:-1], OK]

    def once_short(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answers.pop(0) if answers else OK)
        connection.close()

    with raw_server(once_short) as (url, heard), transport_to(url) as transport:
        assert transport.post("rest/x", {}, read=body_of) == {}
        assert len(heard) == 2
        answers[:] = [OK[:-1]]
        with pytest.raises(AmbiguousError, match="not known whether"):
            transport.post("rest/x", {}, read=body_of, idempotent=False)
    # Fewer when the connection was already found broken: never more.
    assert len(heard) <= 3


def test_retry_after_is_waited_for_and_one_too_long_is_handed_on() -> None:
    clock = FakeClock()
    with (
        raw_server(lambda connection, _: connection.sendall(OK)) as (url, heard),
        transport_to(url, clock) as transport,
    ):
        waits: list[float | None] = [30, None]

        def busy(answer: Answer) -> Any:
            if waits:
                raise RetryableError("busy", retry_after=waits.pop(0))
            return body_of(answer)

        assert transport.post("rest/x", {}, read=busy) == {}
        assert clock.slept[0] == 30
        waits[:] = [3600]
        with pytest.raises(RetryableError) as told:
            transport.post("rest/x", {}, read=busy)
        assert told.value.retry_after == 3600
    assert len(heard) == 4


def test_waiting_grows_is_bounded_and_the_message_tells_how_often_it_was_tried() -> None:
    clock, secret = FakeClock(), canary("path")
    refused = pytest.raises(RetryableError, match=r"rest/\*\*\*/x: the connection was refused")
    with (
        transport_to("http://127.0.0.1:9", clock, secrets=[secret]) as transport,
        refused as told,
    ):
        transport.post(f"rest/{secret}/x", {}, read=body_of)
    assert "6 attempts" in told.value.did
    assert len(clock.slept) == 5
    assert sum(clock.slept) <= 60


def test_a_host_that_nobody_knows_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with (
        transport_to("http://no-such-host.invalid") as transport,
        pytest.raises(RetryableError, match="no such host is known"),
    ):
        transport.post("x", {}, read=body_of)


@pytest.mark.parametrize(
    ("code", "said"),
    [(10, "has expired"), (18, "self-signed"), (62, "belongs to another host"), (77, "odd")],
)
def test_a_refused_certificate_says_why_and_what_to_do(code: int, said: str) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "odd"
    wrapper = RuntimeError()
    wrapper.__cause__ = error
    told = explain_certificate(wrapper, "portal.example")
    assert told is not None
    assert said in told.what
    assert "portal.example" in told.what
    assert told.todo
    assert told.retry_after


def test_a_ca_bundle_that_is_not_there_is_a_mistake_in_the_settings() -> None:
    nowhere = transport_to("https://127.0.0.1:9", ca_bundle="/nowhere/ca.pem")
    with pytest.raises(ConfigError, match="`ca_bundle`"), nowhere:
        pass


def test_a_get_sends_its_query_and_headers_and_shows_neither() -> None:
    query, token = {"client_secret": canary("client-secret")}, canary("token")
    with (
        raw_server(lambda connection, _: connection.close()) as (url, heard),
        transport_to(url, attempts=1) as transport,
        pytest.raises(LostAnswerError) as told,
    ):
        transport.get("oauth/token", query, read=body_of, headers={"X-Token": token})
    sent = heard[0].decode()
    assert sent.startswith(f"GET /oauth/token?client_secret={query['client_secret']} HTTP/1.1")
    assert f"x-token: {token}" in sent.lower().replace(token.lower(), token)
    assert "CANARY" not in f"{told.value} {told.value!r} {told.value.__context__!r}"


def test_tokens_that_came_later_are_hidden_and_only_the_newest_remembered() -> None:
    with transport_to("http://127.0.0.1:9", secrets=["old-secret"]) as transport:
        for number in range(100):
            transport.conceal(f"access-{number}", f"refresh-{number}", "")
        assert transport.hide("access-99 refresh-99 old-secret access-0") == "*** *** *** access-0"
        assert transport.hide("plain") == "plain"
