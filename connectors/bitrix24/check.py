"""What `merilo check` looks at in a portal: the login, its scopes and rights, clock and dates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from connectors.base import Check
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command, iso
from connectors.bitrix24.custom_field import check_commands, check_fields
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.lead import MODE, is_simple
from connectors.bitrix24.may import may
from connectors.bitrix24.reply import BatchReply
from connectors.clock_gap import check_clock
from connectors.error import RemoteError

_NOBODY = {"ID": "0"}
_DEALS = {"entityTypeId": 2, "select": ["id"], "start": -1}
_LONG_AGO, _NEVER_YET = (datetime(year, 1, 1, tzinfo=UTC) for year in (1990, 2099))
_COMMANDS = (
    Command("scope", "scope"),
    Command("owner", "profile"),
    Command("deals", "crm.item.list", _DEALS),
    Command("changed", "crm.item.list", _DEALS | {"filter": {">=updatedTime": iso(_LONG_AGO)}}),
    Command("future", "crm.item.list", _DEALS | {"filter": {">=updatedTime": iso(_NEVER_YET)}}),
    Command("leads", "crm.item.list", {"entityTypeId": 1, "select": ["id"], "start": -1}),
    Command("quotes", "crm.item.list", {"entityTypeId": 7, "select": ["id"], "start": -1}),
    Command("contacts", "crm.item.list", {"entityTypeId": 3, "select": ["id"], "start": -1}),
    Command("companies", "crm.item.list", {"entityTypeId": 4, "select": ["id"], "start": -1}),
    MODE,
    Command("activities", "crm.activity.list", {"filter": {"ID": 0}, "select": ["ID"]}),
    Command("calls", "voximplant.statistic.get", {"FILTER": _NOBODY}),
    Command("users", "user.get", {"FILTER": _NOBODY}),
    Command("time", "server.time"),
)
_INSTALLED = Command("app", "app.info")
_SCOPES = {
    "crm": ("crm",),
    "telephony": ("telephony",),
    "user": ("user", "user_basic"),
}
"""What is read, and the scopes of which one is enough. `user_brief` hides e-mails: people of two
systems could then not be joined by them."""

_WELCOME = {"department": "departments", "task": "tasks"}
"""Scopes without which only these are left out."""

_READS = {
    "deals": "deals can be read",
    "leads": "leads",
    "quotes": "quotes",
    "contacts": "contacts",
    "companies": "companies",
    "activities": "letters and meetings",
    "calls": "call statistics",
    "users": "users",
}


def check(client: Bitrix24Client) -> Iterator[Check]:
    """One line for each thing a portal must allow, and for each that it may; one request."""
    entry = "webhook" if client.app is None else "application"
    try:
        asked = [*_COMMANDS, *([_INSTALLED] if client.app else []), *check_commands(client)]
        reply = client.batch(asked)
    except RemoteError as error:
        yield Check.failed(entry, error)
        return
    yield Check(name=entry, ok=True, detail="accepted")
    yield from _login(client, reply)
    scopes = granted(reply)
    yield from _scopes(client, reply, scopes, entry)
    yield from _reads(reply)
    yield _owner(reply, entry)
    yield from may(client.options.destinations, scopes, is_admin(reply), entry)
    yield from check_fields(client, reply)
    yield check_clock(client.options.clock(), reply.served_at, "portal")
    yield from _dates(reply)


def granted(reply: BatchReply) -> set[str]:
    """The scopes of the login, in lower case; none if the portal does not tell."""
    outcome = reply.outcomes["scope"]
    found = {} if isinstance(outcome, RemoteError) else as_map(outcome.result)
    return {str(scope).casefold() for scope in found.values()}


def is_admin(reply: BatchReply) -> bool:
    """Whether the login acts for an administrator."""
    outcome = reply.outcomes["owner"]
    return not isinstance(outcome, RemoteError) and bool(as_map(outcome.result).get("ADMIN"))


def _login(client: Bitrix24Client, reply: BatchReply) -> Iterator[Check]:
    if client.app is None:
        return
    ends_at, moved = client.app.store.current().login_ends_at, client.app.address
    if ends_at is not None:
        detail = f"holds until {ends_at:%Y-%m-%d} without any use"
        yield Check(name="login", ok=True, detail=detail)
    if moved != client.settings.url:
        todo = f"Set `url` of the source to {moved}."
        yield Check(name="address", ok=True, detail=f"the portal is at {moved} now", todo=todo)
    outcome = reply.outcomes["app"]
    if isinstance(outcome, RemoteError):
        yield Check(name="installation", ok=False, detail=outcome.what, todo=outcome.todo)
    elif as_map(outcome.result).get("INSTALLED") is False:
        yield Check(
            name="installation",
            ok=False,
            detail="not finished: the portal sends the application no events",
            todo="Tick «Uses API only» in the application's card and save it.",
        )


def _scopes(
    client: Bitrix24Client, reply: BatchReply, scopes: set[str], entry: str
) -> Iterator[Check]:
    outcome = reply.outcomes["scope"]
    if isinstance(outcome, RemoteError):
        yield Check(name="scopes", ok=False, detail=outcome.what, todo=outcome.todo)
        return
    again = f" Then run: merilo login {client.options.source}" if client.app else ""
    for name, enough in _SCOPES.items():
        ok = not scopes.isdisjoint(enough)
        yield Check(
            name=f"scope {name}",
            ok=ok,
            detail="granted" if ok else "not granted",
            todo="" if ok else f"Open the {entry} in the portal, tick `{name}`, save.{again}",
        )
    for name, what in _WELCOME.items():
        if name not in scopes:
            todo = f"If wanted, open the {entry} in the portal, tick `{name}`, save.{again}"
            yield Check(
                name=f"scope {name}", ok=True, detail=f"not granted: no {what} are read", todo=todo
            )


def _reads(reply: BatchReply) -> Iterator[Check]:
    for key, name in _READS.items():
        outcome = reply.outcomes[key]
        if isinstance(outcome, RemoteError):
            yield Check(name=name, ok=False, detail=outcome.what, todo=outcome.todo)
        elif key == "leads" and is_simple(reply):
            yield Check(name=name, ok=True, detail="none: the portal is in simple CRM mode")
        else:
            yield Check(name=name, ok=True, detail="yes")


def _owner(reply: BatchReply, entry: str) -> Check:
    outcome = reply.outcomes["owner"]
    if isinstance(outcome, RemoteError):
        return Check(name="owner", ok=False, detail=outcome.what, todo=outcome.todo)
    number = as_map(outcome.result).get("ID")
    if is_admin(reply):
        return Check(name="owner", ok=True, detail=f"user {number}, administrator")
    as_one = "Create the webhook" if entry == "webhook" else "Log in (`merilo login`)"
    return Check(
        name="owner",
        ok=False,
        detail=f"user {number} is no administrator: other people's deals may be hidden,"
        " and no scorecard can be created",
        todo=f"{as_one} as an administrator.",
    )


def _dates(reply: BatchReply) -> Iterator[Check]:
    """The server's time zone, and whether it understands ISO 8601 in filters: one portal was
    reported that does not (issue 215 of the documentation's repository)."""
    told = reply.outcomes["time"]
    if not isinstance(told, RemoteError):
        offset = _offset(str(told.result))
        detail = "not told: its times are read by their own offsets" if offset is None else offset
        yield Check(name="server's time zone", ok=True, detail=detail)
    outcomes = [reply.outcomes[key] for key in ("deals", "changed", "future")]
    if any(isinstance(each, RemoteError) for each in outcomes[:1]):
        return
    every, changed, future = (_count(each) for each in outcomes)
    ok = bool(changed) == bool(every) and future == 0
    yield Check(
        name="dates in filters",
        ok=ok,
        detail="ISO 8601 is understood" if ok else "ISO 8601 is not understood: changes are missed",
        todo="" if ok else "Report it to Merilo's authors, with the portal's version.",
    )


def _offset(text: str) -> str | None:
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        return None
    if offset is None:
        return None
    sign, span = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    return f"UTC{sign}{span.seconds // 3600:02d}:{span.seconds // 60 % 60:02d}"


def _count(outcome: object) -> int:
    if isinstance(outcome, RemoteError):
        return -1
    return len(as_map(as_map(getattr(outcome, "result", None)).get("items")))
