"""A letter of a mailbox as facts: sent or received, by whom, when, and what it answers."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from connectors.base import Context, Record
from connectors.field import moment
from connectors.imap.company import Company
from connectors.imap.header import Headers, read_headers
from connectors.letter import likeness, mark_letter, mark_subject
from store.fact import Account, Direction, Email, EmailKind, EmailTrail, Fact

CLOCKS_APART = timedelta(minutes=10)
"""A sender's clock is believed as long as it is not further from the server's."""


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """An `Email` for everybody of ours whose letter it is, and the letter's ties.

    Sent or received is decided by From, never by the folder: rules and shared boxes move mail.
    """
    company: Company = record["company"]
    headers = read_headers(record["headers"])
    message = mark_letter(context, headers.identity)
    arrived_at = moment(record, "arrived_at")
    way = Direction.OUT if company.is_ours(headers.author) else Direction.IN
    owners, named = _owners(headers, company, record["mailbox"])
    refs = {owner: _ref(message, owner, context) for owner in owners or (None,)}
    kind = kind_of(headers, company)
    begun_at = _begun_at(headers, arrived_at, way)
    like = likeness(context, way, headers.author, headers.to, headers.subject)
    for owner, ref in refs.items():
        yield Email(
            ref=ref,
            direction=way,
            kind=kind,
            owner_ref=owner,
            begun_at=begun_at,
            updated_at=arrived_at,
            message_hash=message,
            likeness=like,
        )
    yield EmailTrail(
        message_hash=message,
        answers=tuple(mark_letter(context, each) for each in headers.answers),
        # Robots repeat one subject by the thousand, and answer nobody.
        subject_hash=_subject(headers, company, context) if kind is EmailKind.PERSONAL else None,
        refs=tuple(refs.values()) if named else None,
    )


def account(record: Record, _context: Context) -> Iterator[Fact]:
    """The person whose mailbox it is, known by its address."""
    address = record["address"]
    yield Account(ref=address, name=record["name"] or address, email=address, active=True)


def kind_of(headers: Headers, company: Company) -> EmailKind:
    """Who stands behind a letter. A mailing is automatic, whoever pressed the button."""
    clients = [each for each in headers.recipients if not company.is_ours(each)]
    if company.is_ours(headers.author):
        if headers.recipients and not clients:
            return EmailKind.INTERNAL
        if not clients or len(clients) >= company.mass:
            return EmailKind.AUTOMATIC
    return EmailKind.AUTOMATIC if headers.robot else EmailKind.PERSONAL


def _owners(headers: Headers, company: Company, mailbox: str) -> tuple[tuple[str, ...], bool]:
    """Whose letter it is, and whether the headers tell.

    The author's; a received one is of those in To, else of those in Cc, else of whose mailbox it
    lies in (a hidden copy, or a letter to a group).
    """
    if company.is_ours(headers.author):
        return company.persons((headers.author,)), True
    named = company.persons(headers.to) or company.persons(headers.cc)
    return named or company.persons((mailbox,)), bool(named)


def _ref(message: str, owner: str | None, context: Context) -> str:
    return message if owner is None else f"{message}-{context.mark_text(f'owner {owner}')[:12]}"


def _begun_at(headers: Headers, arrived_at: datetime, way: Direction) -> datetime:
    """Received when the server says; sent when the author's clock says, if that can be."""
    if way is Direction.OUT and headers.date and abs(headers.date - arrived_at) <= CLOCKS_APART:
        return headers.date
    return arrived_at


def _subject(headers: Headers, company: Company, context: Context) -> str | None:
    """The client and the subject, where a letter may be tied to others by them."""
    outside = (each for each in (headers.author, *headers.recipients) if not company.is_ours(each))
    client = next(outside, "")
    if not (company.by_subject and client and headers.subject):
        return None
    return mark_subject(context, client, headers.subject)
