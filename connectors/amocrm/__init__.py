"""amoCRM and Kommo by API v4: leads, pipelines, users, tasks, events, calls and letters."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from connectors.amocrm import lead_field, scorecard
from connectors.amocrm.account import account_of
from connectors.amocrm.check import check
from connectors.amocrm.client import AmocrmClient, connect, make_login
from connectors.amocrm.settings import AmocrmSettings
from connectors.amocrm.streams import STREAMS
from connectors.base import Connector, Since, Stream

_CARD = {"deal": "leads", "lead": "leads", "contact": "contacts", "company": "companies"}


def _record_url(settings: Any, kind: str, ref: str) -> str | None:
    """The card of a record in the account."""
    folder = _CARD.get(kind)
    return f"{settings.url}/{folder}/detail/{quote(ref, safe='')}" if folder else None


def _open_pass(client: AmocrmClient, _pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Asks what the account is like now; a login that is refused ends the pass here."""
    client.notes.clear()
    account_of(client)


CONNECTOR = Connector(
    name="amocrm",
    settings=AmocrmSettings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=_record_url,
    open_pass=_open_pass,
    targets={
        "scorecard": scorecard.make_target,
        "record_fields": lead_field.make_target,
    },
    login=make_login,
)
