"""One logged-in connection to a mailbox: read only, and only what letters' headers say."""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors.certificate import explain_certificate, trust
from connectors.error import AuthError, LostAnswerError, RejectedError, RetryableError
from connectors.imap.header import FIELDS
from connectors.imap.settings import PORTS

SILENCE_S = 30.0
"""No answer may keep silent longer."""

BUSY_PAUSE_S = 300.0
LONGEST_HEADERS = 65_536
_ITEMS = f"(INTERNALDATE BODY.PEEK[HEADER.FIELDS ({FIELDS})]<0.{LONGEST_HEADERS}>)"
_UID = re.compile(rb"\bUID (\d+)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_STATUS = re.compile(rb"(UIDVALIDITY|UIDNEXT) (\d+)")
_NOT_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|try again", re.IGNORECASE)
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ADVICE = (
    "Most providers refuse the ordinary password here: switch IMAP on in the mailbox's settings,"
    " make an app password there, and save it with `merilo secrets set`. It ends when the ordinary"
    " password is changed."
)


class Place(NamedTuple):
    """How a folder stands: letters are numbered upwards as long as `validity` stays the same."""

    validity: int
    next_uid: int


class Message(NamedTuple):
    """A letter as it lies in a folder."""

    uid: int
    arrived_at: datetime
    headers: bytes


class Session:
    """A connection that has logged in. Errors name the mailbox, never the password."""

    def __init__(self, link: imaplib.IMAP4, mailbox: str) -> None:
        self._link, self._mailbox = link, mailbox

    def close(self) -> None:
        """Says goodbye, if anybody listens."""
        try:
            self._link.logout()
        except (imaplib.IMAP4.error, OSError):
            self._link.shutdown()

    def is_alive(self) -> bool:
        """Whether the server still listens."""
        try:
            return bool(self._link.noop()[0] == "OK")
        except (imaplib.IMAP4.error, OSError):
            return False

    def folders(self) -> list[bytes]:
        """The lines of LIST, one a folder, with their special use where the server knows."""
        knows = {"SPECIAL-USE", "LIST-EXTENDED"} <= {*self._link.capabilities}
        pattern = '"*" RETURN (SPECIAL-USE)' if knows else '"*"'
        rows = self._ask("LIST", lambda: self._link.list('""', pattern))
        return [_joined(row) for row in rows if row]

    def status(self, folder: str) -> Place:
        """How a folder stands, without opening it."""
        ask = "(UIDVALIDITY UIDNEXT)"
        rows = self._ask("STATUS", lambda: self._link.status(quoted(folder), ask))
        found = {name: int(number) for name, number in _STATUS.findall(_joined(rows))}
        if len(found) < 2:
            raise self._refused("STATUS", "the folder's numbers are missing")
        return Place(found[b"UIDVALIDITY"], found[b"UIDNEXT"])

    def open(self, folder: str) -> None:
        """Opens a folder for reading: EXAMINE, so nothing is marked as seen."""
        self._ask("EXAMINE", lambda: self._link.select(quoted(folder), readonly=True))

    def uids_since(self, day: date) -> list[int]:
        """The letters that came on this day of the server's or later, upwards."""
        return self._search(f"SINCE {day.day}-{_MONTHS[day.month]}-{day.year}")

    def uids_after(self, uid: int) -> list[int]:
        """The letters behind a number, upwards. A range to * always has the last letter."""
        return [each for each in self._search(f"UID {uid + 1}:*") if each > uid]

    def messages(self, uids: Sequence[int]) -> list[Message]:
        """Headers of letters, upwards; BODY.PEEK, so nothing is marked as seen."""
        among = ",".join(map(str, uids))
        rows = self._ask("FETCH", lambda: self._link.uid("FETCH", among, _ITEMS))
        return sorted(_messages(rows))

    def _search(self, terms: str) -> list[int]:
        rows = self._ask("SEARCH", lambda: self._link.uid("SEARCH", terms))
        return sorted({int(each) for row in rows if row for each in row.split()})

    def _ask(self, command: str, ask: Callable[[], tuple[str, list[Any]]]) -> list[Any]:
        with _lost(self._mailbox):
            try:
                answer, rows = ask()
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise self._refused(command, _said(error)) from None
        if answer != "OK":
            raise self._refused(command, _text(_joined(rows)))
        return rows

    def _refused(self, command: str, why: str) -> RejectedError | RetryableError:
        what = f"Mailbox {self._mailbox}: the server refused {command} ({why[:200]})."
        if _NOT_NOW.search(why):
            return RetryableError(what, retry_after=BUSY_PAUSE_S)
        return RejectedError(what, code=command, todo="Check `folders` and `sent` of this mailbox.")


def open_session(
    url: str, mailbox: str, user: str, password: str, *, ca_bundle: str = ""
) -> Session:
    """Connects and logs in. AuthError when that is refused, RetryableError when nobody answers."""
    with _lost(mailbox):
        link = _connect(url, ca_bundle)
    try:
        with _lost(mailbox):
            _log_in(link, user, password)
    except imaplib.IMAP4.error as error:
        link.shutdown()
        raise _login_refused(mailbox, _said(error).replace(password, "***")) from None
    except BaseException:
        link.shutdown()
        raise
    return Session(link, mailbox)


def quoted(text: str) -> str:
    """A text as IMAP's quoted string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _connect(url: str, ca_bundle: str) -> imaplib.IMAP4:
    address = urlsplit(url)
    host, port = address.hostname or "", address.port or PORTS[address.scheme]
    if address.scheme == "imap":
        return imaplib.IMAP4(host, port, timeout=SILENCE_S)
    trusted = trust(ssl.create_default_context(), ca_bundle)
    return imaplib.IMAP4_SSL(host, port, ssl_context=trusted, timeout=SILENCE_S)


def _log_in(link: imaplib.IMAP4, user: str, password: str) -> None:
    if "AUTH=PLAIN" in link.capabilities:  # takes any letters, LOGIN none but Latin ones
        link.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    elif password.isascii() and user.isascii():
        link.login(quoted(user), password)
    else:
        raise imaplib.IMAP4.error("it takes no other letters than Latin ones in a password")
    _, told = link.capability()
    link.capabilities = tuple(_text(told[-1]).upper().split()) if told[-1] else link.capabilities


@contextmanager
def _lost(mailbox: str) -> Iterator[None]:
    """What a broken connection means."""
    try:
        yield
    except (imaplib.IMAP4.abort, OSError, EOFError) as error:
        if isinstance(error, ssl.SSLError) and (told := explain_certificate(error, "the server")):
            raise told from None
        why = "no answer in time" if isinstance(error, TimeoutError) else _reason(error)
        raise LostAnswerError(
            f"Mailbox {mailbox}: the connection to the mail server failed ({why}).",
            did="What was read is kept; it goes on from there.",
            todo="Check `url` of the source and that the server can be reached from here.",
        ) from None


def _reason(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is unknown"
    return (str(error) or type(error).__name__)[:200]


def _login_refused(mailbox: str, why: str) -> AuthError | RetryableError:
    what = f"Mailbox {mailbox}: the server refused the login ({why[:200]})."
    if _NOT_NOW.search(why):
        return RetryableError(what, did="It is tried again later.", retry_after=BUSY_PAUSE_S)
    return AuthError(what, did="The mailbox is left alone for an hour.", todo=_ADVICE)


def _said(error: Exception) -> str:
    return _text(error.args[0]) if error.args else str(error)


def _messages(rows: Sequence[Any]) -> Iterator[Message]:
    """Pairs each literal with the items around it: a server may tell them in any order."""
    for index, row in enumerate(rows):
        if not isinstance(row, tuple):
            continue
        after = rows[index + 1] if index + 1 < len(rows) else b""
        items = row[0] + b" " + (after if isinstance(after, bytes) else b"")
        uid, arrived = _UID.search(items), _ARRIVED.search(items)
        if uid and arrived:
            at = parsedate_to_datetime(arrived[1].decode("ascii", "replace").strip())
            yield Message(int(uid[1]), at.astimezone(UTC), row[1])


def _joined(row: Any) -> bytes:
    if isinstance(row, list | tuple):
        return b" ".join(_joined(part) for part in row)
    return row if isinstance(row, bytes) else b""


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
