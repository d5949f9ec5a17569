"""What `merilo check` looks at in an account: the key, its zone, its extensions, its report."""

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check, Record
from connectors.clock_gap import check_clock
from connectors.error import AuthError, RemoteError
from connectors.telephony import check_unknown
from connectors.window import Window
from connectors.zadarma.call import tell_unknown
from connectors.zadarma.client import ZadarmaClient
from connectors.zadarma.clock import ToldClock, compare_zone, shift_of, told_clock
from connectors.zadarma.report import reports

INTERNAL = "/v1/pbx/internal/"
_DAY = timedelta(days=1)
_SHIFT = timedelta(minutes=15)


def check(client: ZadarmaClient) -> Iterator[Check]:
    """One line for each thing an account must allow; about three requests."""
    client.told.clear()
    try:
        told = told_clock(client)
    except RemoteError as error:
        yield Check.failed("key", error)
        return
    yield Check(name="key", ok=True, detail="accepted")
    yield _zone(client, told)
    yield _extensions(client)
    yield from _report(client)
    yield check_clock(client.options.clock(), client.now(), "account")


def _zone(client: ZadarmaClient, told: ToldClock) -> Check:
    try:
        compare_zone(told, client.settings)
    except AuthError as error:
        return Check.failed("zone", error)
    return Check(name="zone", ok=True, detail=f"{told.name}, as in the settings")


def _extensions(client: ZadarmaClient) -> Check:
    try:
        numbers = client.get(INTERNAL).data.get("numbers")
    except RemoteError as error:
        return Check.failed("extensions", error)
    found = numbers if isinstance(numbers, list) else []
    return Check(
        name="extensions",
        ok=True,
        detail=f"{len(found)}, without names or e-mails",
        todo="Whose they are is known by the extensions of a CRM's users, else by [[managers]].",
    )


def _report(client: ZadarmaClient) -> Iterator[Check]:
    window = Window(client.now() - _DAY, client.now())
    rows: list[Record] = []
    try:
        for report in reports(client, window):
            rows += report.rows
    except RemoteError as error:
        yield Check.failed("report", error)
        return
    yield Check(name="report", ok=True, detail=f"{len(rows)} rows in the last 24 hours")
    shift = shift_of(rows, client.settings.zone)
    if abs(shift) > _SHIFT:
        yield Check(
            name="moments",
            ok=False,
            detail=f"calls are told {round(shift.total_seconds() / 60)} minutes off their ids",
            todo="Set `timezone` of the source to the zone in which the cabinet shows calls.",
        )
    if unknown := tell_unknown(client, rows):
        yield check_unknown("dispositions", unknown)
