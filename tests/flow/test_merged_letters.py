"""Mailboxes and the CRM that shows some of their letters: every letter counts once."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from kpi.engine import rebuild
from kpi.explain import explain
from kpi.period import month_of
from kpi.value import Query, values
from merilo.cycle import run_cycle, run_sweep
from merilo.wiring import App
from sandbox.bitrix24.activity import RECEIVED, SENT, Letter
from sandbox.server import start_sandbox
from store.table import TEAM
from tests.canary import canary
from tests.clock import Clock
from tests.flow import amo
from tests.flow.agent import agent, keep_secret, write_file
from tests.mail_server import SENT as SENT_FOLDER
from tests.mail_server import MailServer, letter, mail_server

pytestmark = pytest.mark.needs("dovecot")
CLIENTS = ("one@buyer.example", "two@buyer.example")
SUBJECTS = ("Счёт", "Договор")
METRICS = ("emails_sent", "emails_received")


@dataclass(frozen=True)
class Mail:
    """One letter, as it really was; `ours` is the colleague's address."""

    message_id: str
    incoming: bool
    ours: str
    client: str
    subject: str
    at: datetime

    @property
    def ends(self) -> tuple[str, str]:
        """From whom to whom."""
        return (self.client, self.ours) if self.incoming else (self.ours, self.client)


class Bitrix24:
    """A portal; it tells the Message-ID of what it sent itself."""

    kind, streams = "bitrix24", ("users", "activities")

    def __init__(self, box: Any) -> None:
        self.portal, self.box = box.portal, box
        active = (user for user in box.portal.users.values() if user.active)
        self.users = {user.email: user.id for user in active}
        self.shown: dict[int, Mail] = {}

    def source(self, folder: Path) -> str:
        self.portal.access.code = canary("webhook")
        secret = keep_secret(folder, "webhook", self.box.webhook)
        return f'url = "{self.box.url}"\nwebhook = "file:{secret}"'

    def show(self, mail: Mail, *, told: bool, at: datetime) -> None:
        """The letter as an activity; `told`: with its Message-ID."""
        author, to = mail.ends
        seen = Letter(mail.message_id, author, f'"Имя" <{to.title()}>', is_own=told)
        number = self.portal.activities.add(
            RECEIVED if mail.incoming else SENT, self.users[mail.ours], start=at,
            subject=f"Re: {mail.subject}", completed=True, letter=seen,
        )  # fmt: skip
        self.shown[number] = mail

    def delete(self, chance: random.Random) -> Mail:
        """One of the letters goes."""
        number = chance.choice(sorted(self.shown))
        self.portal.activities.delete(number)
        return self.shown.pop(number)


class Amocrm:
    """An account; it shows a letter by notes on a contact and on a deal, with an id of its own."""

    kind, streams = "amocrm", ("users", "emails")

    def __init__(self, box: Any) -> None:
        self.account, self.box = box.account, box
        active = (user for user in box.account.users.values() if user.active)
        self.users = {user.email: user.id for user in active}
        who = next(iter(self.users.values()))
        self.places = [("leads", self.account.create_lead(who)),
                       ("contacts", self.account.add_contact(who, "Клиент"))]  # fmt: skip
        self.shown: dict[int, Mail] = {}

    def source(self, folder: Path) -> str:
        return amo.source_table(folder, self.box).partition('connector = "amocrm"\n')[2]

    def show(self, mail: Mail, *, told: bool, at: datetime) -> None:
        """The letter as two notes; `told`: by its Message-ID."""
        name = mail.message_id if told else str(10_000 + len(self.shown))
        notes = self.account.add_letter(
            self.users[mail.ours], *self.places, incoming=mail.incoming, message=name,
            client=("Клиент", mail.client), subject=mail.subject, at=at,
        )  # fmt: skip
        self.shown[notes[0]] = mail


Crm = Bitrix24 | Amocrm


