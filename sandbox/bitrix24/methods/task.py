"""tasks.task.list: filters and select in upper case, rows in camel case under `tasks`."""

from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.book import Entry
from sandbox.bitrix24.envelope import Reply
from sandbox.bitrix24.field import Field, show_old
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.task import TASK_FIELDS

_GRAMMAR = Grammar(TASK_FIELDS, strict=False)


def _list(call: Call) -> Reply:
    page = call.page(call.portal.tasks, _GRAMMAR, any_case=True, visible=_visible(call))
    columns = read_select(call.any_case("select"), TASK_FIELDS, "ID")
    return listed(page, {"tasks": [_row(entry, columns) for entry in page.rows]})


def _visible(call: Call) -> Callable[[Entry], bool] | None:
    owners = call.portal.access.owners
    return None if owners is None else lambda entry: entry.now.owner in owners


def _row(entry: Entry, columns: list[Field]) -> dict[str, Any]:
    row = {one.name: show_old(one.kind, one.get(entry)) for one in columns}
    # A computed status: -1 overdue, -2 not seen; the real one is asked for by REAL_STATUS
    return row | {"subStatus": str(entry.now.status)}


METHODS = {"tasks.task.list": Method(("task",), _list)}
