"""A sandbox portal and a client connected to it."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from config.secret_ref import SecretRef
from connectors.base import ClientOptions, Context, Page, PhoneMark, Since, Stream
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client, connect
from connectors.bitrix24.settings import Bitrix24Settings
from sandbox.bitrix24.deal import Version
from sandbox.server import Box
from tests.connectors.clock import FakeClock

LONG_AGO = Since(changed_from=datetime(2015, 1, 1, tzinfo=UTC))
STREAMS = {stream.name: stream for stream in CONNECTOR.streams}
CONTEXT = Context(
    source="main",
    zone=ZoneInfo("Europe/Moscow"),
    mark_phone=lambda number: PhoneMark(f"hash of {number}", number[-4:]),
)


def settings_for(url: str, ca_bundle: str = "") -> Bitrix24Settings:
    return Bitrix24Settings(
        connector="bitrix24",
        url=url,
        webhook=SecretRef("env", "WEBHOOK"),
        ca_bundle=ca_bundle,
    )


@contextmanager
def connected(
    url: str,
    webhook: str,
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    ca_bundle: str = "",
) -> Iterator[Bitrix24Client]:
    clock = clock or FakeClock()
    options = ClientOptions(
        source="main",
        secret=lambda _ref: webhook,
        clock=clock,
        sleep=clock.sleep,
        data_dir=data_dir,
    )
    with closing(connect(settings_for(url, ca_bundle), options)) as client:
        yield client


def to(box: Box, **more: Any) -> Any:
    """A client of a sandbox."""
    return connected(box.url, box.webhook, ca_bundle=box.ca_bundle or "", **more)


def read(client: Bitrix24Client, name: str, since: Since = LONG_AGO) -> list[Page]:
    """All pages of a stream."""
    return list(STREAMS[name].pages(client, since))


def ids(pages: Sequence[Page], key: str = "id") -> list[int]:
    """The ids of the records, in the order they came."""
    return [int(record[key]) for page in pages for record in page.records]


def every(since: Since = LONG_AGO) -> list[tuple[Stream, Since]]:
    """All streams, read since the same moment."""
    return [(stream, since) for stream in CONNECTOR.streams]


def version_of(box: Box, number: int) -> Version:
    """A deal as the portal holds it now."""
    deal = box.portal.deals.living(number)
    assert deal is not None
    return deal.now
