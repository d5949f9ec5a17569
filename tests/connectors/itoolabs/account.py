"""A client connected to the sandbox, and the payloads of public clients."""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import Context
from connectors.itoolabs.client import ItoolabsClient, connect
from connectors.itoolabs.settings import ItoolabsSettings
from connectors.phone import phone_marker
from tests.connectors.clock import FakeClock
from tests.connectors.patient import patient

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "itoolabs"
CONTEXT = Context(
    source="pbx", zone=ZoneInfo("Asia/Almaty"), mark_phone=phone_marker(b"k" * 32, "KZ")
)


def payload(name: str) -> Any:
    """The body of an answer."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def connected(
    box: Any, *, clock: FakeClock | None = None, data_dir: Path | None = None, paced: bool = False
) -> AbstractContextManager[ItoolabsClient]:
    """A client of a sandbox whose waiting takes no time."""
    settings = ItoolabsSettings(
        connector="itoolabs", url=box.url, token=SecretRef("env", "TOKEN"), ca_bundle=""
    )
    return patient(
        connect,
        settings,
        lambda _ref: box.account.key,
        clock=clock,
        data_dir=data_dir,
        pace={"BURST": 5.0 if paced else 1e9},
    )
