"""crm.stagehistory.list: who moved a record is not told."""

from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import Field, show
from sandbox.bitrix24.history import MOVE_FIELDS, Move
from sandbox.bitrix24.listing import Grammar, read_select
from sandbox.bitrix24.method import Call, Method, listed

_GRAMMAR = Grammar(MOVE_FIELDS, strict=False)


def _list(call: Call) -> Reply:
    if call.any_case("entityTypeId") is None:
        raise ApiError(400, 100, "Could not find value for parameter {entityTypeId}")
    if str(call.any_case("entityTypeId")) != "2":
        raise ApiError(400, 0, "Entity is not supported")
    page = call.page(call.portal.moves, _GRAMMAR, any_case=True)
    columns = read_select(call.any_case("select"), MOVE_FIELDS, "ID")
    return listed(page, {"items": [_row(move, columns) for move in page.rows]})


def _row(move: Move, columns: list[Field]) -> dict[str, Any]:
    return {one.name: show(one.kind, one.get(move)) for one in columns}


METHODS = {"crm.stagehistory.list": Method(("crm",), _list)}
