"""Exchanges by the ITooLabs crmapi: MegaFon VATS, Kcell VPBX, Dom.ru, MGTS, Moldcell."""

from typing import Any

from connectors.base import Connector, Stream
from connectors.itoolabs import call, user
from connectors.itoolabs.check import check
from connectors.itoolabs.client import connect
from connectors.itoolabs.settings import ItoolabsSettings
from connectors.telephony import FEEDS, LATE, OVERLAP

STREAMS = (
    Stream(name=user.NAME, key="login", pages=user.pages, normalize=user.normalize),
    Stream(
        name=call.NAME,
        key="uid",
        pages=call.pages,
        normalize=call.normalize,
        lag=OVERLAP,
        feeds=FEEDS,
        late=LATE,
    ),
)


def _record_url(settings: Any, kind: str, ref: str) -> str | None:
    """The cabinets have no address of a single call."""
    return None


CONNECTOR = Connector(
    name="itoolabs",
    settings=ItoolabsSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=_record_url,
    open_pass=user.open_pass,
    targets={},
)
