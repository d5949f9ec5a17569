"""user.* and department.get; robots and system users are never among them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.bitrix24.envelope import PAGE, ApiError, Reply
from sandbox.bitrix24.field import Field
from sandbox.bitrix24.listing import (
    Grammar,
    Query,
    fetch,
    parse_filter,
    read_select,
    read_start,
    split_key,
)
from sandbox.bitrix24.method import Call, Method, listed
from sandbox.bitrix24.portal import Write
from sandbox.bitrix24.user import (
    USER_FIELDS,
    User,
    change_user,
    show_user,
    user_fields,
)
from sandbox.moment import SERVER_ZONE, utc
from sandbox.php import as_map

_SCOPES = ("user", "user_basic", "user_brief")
_ACTIVE = Field("ACTIVE", "ACTIVE", "boolean", lambda user: "Y" if user.active else "N")
_GRAMMAR = Grammar(USER_FIELDS | {"ACTIVE": _ACTIVE}, strict=False)


class _Users:
    """The people of user.get, by id."""

    id_field = "ID"
    time_field = ""

    def __init__(self, users: Mapping[int, User]) -> None:
        self._users = [users[user_id] for user_id in sorted(users)]

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[User]:
        found = [user for user in self._users if query.holds(user.id)]
        return reversed(found) if falling else found

    def count(self, query: Query) -> int | None:
        return sum(1 for _ in self.rows(query))


def _get(call: Call) -> Reply:
    source = _Users(call.portal.users)
    query = parse_filter(_conditions(call), _GRAMMAR, source)
    order = _order(call)
    page = fetch(source, query, order, read_start(call.any_case("start")))
    columns = read_select(call.any_case("select"), user_fields(call.portal.userfields), "ID")
    contacts = _sees_contacts(call)
    return listed(page, [show_user(user, columns, contacts) for user in page.rows])


def _update(call: Call) -> Reply:
    """Sets what is named among the parameters; a wrong id and a missing right look the same."""
    portal = call.portal
    number = str(call.any_case("ID") or "")
    user = portal.users.get(int(number)) if number.isdigit() else None
    if user is None or not portal.access.admin:
        raise ApiError(400, "ERROR_CORE", "access_denied")
    changed = change_user(user, call.params, portal.userfields)
    if changed:
        user.updated_at = portal.now()
        portal.note_write(Write("user.update", 0, user.id, changed), robots=False)
    return Reply(True)


def _current(call: Call) -> Reply:
    user = call.portal.users[call.portal.access.user]
    row = show_user(user, list(USER_FIELDS.values()), _sees_contacts(call))
    changed = utc(user.updated_at).astimezone(SERVER_ZONE)
    row["TIMESTAMP_X"] = changed.strftime("%d.%m.%Y %H:%M:%S")
    row["LAST_ACTIVITY_DATE"] = changed.strftime("%Y-%m-%d %H:%M:%S")
    return Reply(row)


def _departments(call: Call) -> Reply:
    rows: list[dict[str, Any]] = []
    for number, name, parent, head in call.portal.departments.values():
        row: dict[str, Any] = {"ID": str(number), "NAME": name, "SORT": 500}
        row |= {"PARENT": str(parent)} if parent else {}
        rows.append(row | ({"UF_HEAD": str(head)} if head else {}))
    for key in ("ID", "NAME", "PARENT"):
        wanted = call.any_case(key)
        if wanted is not None:
            rows = [row for row in rows if str(row.get(key)) == str(wanted)]
    start = max(read_start(call.any_case("start")), 0)
    following = start + PAGE if start + PAGE < len(rows) else None
    return Reply(rows[start : start + PAGE], len(rows), following)


def _conditions(call: Call) -> dict[str, Any]:
    """Conditions stand in FILTER or, the old way, among the parameters themselves."""
    beside = {key: value for key, value in call.params.items() if split_key(key)[1] in USER_FIELDS}
    wanted = beside | as_map(call.any_case("filter"))
    for key in [key for key in wanted if split_key(key)[1] == "ACTIVE"]:
        truth = str(wanted[key]).casefold() in ("true", "1", "y")
        wanted[key] = "Y" if truth else "N"
    return wanted


def _order(call: Call) -> list[tuple[Field, bool]]:
    column = USER_FIELDS.get(str(call.any_case("sort", "")).upper())
    rising = str(call.any_case("order", "ASC")).upper() != "DESC"
    return [] if column is None else [(column, rising)]


def _sees_contacts(call: Call) -> bool:
    return bool(call.portal.access.scopes & {"user", "user_basic"})


METHODS = {
    "user.get": Method(_SCOPES, _get),
    "user.current": Method(_SCOPES, _current),
    "user.update": Method(("user",), _update),
    "department.get": Method(("department",), _departments),
}
