"""What `merilo check` looks at in an account: the token, its rights, the filter, the clock."""

from collections.abc import Iterator

from connectors.amocrm.account import Account, account_of
from connectors.amocrm.classify import as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.named_field import check_fields
from connectors.amocrm.purchase import PATH as PURCHASES
from connectors.base import Check, Record
from connectors.clock_gap import check_clock
from connectors.error import RemoteError

_READS = (
    ("leads", "api/v4/leads"),
    ("pipelines", "api/v4/leads/pipelines"),
    ("contacts", "api/v4/contacts"),
    ("companies", "api/v4/companies"),
    ("tasks", "api/v4/tasks"),
    ("events", "api/v4/events"),
    ("notes", "api/v4/leads/notes"),
    ("lists", "api/v4/catalogs"),
)
_ADMIN = "Create the integration as an administrator: others see only what is shown to them."


def check(client: AmocrmClient) -> Iterator[Check]:
    """One line for each thing an account must allow; about ten requests."""
    client.notes.clear()
    try:
        account = account_of(client)
    except RemoteError as error:
        yield Check.failed("token", error)
        return
    yield Check(name="token", ok=True, detail=f"accepted by account {account.id}")
    yield _users(client, account)
    for name, path in _READS:
        yield _read(client, name, path)
    if account.has_customers:
        yield _read(client, "purchases", PURCHASES)
    yield from check_fields(client)
    yield Check(
        name="filter",
        ok=True,
        detail="paid, changes are asked for"
        if account.has_filter
        else "not paid, the newest records are read first: as complete, some requests more",
    )
    yield check_clock(client.options.clock(), client.now(), "account")


def _users(client: AmocrmClient, account: Account) -> Check:
    try:
        rows = client.get("api/v4/users", (("limit", 250),)).rows("users")
    except RemoteError as error:
        return Check(name="users", ok=False, detail=error.what, todo=_ADMIN)
    own = next((row for row in rows if str(row.get("id")) == account.user), None)
    if own is None or _is_admin(own):
        return Check(name="users", ok=True, detail=f"{len(rows)}, read by an administrator")
    detail = "the token's user is no administrator: other people's records may be hidden"
    return Check(name="users", ok=False, detail=detail, todo=_ADMIN)


def _is_admin(user: Record) -> bool:
    return as_map(user.get("rights")).get("is_admin") is True


def _read(client: AmocrmClient, name: str, path: str) -> Check:
    try:
        client.get(path, (("limit", 1),))
    except RemoteError as error:
        return Check.failed(name, error)
    return Check(name=name, ok=True, detail="yes")
