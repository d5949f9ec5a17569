"""The mailboxes of one source: their logins, and the connections that are kept open."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.base import ClientOptions
from connectors.error import AuthError
from connectors.imap.company import Company, company_of
from connectors.imap.session import Session, open_session
from connectors.imap.settings import ImapSettings

LEFT_ALONE = timedelta(hours=1)
"""A refused login is not tried again so long, unless its password changes: servers lock boxes."""


@dataclass
class ImapClient:
    """Connections to the mailboxes, one each. Its text never shows a password."""

    settings: ImapSettings
    options: ClientOptions
    company: Company = field(repr=False)
    _open: dict[str, Session] = field(default_factory=dict, repr=False)
    _refused: dict[str, tuple[str, datetime, AuthError]] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """Lets go of all connections."""
        for session in self._open.values():
            session.close()
        self._open.clear()

    def session(self, mailbox: str) -> Session:
        """A living connection to a mailbox; raises AuthError or RetryableError."""
        known = self._open.get(mailbox)
        if known is not None and known.is_alive():
            return known
        self.forget(mailbox)
        self._open[mailbox] = self._log_in(mailbox)
        return self._open[mailbox]

    def forget(self, mailbox: str) -> None:
        """Closes a connection of which nothing is to be expected any more."""
        if session := self._open.pop(mailbox, None):
            session.close()

    def _log_in(self, mailbox: str) -> Session:
        told = self.settings.mailboxes[mailbox]
        password, now = self.options.secret(told.password).strip(), self.options.clock()
        if mailbox in self._refused:
            tried, at, error = self._refused[mailbox]
            if tried == password and now < at + LEFT_ALONE:
                raise error
        user, bundle = told.user or mailbox, self.settings.ca_bundle
        try:
            found = open_session(self.settings.url, mailbox, user, password, ca_bundle=bundle)
        except AuthError as error:
            self._refused[mailbox] = password, now, error
            raise
        self._refused.pop(mailbox, None)
        return found


def connect(settings: ImapSettings, options: ClientOptions) -> ImapClient:
    """A client for the settings; nothing is asked of a server yet."""
    return ImapClient(settings, options, company_of(settings))