class Company:
    """A CRM, the mailboxes of the same people, and one agent that reads both."""

    def __init__(self, folder: Path, crm: Crm, server: MailServer, clock: Clock) -> None:
        self.folder, self.crm, self.server, self.clock = folder, crm, server, clock
        self.people = sorted(crm.users)[:2]
        self.mails: list[Mail] = []
        self.kept: Counter[str] = Counter()
        self.lying: set[str] = set()

    def settings(self) -> Path:
        """A settings file for both."""
        secret = keep_secret(self.folder, "mail", self.server.password)
        boxes = "\n".join(
            f'[sources.mail.mailboxes."{each}"]\npassword = "file:{secret}"' for each in self.people
        )
        return write_file(
            self.folder,
            f"""
[sources.main]
connector = "{self.crm.kind}"
since = "2026-10-01"
{self.crm.source(self.folder).replace('since = "2020-01-01"', "")}
[sources.mail]
connector = "imap"
url = "{self.server.url}"
since = "2026-10-01"
{boxes}
""",
        )

    @contextmanager
    def opened(self) -> Iterator[App]:
        """The agent."""
        patient = mock.patch("connectors.amocrm.client.BURST", 1e9)
        with patient, agent(self.settings(), self.clock) as app:
            yield app

    def write(self, chance: random.Random) -> None:
        """A letter that both have, or one of them."""
        self.clock.forward(minutes=chance.choice((2, 20, 300)))
        mail = Mail(
            f"<{len(self.mails)}@buyer.example>", chance.random() < 0.5, chance.choice(self.people),
            chance.choice(CLIENTS), chance.choice(SUBJECTS), self.clock.now - timedelta(minutes=90),
        )  # fmt: skip
        self.mails.append(mail)
        how = chance.choice(("by id", "by likeness", "by likeness", "mailbox", "CRM"))
        self.kept[how] += 1
        if how != "CRM":
            self.lay(mail)
        if how != "mailbox":
            late = timedelta(seconds=chance.choice((-40, 0, 7, 55)))
            self.crm.show(mail, told=how == "by id", at=mail.at + late)

    def lay(self, mail: Mail) -> None:
        """The letter in the mailbox of its colleague."""
        self.lying.add(mail.message_id)
        made = letter(*mail.ends, at=mail.at, ref=mail.message_id[1:-1], subject=mail.subject)
        folder = "INBOX" if mail.incoming else SENT_FOLDER
        self.server.append(mail.ours, made, mail.at, folder)

    def truth(self) -> dict[tuple[str, str], int]:
        """Letters of each person and of the team (""), each once."""
        found: Counter[tuple[str, str]] = Counter()
        for mail in self.mails:
            metric = METRICS[mail.incoming]
            found[mail.ours, metric] += 1
            found["", metric] += 1
        return dict(found)

    def agree(self, app: App) -> None:
        """Every number is the truth, and the cells are the facts'."""
        day = self.clock.now.date()
        query = Query(since=day.replace(month=10, day=1), until=day, by="total", metrics=METRICS)
        found = {
            (each.aliases["mail"] if each.manager_id else "", each.metric): each.value
            for each in values(app.store, app.catalog, query, app.vantage)
            if each.n
        }
        assert found == self.truth()
        assert not rebuild(app.store, app.catalog), "the cells were wrong"


@pytest.fixture
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    crm: type[Crm] = getattr(request, "param", Bitrix24)
    clock = Clock()
    asked: dict[str, Any] = {"scale": "empty", "seed": 5, "limits": False, "clock": clock}
    with start_sandbox(crm.kind, **asked) as box, mail_server() as server:
        yield Company(tmp_path, crm(box), server, clock)


def read(app: App, company: Company, *sources: str) -> int:
    """One cycle of each; how many records changed."""
    changed = 0
    for source in sources:
        result = run_cycle(app, source, names=company.crm.streams if source == "main" else ())
        assert not result.errors
        changed += sum(each.changed for each in result.streams)
    return changed


CRMS: Sequence[type[Crm]] = (Bitrix24, Amocrm)


@pytest.mark.parametrize("company", CRMS, indirect=True, ids=lambda crm: crm.kind)
@pytest.mark.parametrize("order", [("main", "mail"), ("mail", "main")])
def test_a_letter_of_both_counts_once_whichever_is_read_first(
    company: Company, order: tuple[str, str]
) -> None:
    chance = random.Random(3)
    with company.opened() as app:
        for _ in range(2):
            for _ in range(14):
                company.write(chance)
            read(app, company, *order)
            company.agree(app)
            assert read(app, company, *order) == 0
        assert min(company.kept.values()) > 1, company.kept


def test_a_letter_that_goes_from_the_crm_stays_in_the_mailbox(company: Company) -> None:
    crm, chance = company.crm, random.Random(1)
    assert isinstance(crm, Bitrix24)
    with company.opened() as app:
        for _ in range(12):
            company.write(chance)
        read(app, company, "main", "mail")
        for _ in range(4):
            gone = crm.delete(chance)
            if gone.message_id not in company.lying:
                company.mails.remove(gone)
        company.clock.forward(days=1)
        run_sweep(app, "main", accept=True)
        company.agree(app)


def test_what_the_crm_shows_of_a_letter_stands_beside_it(company: Company) -> None:
    at = company.clock.now - timedelta(hours=2)
    mail = Mail("<q@buyer.example>", True, company.people[0], CLIENTS[0], SUBJECTS[0], at)
    answer = replace(mail, message_id="<r@acme.example>", incoming=False, at=at.replace(minute=30))
    for each in (mail, answer):
        company.mails.append(each)
        company.lay(each)
        company.crm.show(each, told=not each.incoming, at=each.at + timedelta(seconds=7))
    with company.opened() as app:
        read(app, company, "main", "mail")
        company.agree(app)
        for metric, number, each in zip(METRICS, "21", (answer, mail), strict=True):
            told = explain(
                app.store,
                app.catalog,
                manager_id=TEAM,
                metric=metric,
                span=month_of(company.clock.now.date()),
                vantage=app.vantage,
            )
            (record,) = told.parts[0].records
            assert (record.source, record.at) == ("mail", each.at)
            assert record.twin is not None
            assert (record.twin.source, record.twin.ref) == ("main", number)
            assert record.twin.at == each.at + timedelta(seconds=7)
