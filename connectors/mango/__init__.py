"""Mango Office's virtual exchange: employees, and calls by reports that are ordered and fetched."""

from connectors.base import Connector, Stream
from connectors.mango import call, user
from connectors.mango.check import check
from connectors.mango.client import connect
from connectors.mango.settings import MangoSettings
from connectors.telephony import call_stream, no_record_url

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
        call_stream(call.pages, call.normalize, key="entry_id"),
    ),
    check=check,
    record_url=no_record_url,
    targets={},
)
