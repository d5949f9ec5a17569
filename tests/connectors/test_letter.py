"""One letter is told alike by a mailbox and by the CRMs that show it."""

from datetime import UTC, datetime
from email.header import Header
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.amocrm import note
from connectors.base import Context, PhoneMark
from connectors.bitrix24 import activity
from connectors.imap import letter
from connectors.imap.company import Company
from connectors.text_mark import text_marker
from store.fact import Direction, Email

ANNA, CLIENT = "anna@acme.example", "some_client@buyer.example"
COMPANY = Company(domains=frozenset({"acme.example"}), people={ANNA: ANNA})
CONTEXT = Context(
    source="any",
    zone=ZoneInfo("Europe/Moscow"),
    mark_phone=lambda _: PhoneMark(None, None),
    mark_text=text_marker(b"key"),
)
LONG = "Коммерческое предложение " * 9
SUBJECT = pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("for leads", "for leads"),
        ("Re: for leads", "FW: RE[2]: For  Leads"),
        ("", ""),
        (LONG, f"Re: {LONG[:196]}"),
    ],
)
WAYS = pytest.mark.parametrize("way", Direction)


def ends(way: Direction) -> tuple[str, str]:
    """From whom to whom."""
    return (CLIENT, ANNA) if way is Direction.IN else (ANNA, CLIENT)


def in_mailbox(way: Direction, subject: str = "for leads") -> Email:
    """What a mailbox tells of the letter."""
    author, to = ends(way)
    told = Header(subject, "utf-8").encode()
    lines = (f"From: {author}", f"To: {to}", f"Subject: {told}", "Message-ID: <1@a.example>")
    record = {
        "mailbox": ANNA,
        "arrived_at": datetime(2026, 10, 5, tzinfo=UTC).isoformat(),
        "headers": "\r\n".join((*lines, "", "")).encode(),
        "company": COMPANY,
    }
    (found, _) = letter.normalize(record, CONTEXT)
    assert isinstance(found, Email)
    return found


def in_bitrix24(way: Direction, subject: str = "for leads", **settings: Any) -> Email:
    """What a portal tells, as its documentation shows it ("How to transfer an activity")."""
    author, to = ends(way)
    people = {"__email": ANNA, "from": f"Some client <{author.title()}>", "replyTo": "",
              "to": f'"{to}" <{to}>, other@buyer.example', "cc": "", "bcc": ""}  # fmt: skip
    record = {
        "ID": "7685", "TYPE_ID": "4", "PROVIDER_ID": "CRM_EMAIL", "SUBJECT": subject,
        "DIRECTION": str(int(way)), "COMPLETED": "Y", "RESPONSIBLE_ID": "29", "AUTHOR_ID": "1",
        "START_TIME": "2026-10-05T10:57:34+03:00", "LAST_UPDATED": "2026-10-05T10:57:41+03:00",
        "SETTINGS": {"EMAIL_META": people, "SANITIZE_ON_VIEW": 1} | settings,
    }  # fmt: skip
    (found,) = activity.normalize(record, CONTEXT)
    assert isinstance(found, Email)
    return found


def in_amocrm(way: Direction, subject: str | None = "for leads", **params: Any) -> Email:
    """What an account tells in a note."""
    author, to = ends(way)
    told = {
        "message_id": 771,
        "thread_id": 5,
        "income": way is Direction.IN,
        "subject": subject,
        "from": {"email": author.title(), "name": "A"},
        "to": {"email": to, "name": "B"},
    }
    record = {
        "id": 5, "note_type": "amomail_message", "created_at": 1587731353, "folder": "leads",
        "entity_id": 9, "responsible_user_id": 501, "created_by": 0, "params": told | params,
    }  # fmt: skip
    found = next(iter(note.letter(record, CONTEXT)))
    assert isinstance(found, Email)
    return found


@WAYS
@SUBJECT
def test_its_client_and_subject_are_one_mark_everywhere(
    way: Direction, subject: str, shown: str
) -> None:
    mark = in_mailbox(way, subject).likeness
    assert mark is not None
    assert in_bitrix24(way, shown).likeness == mark
    assert in_amocrm(way, shown).likeness == mark


@WAYS
def test_who_is_who_is_told_by_the_way_it_went(way: Direction) -> None:
    other = Direction.OUT if way is Direction.IN else Direction.IN
    assert in_mailbox(way).likeness == in_mailbox(other).likeness
    assert in_mailbox(way).direction is not in_mailbox(other).direction
    assert in_bitrix24(way, "another").likeness != in_mailbox(way).likeness


def test_the_message_id_of_what_the_portal_sent_is_the_mailbox_s() -> None:
    headers = {"Message-Id": "<1@a.example>", "Reply-To": ANNA}
    assert (
        in_bitrix24(Direction.OUT, MESSAGE_HEADERS=headers).message_hash
        == in_mailbox(Direction.OUT).message_hash
    )
    assert in_bitrix24(Direction.IN).message_hash is None


@pytest.mark.parametrize("nothing", [None, [], "", {}, {"email": ""}, [None]])
def test_what_tells_nobody_is_like_nothing(nothing: Any) -> None:
    assert in_amocrm(Direction.IN, **{"from": nothing}).likeness is None
    assert in_bitrix24(Direction.IN, EMAIL_META=nothing).likeness is None


def test_several_receivers_are_told_by_the_first() -> None:
    several = [{"email": CLIENT}, {"email": "other@buyer.example"}]
    assert in_amocrm(Direction.OUT, to=several).likeness == in_mailbox(Direction.OUT).likeness
