"""What is read of headers, however mangled they are."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imap.header import read_headers
from connectors.letter import bare_subject


def head(*lines: str) -> bytes:
    """Headers as they come from a server."""
    return "\r\n".join((*lines, "", "")).encode()


def test_ids_are_read_from_the_last_answered_letter_to_the_first() -> None:
    found = read_headers(
        head(
            "Message-ID: <own@x>", "In-Reply-To: <c@x>", "References: <a@x> <b@x>", " <c@x> <own@x>"
        )
    )
    assert found.message_id == "<own@x>"
    assert found.answers == ("<c@x>", "<b@x>", "<a@x>")


def test_addresses_are_read_without_their_names() -> None:
    found = read_headers(
        head(
            "From: =?utf-8?B?0JDQvdC90LA=?= <Anna@Acme.Example>",
            'To: "Last, First" <one@x.example>, two@x.example,',
            " undisclosed-recipients:;",
            "Cc: ONE@x.example",
        )
    )
    assert found.author == "anna@acme.example"
    assert found.to == ("one@x.example", "two@x.example")
    assert found.cc == ("one@x.example",)


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("Auto-Submitted: auto-replied", "Auto-Submitted"),
        ("Auto-Submitted: auto-generated; owner-email=x", "Auto-Submitted"),
        ("Auto-Submitted: no", ""),
        ("Precedence: Bulk", "Precedence"),
        ("Precedence: first-class", ""),
        ("List-Id: <sales.x.example>", "List-Id"),
        ("List-Unsubscribe: <mailto:x@x.example>", "List-Id"),
        ("X-Autoreply: yes", "X-Autoreply"),
        ("Return-Path: <>", "Return-Path"),
        ("Return-Path: <a@x.example>", ""),
        ("Content-Type: multipart/report; report-type=delivery-status", "Content-Type"),
        ('Content-Type: text/calendar; charset=utf-8; method="REPLY"', "Content-Type"),
        ("Content-Type: text/plain", ""),
    ],
)
def test_robots_are_known_by_their_marks(line: str, mark: str) -> None:
    assert read_headers(head("From: a@x.example", line)).robot == mark


@pytest.mark.parametrize("author", ["no-reply@x", "NoReply@x.example", "MAILER-DAEMON@x", ""])
def test_whom_nobody_can_answer_is_a_robot(author: str) -> None:
    assert read_headers(head(f"From: {author}")).robot == "From"


@pytest.mark.parametrize(
    "subject",
    ["Счёт", "Re: Счёт", "RE: FW: Счёт", "Отв: Re[2]: Счёт", "[3] Fwd: HA:  счёт ", "Пересл: Счёт"],
)
def test_answers_have_the_subject_of_what_they_answer(subject: str) -> None:
    assert bare_subject(subject) == "счёт"


def test_an_encoded_subject_is_read() -> None:
    found = read_headers(head("Subject: =?koi8-r?B?8sU6IPPekNQ=?=", "Subject: second"))
    assert found.subject
    assert read_headers(head("Subject: =?no-such?B?8sU6?=")).subject == "=?no-such?b?8su6?="
    assert read_headers(head("Subject: =?utf-8?Q?Re=3A_=D0=94=D0=B0?=")).subject == "да"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Fri, 20 Nov 2026 10:05:00 +0500", datetime(2026, 11, 20, 5, 5, tzinfo=UTC)),
        ("20 Nov 2026 10:05:00 -0000", datetime(2026, 11, 20, 10, 5, tzinfo=UTC)),
        ("yesterday", None),
        ("Fri, 99 Nov 2026 10:05:00 +0500", None),
        ("", None),
    ],
)
def test_a_date_that_makes_no_sense_is_none(text: str, moment: datetime | None) -> None:
    assert read_headers(head(f"Date: {text}")).date == moment


def test_a_letter_without_an_id_is_known_by_what_it_says() -> None:
    lines = ("From: a@x.example", "To: b@x.example", "Date: Fri, 20 Nov 2026 10:05:00 +0500")
    one, same = (read_headers(head(*lines, "Subject: Hi")) for _ in range(2))
    other = read_headers(head(*lines, "Subject: Ho"))
    assert one.identity == same.identity != other.identity
    assert read_headers(head(*lines, "Message-ID: <x@y>")).identity == "<x@y>"


@given(st.binary(max_size=300))
def test_no_letter_stops_the_reading(raw: bytes) -> None:
    found = read_headers(b"Subject: " + raw + b"\r\nFrom: " + raw + b"\r\nDate: " + raw)
    assert isinstance(found.identity, str)
    found.identity.encode("utf-8", "surrogatepass")
