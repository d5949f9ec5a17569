"""A settings file of a source that is entered by OAuth, and a person at the terminal."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from merilo.cli import app
from merilo.launch import run

Person = Callable[[str], str]
"""Sees the address that was printed, returns what to paste ("" = nothing)."""


def write_settings(folder: Path, box: Any, extra: str = "", source: str = "") -> Path:
    """Settings for `main`, an application of the sandbox; its secret lies in the vault."""
    path = folder / "merilo.toml"
    secret = folder / "client-secret"
    secret.write_text(box.portal.oauth.client_secret)
    secret.chmod(0o600)
    path.write_text(
        f"""
[secrets]
backend = "vault"
master_key = "generated"

[sources.main]
connector = "bitrix24"
url = "{box.url}"
auth = "oauth"
client_id = "{box.portal.oauth.client_id}"
client_secret = "file:{secret}"
auth_server = "{box.url}"
since = "2020-01-01"
{source}
{extra}
""",
        encoding="utf-8",
    )
    return path


def agree(address: str) -> str:
    """Agrees in the browser and copies the address it was sent to."""
    return httpx.get(address, follow_redirects=False).headers["location"]


@contextmanager
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Standard input that lines can be typed into."""
    reader, writer = os.pipe()
    with os.fdopen(reader, encoding="utf-8") as source, os.fdopen(writer, "w") as sink:
        monkeypatch.setattr(sys, "stdin", source)

        def write(line: str) -> None:
            sink.write(line + "\n")
            sink.flush()

        yield write


def merilo(path: Path, *arguments: str) -> int:
    """Runs a verb; returns its exit code."""
    return run(lambda: app(["--config", str(path), *arguments]))


class Screen:
    """Standard output that a person watches while the command still runs."""

    def __init__(self, seen: Callable[[str], None]) -> None:
        self.text = ""
        self._seen = seen

    def write(self, text: str) -> int:
        self.text += text
        if text.startswith("http"):
            threading.Thread(target=self._seen, args=(text.strip(),), daemon=True).start()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False


def log_in(
    path: Path, person: Person, monkeypatch: pytest.MonkeyPatch, source: str = "main"
) -> int:
    """`merilo login`, with a person who does something with the address."""
    with typing(monkeypatch) as write:

        def react(address: str) -> None:
            line = person(address)
            if line:
                write(line)

        monkeypatch.setattr(sys, "stdout", Screen(react))
        code = merilo(path, "login", source)
        monkeypatch.undo()
        return code
