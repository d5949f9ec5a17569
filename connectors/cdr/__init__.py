"""Call records in databases and files: Asterisk, FreePBX, MikoPBX, Sipuni and others."""

from connectors.base import Connector
from connectors.cdr.check import check
from connectors.cdr.client import connect
from connectors.cdr.settings import CdrSettings
from connectors.cdr.stream import STREAM
from connectors.telephony import no_record_url

CONNECTOR = Connector(
    name="cdr",
    settings=CdrSettings,
    client=connect,
    streams=(STREAM,),
    check=check,
    record_url=no_record_url,
    targets={},
)
