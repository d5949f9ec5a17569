"""A real mail server for tests: Debian's dovecot, on the loopback, started anew each time."""

import contextlib
import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from sandbox.tls import write_certificates
from tests.canary import canary

SENT = "&BB4EQgQ,BEAEMAQyBDsENQQ9BD0ESwQ1-"
"""Отправленные, as IMAP spells it."""

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
{ssl}
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:~/Maildir
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
first_valid_uid = 1
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%n
}}
namespace inbox {{
  inbox = yes
  mailbox "Отправленные" {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
}}
protocol lmtp {{
  auth_username_format = %Lu
}}
"""


def letter(
    author: str,
    to: str,
    *,
    at: datetime | None = None,
    ref: str | None = None,
    subject: str = "Вопрос",
    **headers: str,
) -> EmailMessage:
    """A letter; `headers` with _ for -. Without `ref` it has no Message-ID."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = author, to, subject
    if at is not None:
        made["Date"] = format_datetime(at)
    if ref is not None:
        made["Message-ID"] = f"<{ref}>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("Текст, который никто не читает.")
    return made


class MailServer:
    """Mailboxes of any name, all with one password."""

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self.folder, self.password = folder, canary("mail")
        self.port, self._lmtp = _free_port(), _free_port()
        self._running: subprocess.Popen[bytes] | None = None
        self._tls = write_certificates(folder) if tls else None
        self._account = pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.getuid())

    @property
    def url(self) -> str:
        """The address for the settings."""
        scheme = "imap" if self.ca_bundle is None else "imaps"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def ca_bundle(self) -> Path | None:
        """What a client must trust, if the server speaks TLS."""
        return self._tls.ca if self._tls else None

    def _ssl(self) -> str:
        if self._tls is None:
            return "ssl = no"
        return f"ssl = required\nssl_cert = <{self._tls.certificate}\nssl_key = <{self._tls.key}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        for part in ("run", "state", "home"):
            (self.folder / part).mkdir(exist_ok=True)
        shutil.chown(self.folder / "home", self._account.pw_uid, self._account.pw_gid)
        config = self.folder / "dovecot.conf"
        config.write_text(
            _CONFIG.format(
                folder=self.folder, imap=0 if self._tls else self.port, ssl=self._ssl(),
                imaps=self.port if self._tls else 0, lmtp=self._lmtp, password=self.password,
                user=self._account.pw_name, group=_group(self._account.pw_gid),
            ),
            encoding="utf-8",
        )  # fmt: skip
        nowhere = subprocess.DEVNULL
        self._running = subprocess.Popen(
            ["dovecot", "-F", "-c", str(config)], start_new_session=True,
            stdout=nowhere, stderr=nowhere,
        )  # fmt: skip
        _wait(self.port)

    def stop(self) -> None:
        """Ends it; open connections break."""
        if self._running is not None:
            os.killpg(self._running.pid, signal.SIGKILL)  # asked politely it waits for its clients
            self._running.wait()
            (self.folder / "run" / "master.pid").unlink(missing_ok=True)
        self._running = None

    def deliver(self, mailbox: str, message: EmailMessage, sender: str = "") -> None:
        """Hands a letter to a mailbox as another server would."""
        with smtplib.LMTP("127.0.0.1", self._lmtp) as link:
            link.send_message(message, from_addr=sender or "someone@client.example",
                              to_addrs=[mailbox])  # fmt: skip

    def append(
        self, mailbox: str, message: EmailMessage, at: datetime, folder: str = "INBOX"
    ) -> None:
        """Puts a letter into a folder with the server's moment, as mail programs do."""
        with self.open(mailbox) as link:
            done, told = link.append(
                folder, "", imaplib.Time2Internaldate(at.astimezone(UTC)), message.as_bytes()
            )
            assert done == "OK", told

    def refused_logins(self, mailbox: str) -> int:
        """How often a login to the mailbox was refused."""
        told = (self.folder / "log").read_text("utf-8", "replace")
        return told.count(f"user=<{mailbox}>, method=PLAIN") - told.count("Login: user=<" + mailbox)

    @contextlib.contextmanager
    def open(self, mailbox: str) -> Iterator[imaplib.IMAP4]:
        """A connection of a mail program."""
        link = imaplib.IMAP4("127.0.0.1", self.port)
        link.login(mailbox, self.password)
        try:
            yield link
        finally:
            link.logout()


@contextlib.contextmanager
def mail_server(*, tls: bool = False) -> Iterator[MailServer]:
    """A running server with nothing in it; its folder is open to the user it works as."""
    with tempfile.TemporaryDirectory(prefix="merilo-mail-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = MailServer(Path(folder), tls=tls)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise TimeoutError("dovecot does not answer")
