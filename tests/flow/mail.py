"""An agent that reads real mailboxes: its settings, one clock, and its numbers by mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kpi.engine import refresh
from kpi.value import Query, values
from merilo.wiring import App
from sync.page import StreamResult
from sync.pipeline import Pass
from tests.clock import Clock
from tests.flow import agent as agents
from tests.mail_server import SENT, MailServer, letter

ANNA, BORIS, INFO = "anna@acme.example", "boris@acme.example", "info@acme.example"
CLIENT = "client@buyer.example"
DAY = date(2026, 10, 15)
METRICS = (
    "emails_sent",
    "emails_received",
    "email_response_time",
    "email_response_time_work",
    "emails_unanswered",
)


def at(clock: str, day: int = 15) -> datetime:
    """A moment of October 2026 in Moscow."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, day, hour - 3, minute, tzinfo=UTC)


class Post:
    """Mailboxes, the agent's settings, and one clock that moves only when told."""

    def __init__(self, server: MailServer, folder: Path) -> None:
        self.server, self.folder, self.clock = server, folder, Clock()
        self.passwords: dict[str, str] = {}

    def settings(self, *boxes: str, extra: str = "") -> Path:
        """A settings file for these mailboxes (address, then lines of its table)."""
        tables = []
        for address, _, lines in (box.partition("\n") for box in boxes or (ANNA, BORIS)):
            password = self.passwords.get(address, self.server.password)
            secret = agents.keep_secret(self.folder, f"{address}.secret", password)
            tables.append(
                f'[sources.mail.mailboxes."{address}"]\npassword = "file:{secret}"\n{lines}'
            )
        return agents.write_file(
            self.folder,
            f"""
[sources.mail]
connector = "imap"
url = "{self.server.url}"
since = "2026-10-01"
{extra}
"""
            + "\n".join(tables),
        )

    @contextmanager
    def agent(self, *boxes: str, extra: str = "") -> Iterator[App]:
        """The opened agent."""
        with agents.agent(self.settings(*boxes, extra=extra), self.clock) as app:
            yield app

    def received(
        self, mailbox: str, clock: str, ref: str | None, *, day: int = 15, folder: str = "INBOX",
        author: str = CLIENT, to: str | None = None, **headers: str,
    ) -> None:  # fmt: skip
        """A letter in somebody's mailbox, by default from the client to them."""
        moment = at(clock, day)
        made = letter(author, to or mailbox, at=moment, ref=ref, **headers)
        self.server.append(mailbox, made, moment, folder)

    def sent(
        self, mailbox: str, clock: str, ref: str | None, *, day: int = 15, to: str = CLIENT,
        **headers: str,
    ) -> None:  # fmt: skip
        """A letter that somebody of ours wrote, kept in the folder of sent mail."""
        moment = at(clock, day)
        made = letter(mailbox, to, at=moment, ref=ref, **headers)
        self.server.append(mailbox, made, moment, SENT)


def sync(app: App) -> dict[str, StreamResult]:
    """One pass over the mailboxes, and the numbers after it."""
    results = Pass(source=app.source("mail")).run()
    refresh(app.store, app.catalog, app.settings.merilo.zone)
    return {each.stream: each for each in results}


def shown(app: App, metric: str, day: date = DAY, until: date | None = None) -> dict[str, Any]:
    """A metric of a day by mailbox, and the team's under ""; those with no records are left out."""
    query = Query(since=day, until=until or day, by="total", metrics=(metric,))
    return {
        "" if each.manager_id is None else each.aliases["mail"]: each.value
        for each in values(app.store, app.catalog, query, app.vantage)
        if each.n
    }


def states(app: App, metric: str) -> set[str]:
    """How certain the team's number of the day is."""
    query = Query(since=DAY, until=DAY, by="total", metrics=(metric,))
    found = values(app.store, app.catalog, query, app.vantage)
    return {each.state for each in found if each.manager_id is None}
