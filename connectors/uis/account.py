"""What an account tells of itself, and its local times, which come without a zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.base import Record
from connectors.error import RetryableError
from connectors.uis.client import UisClient

FRESH = timedelta(hours=1)
"""A request costs a point: the zone is asked for again only after this long."""

_FORM = "%Y-%m-%d %H:%M:%S"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Account:
    """`zone`: in which the account's reports tell and ask for times. `asked_at`: aware, UTC."""

    id: str
    name: str
    zone: ZoneInfo
    asked_at: datetime


def account_of(client: UisClient) -> Account:
    """The account (get.account), asked once an hour."""
    found: Account | None = client.notes.get("account")
    if found is None or not client.now() - FRESH <= found.asked_at <= client.now():
        found = _read(client)
        client.notes["account"] = found
    return found


def _read(client: UisClient) -> Account:
    reply = client.ask("get.account")
    told: Record = reply.rows[0] if reply.rows else {}
    try:
        zone = ZoneInfo(str(told.get("timezone") or "none"))
    except (ZoneInfoNotFoundError, ValueError):
        raise RetryableError(
            "The account does not tell its time zone (get.account.timezone).",
            did="No call was read: their times would be guesses.",
            todo="Choose the time zone in the account's settings in the cabinet.",
        ) from None
    return Account(
        id=str(told.get("app_id") or ""),
        name=str(told.get("name") or ""),
        zone=zone,
        asked_at=client.now(),
    )


def local_from(at: datetime, zone: ZoneInfo) -> str:
    """A moment as the earliest local time by which a report may know it."""
    return _text(at - _HOUR if _is_repeated(at, zone) else at, zone)


def local_till(at: datetime, zone: ZoneInfo) -> str:
    """A moment as the latest local time by which a report may know it, in whole seconds up."""
    up = at + timedelta(microseconds=-at.microsecond % 1_000_000)
    return _text(up + _HOUR if _is_repeated(up, zone) else up, zone)


def moment_of(text: object, zone: ZoneInfo) -> datetime | None:
    """A report's local time in UTC; None for what is none. Of a repeated hour the first."""
    try:
        local = datetime.strptime(str(text), _FORM).replace(tzinfo=zone)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_twice(text: object, zone: ZoneInfo) -> bool:
    """Whether a report's local time is of an hour that the clock shows twice."""
    at = moment_of(text, zone)
    return at is not None and _is_repeated(at, zone)


def _is_repeated(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows the local time of this moment twice, as in autumn."""
    local = at.astimezone(zone)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _text(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime(_FORM)
