"""What may stand in the table of a mail server."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.imap.company import company_of
from connectors.imap.settings import ImapSettings


def table(**more: Any) -> ImapSettings:
    """The settings of one mailbox, with changes."""
    given = {
        "connector": "imap",
        "url": "imaps://mail.example.com",
        "mailboxes": {"Anna@Acme.example": {"password": "env:ANNA", "aliases": ["a@shop.example"]}},
    }
    return ImapSettings.model_validate(given | more)


def test_the_companys_domains_are_those_of_its_mailboxes_unless_told() -> None:
    company = company_of(table())
    assert company.is_ours("vera@acme.example")
    assert company.person("a@shop.example") == "anna@acme.example"
    assert not company.is_ours("b@shop.example")
    wider = company_of(table(domains=["Shop.example"], shared=["sales@shop.example"]))
    assert wider.is_ours("b@shop.example")
    assert wider.is_ours("anna@acme.example")
    assert not wider.is_ours("vera@acme.example")
    assert wider.person("sales@shop.example") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "imap://mail.example.com"}, "use imaps"),
        ({"url": "https://mail.example.com"}, "imaps://imap.example.com"),
        ({"url": "imaps://a:b@mail.example.com"}, "no user, password"),
        ({"url": "imaps://mail.example.com:x"}, "Port could not be cast"),
        ({"mailboxes": {}}, "at least one mailbox"),
        ({"mailboxes": {"anna": {"password": "env:X"}}}, "must be an e-mail address"),
        ({"mailboxes": {"a@x.example": {"password": "hunter2"}}}, "a secret is only named here"),
        ({"shared": ["sales"]}, "must be an e-mail address"),
    ],
)
def test_mistakes_are_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        table(**change)
    assert "hunter2" not in str(caught.value)


def test_the_loopback_needs_no_certificate() -> None:
    assert table(url="imap://127.0.0.1:1143/").url == "imap://127.0.0.1:1143"
