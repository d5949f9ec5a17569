"""Users: employees with an account, dismissed ones too."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from connectors.amocrm.account import account_of
from connectors.amocrm.classify import as_map
from connectors.amocrm.client import AmocrmClient
from connectors.base import Context, Page, Record, Since
from connectors.field import optional_ref, required_ref, text_of
from store.fact import Account, Department, Fact

NAME, GROUPS = "users", "departments"
_PATH = "api/v4/users"


def pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """All of them: the list has no mark of change, and users have no events."""
    number, refs = 1, set[str]()
    while True:
        query = (("with", "role,group"), ("limit", 250), ("page", number))
        body = client.get(_PATH, query)
        rows = body.rows("users")
        refs |= {str(row.get("id")) for row in rows}
        yield Page(records=rows, checkpoint="", served_at=body.served_at, cursor="1")
        if not rows or not body.has_next:
            break
        number += 1
    client.notes["users"] = refs


def fetch(client: AmocrmClient, refs: Sequence[str]) -> Iterator[Page]:
    """The users with these ids."""
    for page in pages(client, Since(changed_from=client.now())):
        yield replace(page, records=[row for row in page.records if str(row.get("id")) in refs])


def users_of(client: AmocrmClient) -> set[str]:
    """The ids of all users, asked once a pass."""
    if "users" not in client.notes:
        for _ in pages(client, Since(changed_from=client.now())):
            pass
    found: set[str] = client.notes["users"]
    return found


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A user (users-api); whoever is not active was dismissed."""
    ref = required_ref(record, "id")
    rights = as_map(record.get("rights"))
    email = text_of(record, "email") or None
    yield Account(
        ref=ref,
        name=text_of(record, "name") or email or f"ID {ref}",
        email=email,
        active=rights.get("is_active") is not False,
        departments=(optional_ref(rights, "group_id") or "0",),
    )


def group_pages(client: AmocrmClient, since: Since) -> Iterator[Page]:
    """All groups, which the account tells of itself."""
    groups = account_of(client).groups
    yield Page(records=groups, checkpoint="", served_at=client.now(), cursor="1")


def group(record: Record, context: Context) -> Iterable[Fact]:
    """A group of users; the first one of the account has the number 0."""
    ref = str(record.get("id"))
    name = text_of(record, "name") or f"ID {ref}"
    yield Department(ref=ref, name=name, parent_ref=None, head_ref=None, sort=0)
