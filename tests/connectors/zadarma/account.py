"""A client connected to the sandbox, and the payloads of the vendor's own client."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import ClientOptions, Context
from connectors.phone import phone_marker
from connectors.zadarma.client import ZadarmaClient, connect
from connectors.zadarma.settings import ZadarmaSettings
from tests.connectors.clock import FakeClock

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "zadarma"
MOSCOW = ZoneInfo("Europe/Moscow")
CONTEXT = Context(source="pbx", zone=MOSCOW, mark_phone=phone_marker(b"k" * 32))


def payload(name: str) -> Any:
    """The body of an answer, or a signature."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@contextmanager
def connected(
    box: Any,
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    paced: bool = False,
    zone: str = "Europe/Moscow",
) -> Iterator[ZadarmaClient]:
    """A client of a sandbox whose waiting takes no time."""
    clock = clock or FakeClock()
    settings = ZadarmaSettings(
        connector="zadarma",
        url=box.url,
        key=SecretRef("env", "KEY"),
        secret=SecretRef("env", "SECRET"),
        timezone=zone,
        ca_bundle="",
    )
    secrets = {"KEY": box.account.key, "SECRET": box.account.secret}
    options = ClientOptions(
        source="pbx",
        secret=lambda ref: secrets[ref.name],
        clock=clock,
        sleep=clock.sleep,
        data_dir=data_dir,
    )
    room = () if paced else ("REPORTS", "OTHERS")
    with ExitStack() as stack:
        for name in room:
            stack.enter_context(mock.patch(f"connectors.zadarma.client.{name}", (1e9, 1.0)))
        yield stack.enter_context(closing(connect(settings, options)))
