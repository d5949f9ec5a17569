"""The [sources.NAME] table of a mail server and the mailboxes on it."""

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from config.secret_ref import SecretRef
from config.settings import Section, SourceSettings
from config.value import Count, Duration, Flag, is_loopback

PORTS = {"imaps": 993, "imap": 143}


def check_server(value: str) -> str:
    """`imaps://host` or `imaps://host:port`; `imap` only towards the loopback."""
    address = urlsplit(value)
    if address.scheme not in PORTS or not address.hostname:
        msg = "must be a mail server such as imaps://imap.example.com:993"
        raise ValueError(msg)
    if address.scheme == "imap" and not is_loopback(address.hostname):
        msg = "imap is allowed only towards this machine: use imaps"
        raise ValueError(msg)
    if address.username or address.password or address.path.strip("/") or address.query:
        msg = "must hold no user, password or folder: mailboxes have tables of their own"
        raise ValueError(msg)
    _ = address.port  # raises ValueError on a bad one
    return value.rstrip("/")


def check_address(value: str) -> str:
    """An e-mail address in small letters."""
    name, _, domain = value.strip().casefold().rpartition("@")
    if not name or not domain or any(each.isspace() for each in value.strip()):
        msg = "must be an e-mail address such as anna@example.com"
        raise ValueError(msg)
    return f"{name}@{domain}"


Address = Annotated[str, AfterValidator(check_address)]
Domain = Annotated[str, Field(pattern=r"^[^@\s]+$"), AfterValidator(str.casefold)]


class MailboxSettings(Section):
    """[sources.NAME.mailboxes."ADDRESS"]: one mailbox and whose it is."""

    password: SecretRef = Field(
        description="Where its password is kept; most providers want an app password here."
    )
    user: str = Field(default="", description="Login; left out: the address.")
    name: str = Field(default="", description="The person's name, where no CRM tells it.")
    aliases: tuple[Address, ...] = Field(
        default=(), description="Other addresses of the same person."
    )
    shared: Flag = Field(
        default=False, description="Nobody's own, such as info@: its letters are the team's."
    )
    sent: str = Field(default="", description="Folder of sent mail, if the server does not tell.")
    folders: tuple[str, ...] = Field(
        default=(),
        description="Only these folders and that of sent mail are read; left out: all but the bin,"
        " spam and drafts.",
    )


class ImapSettings(SourceSettings):
    """Mailboxes of one server, read by their headers alone."""

    connector: Literal["imap"] = Field(description="A mail server.")
    url: Annotated[str, AfterValidator(check_server)] = Field(
        description="imaps://host:port; imap:// only towards the loopback."
    )
    poll: Duration = Field(
        default=timedelta(minutes=3), description="How often new letters are asked for."
    )
    mailboxes: dict[Address, MailboxSettings] = Field(
        description="By address, the mailboxes that are read.", json_schema_extra={"minItems": 1}
    )
    domains: tuple[Domain, ...] = Field(
        default=(),
        description="The company's own domains; left out: those of the mailboxes. Whoever writes"
        " from elsewhere is a client.",
    )
    shared: tuple[Address, ...] = Field(
        default=(), description="Addresses of groups, such as sales@, without a mailbox here."
    )
    thread_by_subject: Flag = Field(
        default=True,
        description="Whether a letter that names no other belongs to the last one of the same"
        " client and subject.",
    )
    mass: Count = Field(
        default=20, ge=2, description="A letter to so many clients at once is a mailing."
    )

    @field_validator("mailboxes")
    @classmethod
    def _any(cls, value: dict[str, MailboxSettings]) -> dict[str, MailboxSettings]:
        if not value:
            msg = "name at least one mailbox"
            raise ValueError(msg)
        return value

    @property
    def own_domains(self) -> frozenset[str]:
        """The domains whose addresses are the company's."""
        told = self.domains or (address.rpartition("@")[2] for address in self.mailboxes)
        return frozenset(told)
