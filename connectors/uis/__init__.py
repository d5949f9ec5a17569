"""UIS, CoMagic, CallGear and Novofon 2.0 by their Data API 2.0: employees and calls."""

from collections.abc import Sequence

from connectors.base import Connector, Since, Stream
from connectors.telephony import no_record_url
from connectors.uis.account import account_of
from connectors.uis.check import check
from connectors.uis.client import UisClient, connect
from connectors.uis.settings import UisSettings
from connectors.uis.streams import STREAMS


def _open_pass(client: UisClient, _pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Asks the account's time zone; a key that is refused ends the pass here."""
    client.notes.pop("numbers", None)
    account_of(client)


CONNECTOR = Connector(
    name="uis",
    settings=UisSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=no_record_url,
    open_pass=_open_pass,
    targets={},
)
