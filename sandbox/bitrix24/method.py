"""What a REST method is, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.bitrix24.envelope import Reply, missing
from sandbox.bitrix24.listing import (
    Grammar,
    Page,
    Source,
    Test,
    fetch,
    parse_filter,
    read_order,
    read_start,
)
from sandbox.bitrix24.portal import Portal
from sandbox.php import Params


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method: the portal, and the parameters as PHP read them."""

    portal: Portal
    params: Params

    def whole(self, name: str) -> int:
        """A required integer parameter of the new family, where letter case counts."""
        raw = self.params.get(name)
        if raw is None or raw == "":
            raise missing(name)
        try:
            return int(raw)
        except (TypeError, ValueError):
            return 0

    def any_case(self, name: str, default: Any = None) -> Any:
        """A parameter of the old family, where letter case does not count."""
        for key, value in self.params.items():
            if key.casefold() == name.casefold():
                return value
        return default

    def page(
        self, source: Source, grammar: Grammar, *, any_case: bool, visible: Test | None = None
    ) -> Page:
        """Fetch a page by the usual filter, order and start; hidden rows are just not there."""
        get = self.any_case if any_case else self.params.get
        query = parse_filter(get("filter"), grammar, source)
        if visible is not None:
            query.tests.append(visible)
        order = read_order(get("order"), grammar)
        return fetch(source, query, order, read_start(get("start")))


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: any one of them opens the method; none makes it a basic one."""

    scopes: tuple[str, ...]
    run: Callable[[Call], Reply]


def listed(page: Page, result: Any) -> Reply:
    """The reply of a list method."""
    return Reply(result, page.total, page.next)
