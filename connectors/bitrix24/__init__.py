"""Bitrix24, cloud and self-hosted: deals, funnels, users and call statistics by REST 2."""

from typing import Any
from urllib.parse import quote

from connectors.base import Connector
from connectors.bitrix24 import record_field, scorecard, user_field
from connectors.bitrix24.check import check
from connectors.bitrix24.client import connect
from connectors.bitrix24.login import make_login
from connectors.bitrix24.opening import open_pass
from connectors.bitrix24.removal import stream_for
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.bitrix24.streams import STREAMS

_CLIENTS = ("contact", "company")
_CARD = {kind: f"/crm/{kind}/details/{{ref}}/" for kind in ("deal", "lead", "quote", *_CLIENTS)}
_CARD["task"] = "/company/personal/user/0/tasks/task/view/{ref}/"


def _record_url(settings: Any, kind: str, ref: str) -> str | None:
    """The card of a record in the portal. A call has none: its statistics are one long list."""
    if kind == "client":
        kind, _, ref = ref.partition(":")
    card = _CARD.get(kind)
    return settings.url + card.format(ref=quote(ref, safe="")) if card else None


CONNECTOR = Connector(
    name="bitrix24",
    settings=Bitrix24Settings,
    client=connect,
    streams=STREAMS,
    check=check,
    record_url=_record_url,
    open_pass=open_pass,
    login=make_login,
    told=stream_for,
    targets={
        "scorecard": scorecard.make_target,
        "user_fields": user_field.make_target,
        "record_fields": record_field.make_target,
    },
)
