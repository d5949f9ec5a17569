"""What is read of a letter's headers: addresses, ids, subject, date, and marks of robots."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime

from connectors.letter import addresses_in, bare_subject, ids_in

FIELDS = (
    "MESSAGE-ID IN-REPLY-TO REFERENCES FROM SENDER TO CC BCC DATE SUBJECT AUTO-SUBMITTED"
    " PRECEDENCE LIST-ID LIST-UNSUBSCRIBE X-AUTOREPLY RETURN-PATH CONTENT-TYPE"
)
"""Asked for by name; nothing else of a letter is ever fetched."""

_ROBOTS = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|donotreply)\b")
_BULK = {"bulk", "list", "junk", "auto_reply"}
_PARSER = BytesHeaderParser(policy=policy.compat32)


@dataclass(frozen=True, kw_only=True)
class Headers:
    """The headers of one letter. Addresses in small letters, ids with their brackets.

    `date`: what the sender's clock said (UTC), None where it makes no sense. `subject` without
    "Re:" and in small letters. `robot`: by which header a program wrote it, else "".
    """

    message_id: str | None
    answers: tuple[str, ...]
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    date: datetime | None
    subject: str
    robot: str

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everyone it was sent to, as far as it tells."""
        return (*self.to, *self.cc, *self.bcc)

    @property
    def identity(self) -> str:
        """What tells it from other letters: its Message-ID, else what it says of itself."""
        if self.message_id:
            return self.message_id
        date = self.date.isoformat() if self.date else ""
        return "\n".join((self.author, date, self.subject, *self.to[:1]))


def read_headers(raw: bytes) -> Headers:
    """Headers as the server sent them; what is broken in them is as if it were not there."""
    message = _PARSER.parsebytes(raw)
    own = _ids(message, "Message-ID")
    answers = (*_ids(message, "In-Reply-To"), *reversed(_ids(message, "References")))
    senders = _addresses(message, "From") or _addresses(message, "Sender")
    return Headers(
        message_id=own[0] if own else None,
        answers=tuple(dict.fromkeys(each for each in answers if each not in own)),
        author=senders[0] if senders else "",
        to=_addresses(message, "To"),
        cc=_addresses(message, "Cc"),
        bcc=_addresses(message, "Bcc"),
        date=_date(message),
        subject=bare_subject(_text(message, "Subject")),
        robot=_robot(message, senders[0] if senders else ""),
    )


def _robot(message: Message, author: str) -> str:
    """The first mark of a program (RFC 3834, RFC 2919, RFC 2369, RFC 3464), or ""."""
    told = _text(message, "Auto-Submitted").partition(";")[0].strip().casefold()
    kind = " ".join(_text(message, "Content-Type").casefold().split())
    path = message.get("Return-Path")
    marks = (
        ("Auto-Submitted", told not in ("", "no")),
        ("Precedence", _text(message, "Precedence").strip().casefold() in _BULK),
        ("List-Id", "List-Id" in message or "List-Unsubscribe" in message),
        ("X-Autoreply", _text(message, "X-Autoreply").strip().casefold() not in ("", "no")),
        ("Return-Path", path is not None and str(path).strip() == "<>"),
        ("Content-Type", kind.startswith("multipart/report") or _is_calendar_answer(kind)),
        ("From", not author or bool(_ROBOTS.match(author))),
    )
    return next((name for name, is_robot in marks if is_robot), "")


def _is_calendar_answer(kind: str) -> bool:
    return kind.startswith("text/calendar") and "method=reply" in kind.replace('"', "")


def _ids(message: Message, name: str) -> list[str]:
    return ids_in(" ".join(str(each) for each in message.get_all(name, [])))


def _addresses(message: Message, name: str) -> tuple[str, ...]:
    return addresses_in(str(each) for each in message.get_all(name, []))


def _text(message: Message, name: str) -> str:
    raw = str(message.get(name, ""))
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw


def _date(message: Message) -> datetime | None:
    try:
        found = parsedate_to_datetime(str(message.get("Date", "")))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
