"""A sandbox account and a client connected to it; documented payloads."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import Context, PhoneMark, Record
from connectors.uis.client import UisClient, connect
from connectors.uis.settings import UisSettings
from tests.connectors.clock import FakeClock
from tests.connectors.patient import patient

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "uis"
MOSCOW = ZoneInfo("Europe/Moscow")


def mark(number: str) -> PhoneMark:
    return PhoneMark(f"hash of {number}", number[-4:]) if number else PhoneMark(None, None)


CONTEXT = Context(source="pbx", zone=MOSCOW, mark_phone=mark)


def rows_of(name: str) -> list[Record]:
    """The rows of a documented answer."""
    body = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    rows: list[Record] = body["result"]["data"]
    return rows


def connected(
    box: Any,
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    paced: bool = False,
    key: str = "",
) -> AbstractContextManager[UisClient]:
    """A client of a sandbox whose waiting takes no time."""
    settings = UisSettings(
        connector="uis", url=f"{box.url}/v2.0", token=SecretRef("env", "TOKEN"), ca_bundle=""
    )
    return patient(
        connect,
        settings,
        lambda _ref: key or box.token,
        clock=clock,
        data_dir=data_dir,
        pace={"BURST": 20.0 if paced else 1e9},
    )
