"""A client connected to the sandbox, and the payloads of the vendor's own client."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import Context
from connectors.phone import phone_marker
from connectors.zadarma.client import ZadarmaClient, connect
from connectors.zadarma.settings import ZadarmaSettings
from tests.connectors.clock import FakeClock
from tests.connectors.patient import patient

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "zadarma"
MOSCOW = ZoneInfo("Europe/Moscow")
CONTEXT = Context(source="pbx", zone=MOSCOW, mark_phone=phone_marker(b"k" * 32))


def payload(name: str) -> Any:
    """The body of an answer, or a signature."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def connected(
    box: Any,
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    paced: bool = False,
    zone: str = "Europe/Moscow",
) -> AbstractContextManager[ZadarmaClient]:
    """A client of a sandbox whose waiting takes no time."""
    settings = ZadarmaSettings(
        connector="zadarma",
        url=box.url,
        key=SecretRef("env", "KEY"),
        secret=SecretRef("env", "SECRET"),
        timezone=zone,
        ca_bundle="",
    )
    secrets = {"KEY": box.account.key, "SECRET": box.account.secret}
    room = (1e9, 1.0)
    return patient(
        connect,
        settings,
        lambda ref: secrets[ref.name],
        clock=clock,
        data_dir=data_dir,
        pace={} if paced else {"REPORTS": room, "OTHERS": room},
    )
