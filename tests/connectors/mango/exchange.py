"""A sandbox exchange and a client connected to it; documented payloads."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import ClientOptions, Context, PhoneMark
from connectors.mango.client import MangoClient, connect
from connectors.mango.settings import MangoSettings
from tests.connectors.clock import FakeClock

PAYLOADS = Path(__file__).parents[2] / "payloads" / "telephony" / "mango"
CONTEXT = Context(
    source="pbx",
    zone=ZoneInfo("Europe/Moscow"),
    mark_phone=lambda number: PhoneMark(f"hash of {number}", number[-4:]),
)


def payload(name: str) -> Any:
    """The body of a documented answer."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@contextmanager
def connected(
    box: Any,
    clock: FakeClock,
    data_dir: Path | None = None,
    *,
    salt: str = "",
    folder: str = "",
    **own: Any,
) -> Iterator[MangoClient]:
    """A client of a sandbox whose waiting takes no time."""
    secrets = {"KEY": box.product.key, "SALT": salt or box.product.salt}
    settings = MangoSettings(
        connector="mango",
        url=f"{box.url}{folder}",
        api_key=SecretRef("env", "KEY"),
        api_salt=SecretRef("env", "SALT"),
        **own,
    )
    options = ClientOptions(
        source="pbx",
        secret=lambda ref: secrets[ref.name],
        clock=clock,
        sleep=clock.sleep,
        data_dir=data_dir,
    )
    with closing(connect(settings, options)) as client:
        yield client
