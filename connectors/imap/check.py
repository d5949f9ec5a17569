"""What `merilo check` looks at in mailboxes: login, folders, and whether sent mail is kept."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check
from connectors.error import RemoteError
from connectors.imap.client import ImapClient
from connectors.imap.folder import folders_to_read, missing_folders, read_folders, sent_folder
from connectors.imap.session import Session

SILENT = timedelta(days=7)
_SEND = (
    "Without sent mail answers are not seen. Name its folder in `sent`, or have the mail program"
    " keep what it sends on the server."
)


def check(client: ImapClient) -> Iterator[Check]:
    """Two lines for each mailbox; a few commands each."""
    for mailbox in client.settings.mailboxes:
        try:
            session = client.session(mailbox)
            yield from _check_mailbox(client, session, mailbox)
        except RemoteError as error:
            yield Check.failed(mailbox, error)


def _check_mailbox(client: ImapClient, session: Session, mailbox: str) -> Iterator[Check]:
    settings = client.settings.mailboxes[mailbox]
    folders = read_folders(session.folders())
    missing = missing_folders(folders, settings)
    read = ", ".join(each.shown for each in folders_to_read(folders, settings))
    yield Check(
        name=mailbox,
        ok=not missing,
        detail=f"no folder {', '.join(missing)}" if missing else f"read: {read}",
        todo="Correct `folders` or `sent` of this mailbox." if missing else "",
    )
    sent = sent_folder(folders, settings)
    if sent is None:
        yield Check(name=f"{mailbox} sent", ok=False, detail="no folder of sent mail", todo=_SEND)
        return
    day = (client.options.clock() - SILENT).date()
    session.open(sent.name)
    fresh = len(session.uids_since(day))
    session.open("INBOX")
    detail = f"{sent.shown}: {fresh} letters in a week"
    if not fresh and session.uids_since(day):
        detail += "; if any were sent, the mail program does not keep them on the server"
    yield Check(name=f"{mailbox} sent", ok=True, detail=detail)
