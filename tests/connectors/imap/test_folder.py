"""Which folders are read and which holds sent mail, as real servers list them."""

import json
from pathlib import Path

import pytest

from config.secret_ref import SecretRef
from connectors.imap.folder import (
    folders_to_read,
    missing_folders,
    read_folders,
    sent_folder,
    shown_name,
)
from connectors.imap.settings import MailboxSettings

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "email"
GMAIL = [
    b'(\\HasNoChildren) "/" "INBOX"',
    b'(\\HasChildren \\Noselect) "/" "[Gmail]"',
    b'(\\All \\HasNoChildren) "/" "[Gmail]/All Mail"',
    b'(\\HasNoChildren \\Sent) "/" "[Gmail]/Sent Mail"',
    b'(\\HasNoChildren \\Trash) "/" "[Gmail]/Trash"',
    b'(\\HasNoChildren \\Junk) "/" "[Gmail]/Spam"',
    b'(\\HasNoChildren) "/" {9} a "b" (c)',
]


def box(**more: object) -> MailboxSettings:
    """A mailbox of the settings."""
    return MailboxSettings.model_validate({"password": SecretRef("env", "X"), **more})


def test_a_recorded_list_names_its_sent_folder_in_modified_utf7() -> None:
    told = json.loads((PAYLOADS / "imap_transcript.json").read_text("utf-8"))
    lines = [line.encode() for line in told["steps"][0]["s"]]
    found = sent_folder(read_folders(lines), box())
    assert found is not None
    assert (found.shown, found.name) == ("Отправленные", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-")


def test_all_folders_are_read_but_those_of_no_letters() -> None:
    folders = read_folders(GMAIL)
    read = [each.shown for each in folders_to_read(folders, box())]
    assert read == ["INBOX", "[Gmail]/Sent Mail", 'a "b" (c)']


@pytest.mark.parametrize(
    "name", ["Sent", "Sent Items", "INBOX.Sent", "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"]
)
def test_a_server_without_special_use_is_understood_by_names(name: str) -> None:
    lines = [b'() "/" INBOX', f'() "." "{name}"'.encode(), b'() "/" Drafts', b'() "/" Spam']
    folders = read_folders(lines)
    found = sent_folder(folders, box())
    assert found is not None
    assert found.name == name
    assert [each.name for each in folders_to_read(folders, box())] == ["INBOX", name]


def test_the_settings_name_folders_as_people_see_them() -> None:
    folders = read_folders([b'() "/" INBOX', b'() "/" &BBoEOwQ4BDUEPQRCBEs-', b'() "/" Out'])
    told = box(folders=["Клиенты"], sent="out")
    assert [each.shown for each in folders_to_read(folders, told)] == ["Клиенты", "Out"]
    assert missing_folders(folders, told) == []
    assert missing_folders(folders, box(folders=["Партнёры"], sent="Away")) == ["Партнёры", "Away"]
    assert sent_folder(folders, box(sent="Away")) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("A&-B", "A&B"), ("&BB4EQg", "&BB4EQg"), ("&A-x", "&A-x"), ("Sent", "Sent")],
)
def test_names_are_shown_as_people_read_them(name: str, shown: str) -> None:
    assert shown_name(name) == shown
