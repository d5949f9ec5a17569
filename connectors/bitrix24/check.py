"""What `merilo check` looks at in a portal: the webhook, its scopes and rights, the clock."""

from collections.abc import Iterator

from connectors.base import Check
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.lead import MODE, is_simple
from connectors.bitrix24.reply import BatchReply
from connectors.error import RemoteError

LARGEST_CLOCK_GAP_S = 60

_NOBODY = {"ID": "0"}
_COMMANDS = (
    Command("scope", "scope"),
    Command("owner", "profile"),
    Command("deals", "crm.item.list", {"entityTypeId": 2, "select": ["id"], "start": -1}),
    Command("leads", "crm.item.list", {"entityTypeId": 1, "select": ["id"], "start": -1}),
    Command("quotes", "crm.item.list", {"entityTypeId": 7, "select": ["id"], "start": -1}),
    MODE,
    Command("activities", "crm.activity.list", {"filter": {"ID": 0}, "select": ["ID"]}),
    Command("calls", "voximplant.statistic.get", {"FILTER": _NOBODY}),
    Command("users", "user.get", {"FILTER": _NOBODY}),
)
_SCOPES = {
    "crm": ("crm",),
    "telephony": ("telephony",),
    "user": ("user", "user_basic"),
}
"""What is read, and the scopes of which one is enough. `user_brief` hides e-mails: people of two
systems could then not be joined by them."""

_READS = {
    "deals": "deals can be read",
    "leads": "leads",
    "quotes": "quotes",
    "activities": "letters and meetings",
    "calls": "call statistics",
    "users": "users",
}


def check(client: Bitrix24Client) -> Iterator[Check]:
    """One line for each thing a portal must allow; one request."""
    try:
        reply = client.batch(_COMMANDS)
    except RemoteError as error:
        yield Check(name="webhook", ok=False, detail=error.what, todo=error.todo)
        return
    yield Check(name="webhook", ok=True, detail="accepted")
    yield from _scopes(reply)
    yield from _reads(reply)
    yield _owner(reply)
    yield _clock(client, reply)


def _scopes(reply: BatchReply) -> Iterator[Check]:
    outcome = reply.outcomes["scope"]
    if isinstance(outcome, RemoteError):
        yield Check(name="scopes", ok=False, detail=outcome.what, todo=outcome.todo)
        return
    granted = {str(scope).casefold() for scope in as_map(outcome.result).values()}
    for name, enough in _SCOPES.items():
        ok = not granted.isdisjoint(enough)
        yield Check(
            name=f"scope {name}",
            ok=ok,
            detail="granted" if ok else "not granted",
            todo="" if ok else f"Open the webhook in the portal, tick `{name}`, save.",
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


def _owner(reply: BatchReply) -> Check:
    outcome = reply.outcomes["owner"]
    if isinstance(outcome, RemoteError):
        return Check(name="owner", ok=False, detail=outcome.what, todo=outcome.todo)
    owner = as_map(outcome.result)
    if owner.get("ADMIN"):
        return Check(name="owner", ok=True, detail=f"user {owner.get('ID')}, administrator")
    return Check(
        name="owner",
        ok=False,
        detail=f"user {owner.get('ID')} is no administrator: other people's deals may be hidden,"
        " and no scorecard can be created",
        todo="Create the webhook as an administrator.",
    )


def _clock(client: Bitrix24Client, reply: BatchReply) -> Check:
    gap_s = round((client.options.clock() - reply.served_at).total_seconds())
    ok = abs(gap_s) <= LARGEST_CLOCK_GAP_S
    side = "ahead of" if gap_s > 0 else "behind"
    return Check(
        name="clock",
        ok=ok,
        detail=f"this machine is {abs(gap_s)} s {side} the portal" if gap_s else "same as here",
        todo="" if ok else "Set this machine's clock (NTP): today's numbers depend on it.",
    )
