"""Mailboxes by IMAP: sent and received letters, by their headers alone."""

from collections.abc import Iterator
from typing import Any

from connectors.base import Connector, Page, Since, Stream
from connectors.imap import letter, walk
from connectors.imap.check import check
from connectors.imap.client import ImapClient, connect
from connectors.imap.settings import ImapSettings

LETTERS, USERS = "emails", "users"


def _user_pages(client: ImapClient, _since: Since) -> Iterator[Page]:
    """The people whose mailboxes are read, as the settings name them."""
    records = [
        {"address": address, "name": mailbox.name}
        for address, mailbox in client.settings.mailboxes.items()
        if not mailbox.shared
    ]
    yield Page(records=records, checkpoint="", served_at=client.options.clock(), cursor="1")


def _record_url(_settings: Any, _kind: str, _ref: str) -> str | None:
    """A letter has no address."""
    return None


CONNECTOR = Connector(
    name="imap",
    settings=ImapSettings,
    client=connect,
    streams=(
        Stream(name=USERS, key="address", pages=_user_pages, normalize=letter.account),
        Stream(
            name=LETTERS,
            key="ref",
            pages=walk.pages,
            normalize=letter.normalize,
            feeds=("email_threads",),
        ),
    ),
    check=check,
    record_url=_record_url,
    targets={},
)
