"""voximplant.statistic.get: rows of calls, with FILTER, SORT and ORDER of their own."""

from sandbox.bitrix24.call import CALL_FIELDS, show_call
from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.bitrix24.listing import Grammar, fetch, parse_filter, read_start
from sandbox.bitrix24.method import Call, Method, listed

_GRAMMAR = Grammar(CALL_FIELDS, strict=False)


def _statistic(call: Call) -> Reply:
    portal = call.portal
    if not portal.access.call_statistics:
        raise ApiError(403, "ACCESS_DENIED", "Access denied!")
    portal.settle()
    query = parse_filter(call.any_case("filter"), _GRAMMAR, portal.calls)
    column = CALL_FIELDS.get(str(call.any_case("sort", "")).upper())
    rising = str(call.any_case("order", "ASC")).upper() != "DESC"
    order = [] if column is None or column.name == "CALL_TYPE" else [(column, rising)]
    page = fetch(portal.calls, query, order, read_start(call.any_case("start")))
    return listed(page, [show_call(row) for row in page.rows])


METHODS = {"voximplant.statistic.get": Method(("telephony",), _statistic)}
