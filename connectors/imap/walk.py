"""Reads what is new in every folder of every mailbox, and never past what was not kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import Page, Record, Since
from connectors.error import AuthError, LostAnswerError, RejectedError, RemoteError, RetryableError
from connectors.imap.client import ImapClient
from connectors.imap.cursor import Cursor, Mark, read_cursor
from connectors.imap.folder import Folder, folders_to_read, missing_folders, read_folders
from connectors.imap.session import Message, Place, Session

PAGE = 200
"""Letters a request; a page is kept before the next is asked for."""

DAY = timedelta(days=1)
"""Servers search by the day of a zone that they do not tell."""


def pages(client: ImapClient, since: Since) -> Iterator[Page]:
    """Every letter that came since the last run, in any mailbox.

    A mailbox that refuses does not keep the others from being read; the run then fails at its end,
    and the next one goes on where each folder stands.
    """
    walk = _Walk(client, read_cursor(since.checkpoint or since.cursor, since.changed_from), since)
    failures: list[RemoteError] = []
    for mailbox in client.settings.mailboxes:
        try:
            yield from walk.mailbox(mailbox)
        except LostAnswerError:
            client.forget(mailbox)
            raise
        except (AuthError, RejectedError, RetryableError) as error:
            failures.append(error)
    if failures:
        raise _joined(failures, len(client.settings.mailboxes))
    yield walk.page(())


@dataclass
class _Walk:
    client: ImapClient
    cursor: Cursor
    since: Since

    def __post_init__(self) -> None:
        self.began_at = self.client.options.clock()

    def page(self, records: Sequence[Record]) -> Page:
        """Records with the place to go on from after them."""
        text = self.cursor.text()
        return Page(records=records, checkpoint=text, served_at=self.began_at, cursor=text)

    def mailbox(self, mailbox: str) -> Iterator[Page]:
        """What is new in one mailbox."""
        session = self.client.session(mailbox)
        settings = self.client.settings.mailboxes[mailbox]
        folders = read_folders(session.folders())
        for folder in folders_to_read(folders, settings):
            yield from self._folder(session, mailbox, folder)
        if missing := missing_folders(folders, settings):
            raise RejectedError(
                f"Mailbox {mailbox} has no folder {', '.join(missing)}.",
                code="LIST",
                did="The others were read.",
                todo="Correct `folders` or `sent` of this mailbox.",
            )

    def _folder(self, session: Session, mailbox: str, folder: Folder) -> Iterator[Page]:
        place, mark = session.status(folder.name), self.cursor.mark(mailbox, folder.name)
        if mark is not None and mark.validity == place.validity and mark.uid + 1 >= place.next_uid:
            return
        session.open(folder.name)
        from_at, uids = self._new(session, place, mark)
        for at in range(0, len(uids), PAGE):
            part = uids[at : at + PAGE]
            found = session.messages(part)
            self._read_up_to(mailbox, folder, Mark(place.validity, part[-1]))
            yield self.page(
                [
                    self._record(mailbox, folder, place, each)
                    for each in found
                    if each.arrived_at >= from_at
                ]
            )
        last = max([place.next_uid - 1, *uids[-1:]])
        self._read_up_to(mailbox, folder, Mark(place.validity, last))

    def _new(
        self, session: Session, place: Place, mark: Mark | None
    ) -> tuple[datetime, Sequence[int]]:
        """From which moment letters are wanted, and their numbers.

        A folder never read is read since the beginning. One that was made anew has other numbers
        for everything: what came since the last run is read again, and known by its Message-ID.
        """
        if mark is not None and mark.validity == place.validity:
            return self.cursor.since, session.uids_after(mark.uid)
        from_at = self.cursor.since
        if mark is not None:
            from_at = max(from_at, self.since.changed_from)
        return from_at, session.uids_since((from_at - DAY).date())

    def _read_up_to(self, mailbox: str, folder: Folder, mark: Mark) -> None:
        self.cursor.marks[mailbox, folder.name] = mark

    def _record(self, mailbox: str, folder: Folder, place: Place, message: Message) -> Record:
        return {
            "ref": f"{mailbox}/{folder.shown}/{place.validity}/{message.uid}",
            "mailbox": mailbox,
            "arrived_at": message.arrived_at.isoformat(),
            "headers": message.headers,
            "company": self.client.company,
        }


def _joined(failures: Sequence[RemoteError], mailboxes: int) -> RemoteError:
    """One error for all mailboxes that refused. The source is left alone only if all of them did:
    the others are read on, and the figures stay partial."""
    first = failures[0]
    refused = [each for each in failures if isinstance(each, AuthError)]
    if len(refused) == mailboxes:
        return first
    what = " ".join(each.what for each in failures)
    return RetryableError(what, did=first.did or "The others were read.", todo=first.todo)
