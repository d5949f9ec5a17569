"""Reference books: funnels, stages, currencies. They are read whole."""

from typing import Any

from sandbox.bitrix24.currency import BASE
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.listing import split_key
from sandbox.bitrix24.method import Call, Method
from sandbox.bitrix24.stage import category_rows, status_rows
from sandbox.php import as_list, as_map


def _categories(call: Call) -> Reply:
    if call.whole("entityTypeId") != 2:
        raise ApiError(400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type is not supported")
    rows = category_rows()
    return Reply({"categories": rows}, len(rows))


def _category(call: Call) -> Reply:
    wanted = call.whole("id")
    for row in category_rows():
        if row["id"] == wanted and call.whole("entityTypeId") == 2:
            return Reply({"category": row})
    raise ApiError(400, "NOT_FOUND", "Category not found")


def _statuses(call: Call) -> Reply:
    rows = status_rows()
    for key, value in as_map(call.any_case("filter")).items():
        operator, name = split_key(key)
        wanted = {str(item) for item in as_list(value)}
        rows = [row for row in rows if (str(row.get(name)) in wanted) != operator.startswith("!")]
    for name, direction in reversed(as_map(call.any_case("order")).items()):
        rows.sort(key=_sort_key(name), reverse=str(direction).upper() == "DESC")
    return Reply(rows, len(rows))


def _sort_key(name: str) -> Any:
    def key(row: dict[str, Any]) -> tuple[int, str]:
        text = str(row.get(name) or "")
        return (int(text), "") if text.isdigit() else (0, text)

    return key


def _currencies(call: Call) -> Reply:
    return Reply(call.portal.currencies.rows(), 0)


def _base_currency(_call: Call) -> Reply:
    return Reply(BASE)


METHODS = {
    "crm.category.list": Method(("crm",), _categories),
    "crm.category.get": Method(("crm",), _category),
    "crm.status.list": Method(("crm",), _statuses),
    "crm.currency.list": Method(("crm",), _currencies),
    "crm.currency.base.get": Method(("crm",), _base_currency),
}
