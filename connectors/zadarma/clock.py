"""The account's own time: its reports tell moments without a zone."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.error import AuthError, RejectedError, RetryableError
from connectors.field import senseless
from connectors.zadarma.client import ZadarmaClient
from connectors.zadarma.settings import ZadarmaSettings

TIMEZONE = "/v1/info/timezone/"
_FORMAT = "%Y-%m-%d %H:%M:%S"
_OTHER_ZONE = timedelta(minutes=5)


class ToldClock(NamedTuple):
    """What a clock shows (naive) at a moment, and what its zone is called."""

    shown: datetime
    at: datetime
    name: str

    @property
    def zone_text(self) -> str:
        """How far it is from UTC, and its name."""
        offset = self.shown - self.at.replace(tzinfo=None)
        minutes = round(offset.total_seconds() / 60)
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'-' if minutes < 0 else '+'}{hours}:{rest:02d} ({self.name})"


def text_of_moment(at: datetime) -> str:
    """A naive moment as the API spells it."""
    return at.strftime(_FORMAT)


def naive_moment(text: object) -> datetime | None:
    """A moment of the account's wall clock, None for anything else."""
    try:
        return datetime.strptime(str(text).strip(), _FORMAT)  # noqa: DTZ007
    except ValueError:
        return None


def wall_clock(at: datetime, zone: ZoneInfo) -> datetime:
    """What the account's clock shows at a moment: naive, whole seconds."""
    return at.astimezone(zone).replace(microsecond=0, tzinfo=None)


def started_at(record: Record, zone: ZoneInfo) -> datetime:
    """`callstart` as UTC, by the zone's rules of that day.

    An hour that the clock shows twice is told apart by `call_id`, which begins with the unix
    seconds of its own start.
    """
    shown = naive_moment(record.get("callstart"))
    if shown is None:
        raise senseless("callstart", "is no moment")
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    begun = _begun(record)
    if first == second or begun is None:
        return first
    return min((first, second), key=lambda each: abs((each - begun).total_seconds()))


def shift_of(rows: Iterable[Record], zone: ZoneInfo) -> timedelta:
    """How far calls lie from the moments in their ids, at the median; zero if none tells."""
    gaps = sorted(
        started_at(row, zone) - begun
        for row in rows
        if naive_moment(row.get("callstart")) and (begun := _begun(row))
    )
    return gaps[len(gaps) // 2] if gaps else timedelta(0)


def _begun(record: Record) -> datetime | None:
    seconds, _, rest = str(record.get("call_id") or "").partition(".")
    if len(seconds) != 10 or not seconds.isdigit() or not rest.isdigit():
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def told_clock(client: ZadarmaClient) -> ToldClock:
    """Asks the account for its time and zone."""
    told = client.get(TIMEZONE).data
    shown, seconds = naive_moment(told.get("datetime")), str(told.get("unixtime"))
    if shown is None or not seconds.isdigit():
        raise RetryableError("The account does not tell its time zone.")
    return ToldClock(shown, datetime.fromtimestamp(int(seconds), UTC), str(told.get("timezone")))


def prove_zone(client: ZadarmaClient) -> None:
    """As `compare_zone`; an account that does not tell its zone is believed."""
    try:
        told = told_clock(client)
    except RejectedError:
        return
    compare_zone(told, client.settings)


def compare_zone(told: ToldClock, settings: ZadarmaSettings) -> None:
    """Raises AuthError, which pauses the source, when the settings name another zone."""
    ours = ToldClock(wall_clock(told.at, settings.zone), told.at, settings.timezone)
    if abs(told.shown - ours.shown) >= _OTHER_ZONE:
        raise AuthError(
            f"The account's clock is {told.zone_text}, in the settings it is {ours.zone_text}.",
            did="Nothing was read: every call would be told hours off.",
            todo="Set `timezone` of the source to the zone that the account's cabinet shows.",
        )
