"""Mango Office's virtual exchange: employees, and calls by reports that are ordered and fetched."""

from typing import Any

from connectors.base import Connector, Stream
from connectors.mango import call, user
from connectors.mango.check import check
from connectors.mango.client import connect
from connectors.mango.settings import MangoSettings
from connectors.telephony import FEEDS, LATE, OVERLAP


def _record_url(_settings: Any, _kind: str, _ref: str) -> str | None:
    """The cabinet has no address of a single call."""
    return None


CONNECTOR = Connector(
    name="mango",
    settings=MangoSettings,
    client=connect,
    streams=(
        Stream(
            name=user.NAME,
            key="ref",
            pages=user.pages,
            normalize=user.normalize,
        ),
        Stream(
            name=call.NAME,
            key="entry_id",
            pages=call.pages,
            normalize=call.normalize,
            lag=OVERLAP,
            feeds=FEEDS,
            late=LATE,
        ),
    ),
    check=check,
    record_url=_record_url,
    targets={},
)
