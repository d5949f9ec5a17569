"""Departments of the company, by department.get: all of them, by pages of an offset."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from connectors.base import Context, Page, Record, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.opening import first_answer
from connectors.bitrix24.optional import optional
from connectors.bitrix24.paging import PAGE
from connectors.bitrix24.run import pages_before
from connectors.error import RetryableError
from connectors.field import optional_ref, required_ref, text_of, whole
from store.fact import Department, Fact

NAME = "departments"
_METHOD = "department.get"
_MOST_OPENING_PAGES = 4
_MOST_PAGES = 200
"""10,000 departments; a portal that ignored `start` would never end."""


def _page(number: int) -> Command:
    # No filter by "greater than" here, so no pages by id
    params = {"sort": "ID", "order": "ASC", "start": number * PAGE}
    return Command(f"{NAME}{number}", _METHOD, params)


def opening(since: Since) -> Sequence[Command]:
    """As many pages as the last run needed, or the first."""
    return [_page(number) for number in range(pages_before(since, _MOST_OPENING_PAGES))]


@optional
def pages(client: Bitrix24Client, since: Since) -> Iterator[Page]:
    """Every department."""
    reply = first_answer(client, NAME, since, opening)
    served_at, records = reply.served_at, []
    for number in range(_MOST_PAGES):
        command = _page(number)
        if command.key not in reply.outcomes:
            reply = client.batch([command])
        rows = reply.reply(command.key).result
        if not isinstance(rows, list):
            raise RetryableError(f"{_METHOD} answered without the list of rows it documents.")
        records += rows
        if len(rows) < PAGE:
            break
    cursor = str(number + 1)
    yield Page(records=records, checkpoint="", served_at=served_at, cursor=cursor)


def fetch(client: Bitrix24Client, refs: Sequence[str]) -> Iterator[Page]:
    """The departments with these ids."""
    for page in pages(client, Since(changed_from=client.options.clock())):
        yield replace(page, records=[row for row in page.records if str(row.get("ID")) in refs])


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A department; UF_HEAD is the user who leads it."""
    ref = required_ref(record, "ID")
    yield Department(
        ref=ref,
        name=text_of(record, "NAME") or f"ID {ref}",
        parent_ref=optional_ref(record, "PARENT"),
        head_ref=optional_ref(record, "UF_HEAD"),
        sort=whole(record, "SORT", 0),
    )
