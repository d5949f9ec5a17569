"""Processes that use one login: one that is killed at a step of a renewal, others that compete."""

import fcntl
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import httpx

from config.secret import open_secrets
from config.settings import SecretsSection
from connectors.base import ClientOptions
from connectors.error import AuthError
from connectors.registry import load_connector

LOGIN = 77
"""The exit code of a process that needs a person to log in."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.connectors.renewer",
        "connectors.http",
        "connectors.amocrm",
        "connectors.bitrix24",
        "config.vault",
        "httpcore",
    ]
)
_LOOKS: tuple[tuple[Any, str], ...] = (
    (fcntl, "flock"),
    (os, "fsync"),
    (os, "pwrite"),
    (Path, "replace"),
    (Path, "unlink"),
    (httpx.Client, "send"),
    (httpx.Response, "close"),
)
"""What a renewal does at the disk and at the net."""

_USES: Mapping[str, Callable[[Any], object]] = {
    "amocrm": lambda client: client.get("api/v4/account"),
    "bitrix24": lambda client: client.call("server.time"),
}


class Place(NamedTuple):
    """A source that is entered by OAuth, and the folder where its login is kept."""

    connector: str
    settings: Mapping[str, str]
    secret: str
    folder: Path

    def use(self) -> None:
        """Asks for something, as fast as it can."""
        with mock.patch("connectors.amocrm.client.BURST", 1e9):
            self.ask(1)

    def ask(self, times: int) -> None:
        """Asks for something, at the pace that the vendor allows."""
        connector = load_connector(self.connector)
        with closing(connector.client(self._settings, self._options)) as client:
            for _ in range(times):
                _USES[self.connector](client)

    def log_in(self) -> None:
        """Logs in as `merilo login` does, with an administrator who agrees at once."""
        make = load_connector(self.connector).login
        login = make and make(self._settings, self._options)
        assert login is not None
        place = httpx.get(login.address("state"), follow_redirects=False).headers["location"]
        login.redeem(dict(parse_qsl(urlsplit(place).query)))

    @property
    def _settings(self) -> Any:
        raw = {"connector": self.connector, "auth": "oauth", "client_secret": "env:SECRET"}
        settings = load_connector(self.connector).settings
        return settings.model_validate({**raw, **self.settings})

    @property
    def _options(self) -> ClientOptions:
        section = SecretsSection(backend="vault", master_key="generated")
        return ClientOptions(
            source="main",
            secret=lambda _ref: self.secret,
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            data_dir=self.folder,
            vault=open_secrets(section, self.folder, {}),
        )


def begin(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Starts the work in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def ended(process: ForkServerProcess) -> int | None:
    """Its exit code; negative: the signal that killed it."""
    process.join(60)
    return process.exitcode


def use(place: Place, told: Path) -> None:
    """Asks once; when the login is lost, tells what it says and ends with its code."""
    try:
        place.use()
    except AuthError as error:
        told.write_text(str(error), encoding="utf-8")
        raise SystemExit(LOGIN) from None


def use_in_rounds(place: Place, rounds: int, barrier: Any) -> None:
    """Asks when everybody is ready, and again when everybody is done."""
    for _ in range(rounds):
        barrier.wait(60)
        place.use()
        barrier.wait(60)


def ask_paced(place: Place, times: int) -> None:
    """Asks again and again."""
    place.ask(times)


def barrier(parties: int) -> Any:
    """Where processes wait for each other."""
    return _CONTEXT.Barrier(parties)


def use_and_die(place: Place, step: int, trace: Path) -> None:
    """Asks once and notes its steps at the disk and at the net; killed before one, 0 = never."""
    taken: list[str] = []

    def noted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            taken.append(name)
            if len(taken) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for owner, name in _LOOKS:
        setattr(owner, name, noted(name, getattr(owner, name)))
    place.use()
    trace.write_text(" ".join(taken), encoding="utf-8")
