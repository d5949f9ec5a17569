"""Whose a letter is, what kind it is and when it was: the documented thread, and the traps."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Context, PhoneMark
from connectors.imap.company import Company
from connectors.imap.letter import account, normalize
from connectors.text_mark import text_marker
from store.fact import Account, Direction, Email, EmailKind, EmailTrail

THREAD = Path(__file__).parents[2] / "payloads" / "telephony" / "email" / "thread_simple.json"
ANNA, BORIS, INFO = "anna@acme.test", "boris@acme.test", "info@acme.test"
COMPANY = Company(
    domains=frozenset({"acme.test"}),
    people={ANNA: ANNA, BORIS: BORIS, "a.petrova@other.test": ANNA},
    shared=frozenset({INFO}),
)
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)
CONTEXT = Context(
    source="mail",
    zone=ZoneInfo("Asia/Almaty"),
    mark_phone=lambda _: PhoneMark(None, None),
    mark_text=text_marker(b"key"),
)


def facts(
    *lines: str, mailbox: str = ANNA, at: datetime = NOON, company: Company = COMPANY
) -> tuple[list[Email], EmailTrail]:
    """What a letter of these headers is."""
    record = {
        "ref": "x",
        "mailbox": mailbox,
        "arrived_at": at.isoformat(),
        "headers": "\r\n".join((*lines, "", "")).encode(),
        "company": company,
    }
    *letters, trail = normalize(record, CONTEXT)
    assert isinstance(trail, EmailTrail)
    return [each for each in letters if isinstance(each, Email)], trail


def owners(*lines: str, mailbox: str = ANNA) -> Sequence[str | None]:
    """Whose it is."""
    return [each.owner_ref for each in facts(*lines, mailbox=mailbox)[0]]


def test_the_documented_thread_is_read_as_documented() -> None:
    told = json.loads(THREAD.read_text("utf-8"))
    owner = told["owner"]
    company = Company(domains=frozenset(told["company_domains"]), people={owner: owner})
    kinds, hashes = {}, []
    for each in told["messages"]:
        lines = [f"From: {each['from']}", f"To: {', '.join(each['to'])}"]
        lines += [
            f"Message-ID: {each['message_id']}",
            f"References: {' '.join(each['references'])}",
        ]
        lines += [f"In-Reply-To: {each['in_reply_to']}"] if each["in_reply_to"] else []
        lines += [f"Auto-Submitted: {each['auto_submitted']}"] if each["auto_submitted"] else []
        at = datetime.fromisoformat(each["internaldate"])
        (letter,), trail = facts(*lines, mailbox=owner, at=at, company=company)
        kinds[each["message_id"]] = (letter.direction, letter.kind, letter.owner_ref)
        hashes.append((letter.message_hash, trail.answers))
    assert kinds == {
        "<q1@client.kz>": (Direction.IN, EmailKind.PERSONAL, owner),
        "<r1@acme.test>": (Direction.OUT, EmailKind.PERSONAL, owner),
        "<a1@client.kz>": (Direction.IN, EmailKind.AUTOMATIC, owner),
    }
    question, answer, robot = (each[0] for each in hashes)
    assert [each[1] for each in hashes] == [(), (question,), (answer, question)]
    assert robot not in (question, answer)


@pytest.mark.parametrize(
    ("lines", "whose"),
    [
        ((f"To: {ANNA}",), [ANNA]),
        ((f"To: {ANNA}, {BORIS}",), [ANNA, BORIS]),
        ((f"To: {BORIS}", f"Cc: {ANNA}"), [BORIS]),
        ((f"To: {INFO}", f"Cc: {BORIS}"), [BORIS]),
        (("To: c@client.test", f"Cc: {BORIS}"), [BORIS]),
        (("To: vera@acme.test", f"Cc: {ANNA}"), ["vera@acme.test"]),
        (("To: A.Petrova@other.test",), [ANNA]),
        ((f"To: {INFO}",), [ANNA]),
        (("To: list@client.test",), [ANNA]),
        ((), [ANNA]),
    ],
)
def test_a_received_letter_is_of_those_in_to_and_else_in_cc(
    lines: tuple[str, ...], whose: list[str]
) -> None:
    assert owners("From: c@client.test", "Message-ID: <1@x>", *lines) == whose


def test_a_letter_to_a_group_in_its_own_mailbox_is_the_teams() -> None:
    (letter,), trail = facts("From: c@client.test", f"To: {INFO}", mailbox=INFO)
    assert (letter.owner_ref, letter.ref, trail.refs) == (None, letter.message_hash, None)


def test_a_sent_letter_is_of_its_author_in_whatever_folder_it_lies() -> None:
    lines = ("To: c@client.test", "Message-ID: <1@x>")
    assert owners(f"From: {BORIS}", *lines) == [BORIS]
    assert owners("From: a.petrova@other.test", *lines, mailbox=BORIS) == [ANNA]
    assert owners(f"From: {INFO}", *lines) == [None]
    (letter,), _ = facts(f"From: {BORIS}", *lines)
    assert letter.direction is Direction.OUT


def test_what_the_company_writes_to_itself_is_internal() -> None:
    kinds = {
        to: facts(f"From: {ANNA}", f"To: {to}")[0][0].kind
        for to in (BORIS, INFO, "vera@acme.test", f"{BORIS}, c@client.test")
    }
    assert kinds.pop(f"{BORIS}, c@client.test") is EmailKind.PERSONAL
    assert set(kinds.values()) == {EmailKind.INTERNAL}


def test_a_letter_to_many_clients_or_to_none_that_are_told_is_a_mailing() -> None:
    many = ", ".join(f"c{n}@client.test" for n in range(20))
    some = ", ".join(f"c{n}@client.test" for n in range(19))
    assert facts(f"From: {ANNA}", f"Bcc: {many}")[0][0].kind is EmailKind.AUTOMATIC
    assert facts(f"From: {ANNA}", f"To: {some}")[0][0].kind is EmailKind.PERSONAL
    assert facts(f"From: {ANNA}", "To: undisclosed:;")[0][0].kind is EmailKind.AUTOMATIC


@pytest.mark.parametrize(("off", "believed"), [(600, True), (601, False), (-601, False)])
def test_the_authors_clock_is_believed_if_it_can_be(off: int, believed: bool) -> None:
    """Traps 65, 66: a wrong clock, a draft sent later, a letter put back from an archive."""
    said = NOON + timedelta(seconds=off)
    date = f"Date: {said.strftime('%d %b %Y %H:%M:%S +0000')}"
    (sent,), _ = facts(f"From: {ANNA}", "To: c@client.test", date)
    (received,), _ = facts("From: c@client.test", f"To: {ANNA}", date)
    assert (sent.begun_at, received.begun_at) == (said if believed else NOON, NOON)


def test_a_subject_ties_letters_of_one_client_only_where_it_is_wanted() -> None:
    asked = facts("From: c@client.test", f"To: {ANNA}", "Subject: Price")[1]
    answered = facts(f"From: {BORIS}", "To: c@client.test", "Subject: RE: price")[1]
    other = facts("From: d@client.test", f"To: {ANNA}", "Subject: Price")[1]
    bare = facts("From: c@client.test", f"To: {ANNA}", "Subject: Re:")[1]
    assert asked.subject_hash == answered.subject_hash != other.subject_hash
    robot = facts("From: c@client.test", "Subject: Price", "Precedence: bulk")[1]
    assert (bare.subject_hash, robot.subject_hash) == (None, None)
    off = Company(domains=COMPANY.domains, by_subject=False)
    assert facts("From: c@client.test", "Subject: Price", company=off)[1].subject_hash is None


def test_a_person_is_known_by_the_address_of_the_mailbox() -> None:
    (found,) = account({"address": ANNA, "name": ""}, CONTEXT)
    assert found == Account(ref=ANNA, name=ANNA, email=ANNA, active=True)
