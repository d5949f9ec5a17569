"""What a portal may be read without: a scope that was not granted is no trouble, only silence."""

from collections.abc import Callable, Iterator
from functools import wraps

from connectors.base import Page, Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.error import AbsentError, ScopeError

Pages = Callable[[Bitrix24Client, Since], Iterator[Page]]


def optional(pages: Pages) -> Pages:
    """Pages that end in AbsentError where the login lacks the scope: their numbers are unknown."""

    @wraps(pages)
    def read(client: Bitrix24Client, since: Since) -> Iterator[Page]:
        try:
            yield from pages(client, since)
        except ScopeError as error:
            raise AbsentError(
                error.what, did="These records are left out: numbers made of them are unknown."
            ) from None

    return read
