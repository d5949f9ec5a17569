"""Pages of a long list asked for while those before them are kept: only the pace limits reading."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from connectors.amocrm.client import PACE

Page = TypeVar("Page")
Answer = TypeVar("Answer")

MOST_AHEAD = 5
"""Pages under way at once: enough for answers that take three quarters of a second."""

SLOW_S = 1.2 / PACE
"""A page asked for alone that took longer was not kept waiting by the pace but by the account."""

_SLOW_PAGES = 3


class Ahead(Generic[Page, Answer]):
    """Pages that are asked for by threads of a pool before the reader wants them.

    `depth`: how many are under way at once. It grows while answers come too slowly for the pace,
    and no further: those asked for behind the end of a list are in vain.
    """

    def __init__(self, pool: ThreadPoolExecutor, ask: Callable[[Page], Answer]) -> None:
        self._pool = pool
        self._ask = ask
        self._asked: dict[Page, Future[Answer]] = {}
        self._slow = 0
        self.depth = 1

    def take(self, page: Page) -> Answer:
        """The answer for a page, asked for now unless it was before; raises what asking raised."""
        asked = self._asked.pop(page, None)
        return self._ask(page) if asked is None else asked.result()

    def expect(self, pages: Sequence[Page]) -> None:
        """Asks for the pages that the reader will want next; others are forgotten."""
        before, self._asked = self._asked, {}
        for page in pages:
            asked = before.pop(page) if page in before else self._pool.submit(self._time, page)
            self._asked[page] = asked
        for unwanted in before.values():
            unwanted.cancel()

    def _time(self, page: Page) -> Answer:
        began = time.monotonic()
        answer = self._ask(page)
        is_slow = time.monotonic() - began > self.depth * SLOW_S
        self._slow = self._slow + 1 if is_slow else 0
        if self._slow == _SLOW_PAGES:
            self._slow, self.depth = 0, min(self.depth + 1, MOST_AHEAD)
        return answer
