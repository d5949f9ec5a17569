"""crm.item.productrow.list: the rows of named owners only, without any mark of change."""

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.field import show
from sandbox.bitrix24.listing import Grammar, Query, fetch, parse_filter, read_order, read_start
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.product import PRODUCT_FIELDS
from sandbox.php import as_list, as_map

_GRAMMAR = Grammar(PRODUCT_FIELDS, strict=True)
_DEAL = "D"


def _list(call: Call) -> Reply:
    conditions = as_map(call.params.get("filter"))
    if "=ownerType" not in conditions or "=ownerId" not in conditions:
        text = "Required filter fields: ownerType, ownerId"
        raise ApiError(400, "BAD_REQUEST", text)
    owners = [int(each or 0) for each in as_list(conditions["=ownerId"])]
    sees = call.portal.access.owners
    deals = [
        each
        for each in owners
        if sees is None or (each in call.portal.deals.every and _is_seen(call, each))
    ]
    source = call.portal.products.rows_of(deals if conditions["=ownerType"] == _DEAL else ())
    query: Query = parse_filter(conditions, _GRAMMAR, source)
    page = fetch(
        source, query, read_order(call.params.get("order"), _GRAMMAR),
        read_start(call.params.get("start")),
    )  # fmt: skip
    columns = PRODUCT_FIELDS.values()
    rows = [{one.name: show(one.kind, one.get(row)) for one in columns} for row in page.rows]
    return listed(page, {"productRows": rows})


def _is_seen(call: Call, deal: int) -> bool:
    return call.portal.access.sees(call.portal.deals.every[deal])


METHODS = {"crm.item.productrow.list": Method(("crm",), _list)}
