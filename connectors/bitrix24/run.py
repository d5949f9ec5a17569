"""One run over a list: all there is in segments of ids, or the little that is new as one chain."""

from collections.abc import Iterator

from connectors.base import Page, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.paging import GROWING, Listing, Rows, read_all
from connectors.bitrix24.reply import BatchReply
from connectors.bitrix24.segment import open_listing, read_listing


def open_run(listing: Listing, since: Since, pages: int = 1, after: str = "0") -> list[Command]:
    """The first commands: of everything, or `pages` pages of what is new behind id `after`."""
    if _is_whole(since):
        return open_listing(listing, since.checkpoint, after)
    return listing.commands(after, pages)


def read_run(
    client: Bitrix24Client, listing: Listing, since: Since, after: str = "0", *, first: BatchReply
) -> Iterator[Rows]:
    """Every row of the run, the answer `first` to `open_run` before all else."""
    if _is_whole(since):
        return read_listing(client, listing, since.checkpoint, after, first=first)
    return read_all(client, listing, after, sizes=GROWING, first=first)


def pages_before(since: Since, most: int) -> int:
    """How many pages the last run needed: a run like it then takes one request."""
    known = since.cursor and since.cursor.isdigit() and not since.checkpoint
    return min(max(int(since.cursor or 1), 1), most) if known else 1


def counted(rows: Iterator[Rows], most: int) -> Iterator[Page]:
    """The pages of a run; its cursor is how many there were."""
    pages = 0
    for found in rows:
        pages += found.pages
        yield Page(
            records=found.rows,
            checkpoint=found.place,
            served_at=found.served_at,
            cursor=str(min(pages, most)),
        )


def up_to_greatest(rows: Iterator[Rows], since: Since) -> Iterator[Page]:
    """The pages of a run over rows that are only ever added; its cursor is the greatest id."""
    greatest = int(since.cursor or 0)
    for found in rows:
        greatest = max(greatest, int(found.last_id))
        yield Page(
            records=found.rows,
            checkpoint=found.place,
            served_at=found.served_at,
            cursor=str(greatest) if greatest else None,
        )


def _is_whole(since: Since) -> bool:
    """Whether much is to be read, maybe all there is: no run was finished, or one was cut off."""
    return not since.cursor or since.checkpoint is not None
