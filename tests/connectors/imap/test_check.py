"""What `merilo check` says of mailboxes of a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from config.secret_ref import SecretRef
from connectors.base import Check, ClientOptions
from connectors.imap import CONNECTOR
from connectors.imap.client import connect
from connectors.imap.settings import ImapSettings
from tests.mail_server import SENT, MailServer, letter, mail_server

ANNA, BORIS = "anna@acme.example", "boris@acme.example"
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)

pytestmark = pytest.mark.needs("dovecot")


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def checked(server: MailServer, **boxes: dict[str, object]) -> dict[str, Check]:
    """The lines of the check for mailboxes, by name."""
    tables = {f"{name}@acme.example": {"password": "env:X", **more} for name, more in boxes.items()}
    settings = ImapSettings.model_validate(
        {"connector": "imap", "url": server.url, "mailboxes": tables}
    )
    secrets = {SecretRef("env", "X"): server.password, SecretRef("env", "BAD"): "wrong"}
    options = ClientOptions(
        source="mail", secret=secrets.__getitem__, clock=lambda: NOW, sleep=lambda _: None,
        data_dir=None,
    )  # fmt: skip
    client = connect(settings, options)
    try:
        return {each.name: each for each in CONNECTOR.check(client)}
    finally:
        client.close()


def test_check_tells_which_folders_are_read_and_where_sent_mail_is(server: MailServer) -> None:
    server.append(ANNA, letter(ANNA, "c@x.example"), NOW - timedelta(days=1), SENT)
    found = checked(server, anna={})
    assert (found[ANNA].ok, found[ANNA].detail) == (True, "read: Отправленные, INBOX")
    sent = found[f"{ANNA} sent"]
    assert (sent.ok, sent.detail) == (True, "Отправленные: 1 letters in a week")


def test_check_tells_of_mail_that_is_received_and_never_sent(server: MailServer) -> None:
    server.append(BORIS, letter("c@x.example", BORIS), NOW - timedelta(days=1))
    server.append(BORIS, letter(BORIS, "c@x.example"), NOW - timedelta(days=30), SENT)
    sent = checked(server, boris={})[f"{BORIS} sent"]
    assert sent.detail.startswith("Отправленные: 0 letters in a week; if any were sent")


def test_check_tells_of_what_the_settings_name_in_vain(server: MailServer) -> None:
    found = checked(server, anna={"sent": "Nowhere"}, boris={"password": "env:BAD"})
    assert (found[ANNA].ok, found[ANNA].detail) == (False, "no folder Nowhere")
    assert found[f"{ANNA} sent"].detail == "no folder of sent mail"
    assert "keep what it sends" in found[f"{ANNA} sent"].todo
    assert not found[BORIS].ok
    assert "app password" in found[BORIS].todo
