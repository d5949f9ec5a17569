"""The exchange in the cloud of Zadarma, and of Novofon by its first API."""

from collections.abc import Sequence
from typing import Any

from connectors.base import Connector, Since, Stream
from connectors.telephony import FEEDS, LATE, OVERLAP
from connectors.zadarma import call
from connectors.zadarma.check import check
from connectors.zadarma.client import ZadarmaClient, connect
from connectors.zadarma.clock import prove_zone
from connectors.zadarma.settings import ZadarmaSettings

STREAMS = (
    Stream(
        name=call.NAME,
        key="call_id",
        pages=call.pages,
        normalize=call.normalize,
        lag=OVERLAP,
        feeds=FEEDS,
        late=LATE,
    ),
)


def _record_url(settings: Any, kind: str, ref: str) -> str | None:
    """The cabinet has no address of a single call."""
    return None


def _open_pass(client: ZadarmaClient, _pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Nothing is read by a clock that is not the account's."""
    prove_zone(client)


CONNECTOR = Connector(
    name="zadarma",
    settings=ZadarmaSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=_record_url,
    open_pass=_open_pass,
    targets={},
)
