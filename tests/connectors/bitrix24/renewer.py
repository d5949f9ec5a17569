"""Processes that use one login: one that is killed at a step of a renewal, others that compete."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from config.secret import open_secrets
from config.secret_ref import SecretRef
from config.settings import SecretsSection
from connectors.base import ClientOptions
from connectors.bitrix24.client import Bitrix24Client, connect
from connectors.bitrix24.settings import Bitrix24Settings

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.connectors.bitrix24.renewer", "connectors.http"])


class Place(NamedTuple):
    """Where the portal is, and where the login is kept."""

    url: str
    client_id: str
    client_secret: str
    folder: Path


def begin(work: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Starts the work in a process of its own."""
    process = _CONTEXT.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def use_and_die(place: Place, step: int) -> None:
    """Asks the portal once; killed at its n-th look at the disk or at the net."""
    left = step

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for owner, name in (
        (os, "fsync"), (os, "pwrite"), (Path, "replace"), (Path, "unlink"),
        (httpx.Client, "send"), (httpx.Response, "close"),
    ):  # fmt: skip
        setattr(owner, name, counted(getattr(owner, name)))
    with closing(_client(place)) as client:
        client.call("server.time")


def use_often(place: Place, times: int) -> None:
    """Asks the portal again and again."""
    with closing(_client(place)) as client:
        for _ in range(times):
            client.call("server.time")


def _client(place: Place) -> Bitrix24Client:
    settings = Bitrix24Settings(
        connector="bitrix24",
        url=place.url,
        auth="oauth",
        client_id=place.client_id,
        client_secret=SecretRef("env", "CLIENT_SECRET"),
        auth_server=place.url,
    )
    section = SecretsSection(backend="vault", master_key="generated")
    options = ClientOptions(
        source="main",
        secret=lambda _ref: place.client_secret,
        clock=lambda: datetime.now(UTC),
        sleep=time.sleep,
        data_dir=place.folder,
        vault=open_secrets(section, place.folder, {}),
    )
    return connect(settings, options)
