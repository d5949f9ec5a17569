"""Call records in databases and files: Asterisk, FreePBX, MikoPBX, Sipuni and others."""

from typing import Any

from connectors.base import Connector
from connectors.cdr.check import check
from connectors.cdr.client import connect
from connectors.cdr.settings import CdrSettings
from connectors.cdr.stream import STREAM


def _record_url(_settings: Any, _kind: str, _ref: str) -> str | None:
    """A table has no pages to link to."""
    return None


CONNECTOR = Connector(
    name="cdr",
    settings=CdrSettings,
    client=connect,
    streams=(STREAM,),
    check=check,
    record_url=_record_url,
    targets={},
)
