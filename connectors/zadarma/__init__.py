"""The exchange in the cloud of Zadarma, and of Novofon by its first API."""

from collections.abc import Sequence

from connectors.base import Connector, Since, Stream
from connectors.telephony import call_stream, no_record_url
from connectors.zadarma import call
from connectors.zadarma.check import check
from connectors.zadarma.client import ZadarmaClient, connect
from connectors.zadarma.clock import prove_zone
from connectors.zadarma.settings import ZadarmaSettings

STREAMS = (call_stream(call.pages, call.normalize, key="call_id"),)


def _open_pass(client: ZadarmaClient, _pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Nothing is read by a clock that is not the account's."""
    prove_zone(client)


CONNECTOR = Connector(
    name="zadarma",
    settings=ZadarmaSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=no_record_url,
    open_pass=_open_pass,
    targets={},
)
