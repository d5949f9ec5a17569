"""A sandbox account and a client connected to it; documented payloads."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.amocrm.client import AmocrmClient, connect
from connectors.amocrm.settings import AmocrmSettings
from connectors.base import Context, PhoneMark
from tests.connectors.clock import FakeClock
from tests.connectors.patient import patient

PAYLOADS = Path(__file__).parents[2] / "payloads" / "amocrm"
CONTEXT = Context(
    source="amo",
    zone=ZoneInfo("Europe/Moscow"),
    mark_phone=lambda number: PhoneMark(f"hash of {number}", number[-4:]),
    currency="RUB",
)


def payload(name: str) -> Any:
    """The body of a documented answer."""
    case = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return case["response"]


def connected(
    box: Any, *, clock: FakeClock | None = None, data_dir: Path | None = None, paced: bool = False
) -> AbstractContextManager[AmocrmClient]:
    """A client of a sandbox whose waiting takes no time."""
    settings = AmocrmSettings(
        connector="amocrm", url=box.url, token=SecretRef("env", "TOKEN"), ca_bundle=""
    )
    return patient(
        connect,
        settings,
        lambda _ref: box.token,
        clock=clock,
        data_dir=data_dir,
        source="amo",
        pace={} if paced else {"BURST": 1e9},
    )
