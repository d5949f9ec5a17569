"""A sandbox account and a client connected to it; documented payloads."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.amocrm.client import AmocrmClient, connect
from connectors.amocrm.settings import AmocrmSettings
from connectors.base import ClientOptions, Context, PhoneMark
from tests.connectors.clock import FakeClock

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


@contextmanager
def connected(
    box: Any, *, clock: FakeClock | None = None, data_dir: Path | None = None, paced: bool = False
) -> Iterator[AmocrmClient]:
    """A client of a sandbox whose waiting takes no time."""
    clock = clock or FakeClock()
    settings = AmocrmSettings(
        connector="amocrm", url=box.url, token=SecretRef("env", "TOKEN"), ca_bundle=""
    )
    options = ClientOptions(
        source="amo",
        secret=lambda _ref: box.token,
        clock=clock,
        sleep=clock.sleep,
        data_dir=data_dir,
    )
    burst = 1.0 if paced else 1e9
    with (
        mock.patch("connectors.amocrm.client.BURST", burst),
        closing(connect(settings, options)) as client,
    ):
        yield client
