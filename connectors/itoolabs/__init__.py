"""Exchanges by the ITooLabs crmapi: MegaFon VATS, Kcell VPBX, Dom.ru, MGTS, Moldcell."""

from connectors.base import Connector, Stream
from connectors.itoolabs import call, user
from connectors.itoolabs.check import check
from connectors.itoolabs.client import connect
from connectors.itoolabs.settings import ItoolabsSettings
from connectors.telephony import call_stream, no_record_url

STREAMS = (
    Stream(name=user.NAME, key="login", pages=user.pages, normalize=user.normalize),
    call_stream(call.pages, call.normalize, key="uid"),
)

CONNECTOR = Connector(
    name="itoolabs",
    settings=ItoolabsSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=no_record_url,
    open_pass=user.open_pass,
    targets={},
)
