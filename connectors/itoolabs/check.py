"""What `merilo check` looks at in an exchange: the key, its zone, its users, its history."""

from collections.abc import Iterator
from typing import Any

from connectors.base import Check, Record, Since
from connectors.clock_gap import check_clock
from connectors.error import RejectedError, RemoteError
from connectors.field import text_of
from connectors.itoolabs import call, user
from connectors.itoolabs.client import ItoolabsClient
from connectors.telephony import check_unknown


def check(client: ItoolabsClient) -> Iterator[Check]:
    """One line for each thing an account must allow; about three requests."""
    client.notes.clear()
    client.told.clear()
    told = None
    try:
        told = client.get("domain").data
    except RejectedError:
        pass  # not every brand has it; a wrong key is refused in another way
    except RemoteError as error:
        yield Check.failed("key", error)
        return
    yield Check(name="key", ok=True, detail="accepted")
    yield Check(name="zone", ok=True, detail=f"{_zone(told)}; calls are told in UTC")
    yield _users(client)
    yield from _history(client)
    yield check_clock(client.options.clock(), client.now(), "exchange")


def _zone(told: Any) -> str:
    """The account's zone; the vendor counts its minutes westward, as JavaScript does."""
    zone = told.get("timezone") if isinstance(told, dict) else None
    if not isinstance(zone, dict):
        return "not told"
    minutes = zone.get("offset")
    if not isinstance(minutes, int):
        return text_of(zone, "name") or "not told"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes <= 0 else "-"
    return f"{text_of(zone, 'name')} (UTC{sign}{hours:02d}:{rest:02d})"


def _users(client: ItoolabsClient) -> Check:
    try:
        rows = _all_users(client)
    except RemoteError as error:
        return Check.failed("users", error)
    unknown = sorted(text_of(row, "login") for row in rows if not text_of(row, "email"))
    if not unknown:
        return Check(name="users", ok=True, detail=f"{len(rows)}, all with an e-mail")
    return Check(
        name="users",
        ok=True,
        detail=f"{len(rows)}, without an e-mail: {', '.join(unknown[:10])}",
        todo="Fill the e-mail in, or name the login in [[managers]]; else the extension decides.",
    )


def _all_users(client: ItoolabsClient) -> list[Record]:
    since = Since(changed_from=client.now())
    return [row for page in user.pages(client, since) for row in page.records]


def _history(client: ItoolabsClient) -> Iterator[Check]:
    now = client.now()
    try:
        rows = call.history(client, now - call.DAY, now)
    except RemoteError as error:
        yield Check.failed("history", error)
        return
    yield Check(name="history", ok=True, detail=f"{len(rows)} calls in the last 24 hours")
    if unknown := call.tell_unknown(client, rows):
        yield check_unknown("statuses", unknown)
