"""A sandbox account and a client connected to it; documented payloads."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import ClientOptions, Context, PhoneMark, Record
from connectors.uis.client import UisClient, connect
from connectors.uis.settings import UisSettings
from tests.connectors.clock import FakeClock

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


@contextmanager
def connected(
    box: Any,
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    paced: bool = False,
    key: str = "",
) -> Iterator[UisClient]:
    """A client of a sandbox whose waiting takes no time."""
    clock = clock or FakeClock()
    settings = UisSettings(
        connector="uis", url=f"{box.url}/v2.0", token=SecretRef("env", "TOKEN"), ca_bundle=""
    )
    options = ClientOptions(
        source="pbx",
        secret=lambda _ref: key or box.token,
        clock=clock,
        sleep=clock.sleep,
        data_dir=data_dir,
    )
    burst = 20.0 if paced else 1e9
    with (
        mock.patch("connectors.uis.client.BURST", burst),
        closing(connect(settings, options)) as client,
    ):
        yield client
