"""A connection to a real server, and to servers that answer oddly, late or not at all."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest

from connectors.error import AuthError, LostAnswerError, RejectedError, RetryableError
from connectors.imap.session import Session, open_session
from tests.mail_server import SENT, MailServer, letter, mail_server

ANNA = "anna@acme.example"
Answer = Callable[[bytes, bytes], bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@contextmanager
def speaking(answer: Answer, greeting: bytes = b"* OK ready\r\n") -> Iterator[str]:
    """A server whose answer to each command (tag, rest of the line) is told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            link, _ = listening.accept()
            with link, link.makefile("rb") as lines:
                link.sendall(greeting)
                for line in lines:
                    tag, _, rest = line.strip().partition(b" ")
                    if not (said := answer(tag, rest)):
                        return
                    link.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"imap://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(timeout=5)


def plain(**answers: bytes) -> Answer:
    """Good answers, but for the commands named."""

    def answer(tag: bytes, rest: bytes) -> bytes:
        name = rest.split()[0].decode().upper()
        name = rest.split()[1].decode().upper() if name == "UID" else name
        if name in answers:
            return answers[name].replace(b"TAG", tag)
        if name == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n"
        return tag + b" OK done\r\n"

    return answer


def opened(url: str, password: str = "right") -> Session:
    """A session of Anna's."""
    return open_session(url, ANNA, ANNA, password)


@pytest.mark.needs("dovecot")
def test_a_range_to_the_end_brings_no_old_letter_again(server: MailServer) -> None:
    """Trap 57: `n:*` always has the last letter; see imap_transcript.json."""
    at = datetime(2026, 10, 15, 9, tzinfo=UTC)
    for number in (1, 2):
        server.append(ANNA, letter("c@x.example", ANNA, ref=f"{number}@x"), at)
    session = opened(server.url, server.password)
    session.open("INBOX")
    assert (session.uids_after(0), session.uids_after(1), session.uids_after(99)) == (
        [1, 2],
        [2],
        [],
    )
    assert session.status("INBOX").next_uid == 3
    assert session.uids_since(date(2026, 10, 15)) == [1, 2]
    assert session.uids_since(date(2026, 10, 16)) == []
    first, second = session.messages([2, 1])
    assert (first.uid, first.arrived_at, second.uid) == (1, at, 2)
    assert b"Message-ID: <1@x>" in first.headers
    assert b"Content-Transfer" not in first.headers
    assert session.status(SENT).next_uid == 1
    session.close()


@pytest.mark.needs("dovecot")
def test_a_folder_that_is_not_there_is_told(server: MailServer) -> None:
    session = opened(server.url, server.password)
    with pytest.raises(RejectedError, match="EXAMINE"):
        session.open("Nowhere")
    assert session.is_alive()
    session.close()


@pytest.mark.needs("dovecot")
def test_a_wrong_password_is_told_with_advice(server: MailServer) -> None:
    with pytest.raises(AuthError) as caught:
        opened(server.url, "пароль-" + server.password)
    assert "AUTHENTICATIONFAILED" in caught.value.what
    assert "app password" in caught.value.todo
    assert server.password not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"TAG NO [AUTHENTICATIONFAILED] right is wrong\r\n", AuthError),
        (b"TAG NO [UNAVAILABLE] later\r\n", RetryableError),
        (b"TAG NO Too many simultaneous connections\r\n", RetryableError),
        (b"* BYE overloaded\r\n", LostAnswerError),
    ],
)
def test_a_refused_login_is_told_from_a_busy_server(said: bytes, error: type[Exception]) -> None:
    with speaking(plain(LOGIN=said)) as url, pytest.raises(error) as caught:
        opened(url)
    assert type(caught.value) is error
    assert "right" not in str(caught.value)


def test_a_server_that_takes_latin_letters_alone_says_so() -> None:
    with speaking(plain()) as url, pytest.raises(AuthError, match="Latin"):
        opened(url, "пароль")


def test_items_of_a_letter_may_come_in_any_order() -> None:
    rows = (
        b"* 1 FETCH (BODY[HEADER.FIELDS (FROM)]<0> {11}\r\nFrom: a@b\r\n"
        b' INTERNALDATE " 5-Oct-2026 12:00:00 +0300" UID 7 FLAGS ())\r\n'
        b"* 2 FETCH (UID 8 FLAGS (\\Seen))\r\n"
        b"TAG OK done\r\n"
    )
    with speaking(plain(FETCH=rows)) as url:
        session = opened(url)
        session.open("INBOX")
        (found,) = session.messages([7])
        session.close()
    assert found == (7, datetime(2026, 10, 5, 9, tzinfo=UTC), b"From: a@b\r\n")


def test_a_status_without_numbers_is_refused() -> None:
    with speaking(plain(STATUS=b"* STATUS INBOX (MESSAGES 3)\r\nTAG OK done\r\n")) as url:
        session = opened(url)
        with pytest.raises(RejectedError, match="numbers are missing"):
            session.status("INBOX")
        session.close()


def test_a_connection_cut_in_an_answer_is_tried_again_later() -> None:
    with speaking(plain(SEARCH=b"")) as url:
        session = opened(url)
        session.open("INBOX")
        with pytest.raises(LostAnswerError, match="connection to the mail server failed"):
            session.uids_after(1)
        session.close()


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.imap.session.SILENCE_S", 0.2)
    with speaking(plain(), greeting=b"") as url, pytest.raises(LostAnswerError, match="in time"):
        opened(url)


def test_nobody_there_is_told() -> None:
    with pytest.raises(LostAnswerError, match="Connection refused") as caught:
        opened("imap://127.0.0.1:1")
    assert "`url`" in caught.value.todo


@pytest.mark.needs("dovecot")
def test_a_certificate_of_an_unknown_authority_ends_the_connection() -> None:
    with mail_server(tls=True) as secured:
        with pytest.raises(RetryableError, match="unknown to this machine"):
            opened(secured.url, secured.password)
        trusted = open_session(
            secured.url, ANNA, ANNA, secured.password, ca_bundle=str(secured.ca_bundle)
        )
        assert [each for each in trusted.folders() if b"INBOX" in each]
        trusted.close()
