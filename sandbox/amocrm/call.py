"""One request as a handler sees it, and what a handler answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.amocrm.problem import problem
from sandbox.amocrm.query import Paging, read_paging, read_with, whole
from sandbox.php import Params

if TYPE_CHECKING:
    from sandbox.amocrm.account import Account

Json = dict[str, Any]
_MOST = 250


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body; none at all with 204."""

    status: int
    body: Any = None
    content_type: str = "application/hal+json"


EMPTY = Answer(204)


@dataclass(frozen=True, slots=True)
class Call:
    """`base` is the account's address, `path` what follows it, `places` the pattern's values.

    `body` is the decoded JSON or None; `user` is whose token it was.
    """

    account: "Account"
    base: str
    path: str
    raw_query: str
    places: dict[str, str]
    params: Params
    body: Any
    user: int

    @property
    def number(self) -> int:
        """The id in the address; 0 for what is no number, which no record has."""
        return whole(self.places.get("id"), 0)

    @property
    def extras(self) -> frozenset[str]:
        """The names in `with`."""
        return read_with(self.params)

    def link(self, path: str) -> Json:
        """A `_links` with the address of a record."""
        return {"_links": {"self": {"href": f"{self.base}/api/v4/{path}"}}}

    def paging(self, most: int = _MOST) -> Paging:
        """Which page is asked for."""
        return read_paging(self.params, most)

    def items(self) -> list[Json]:
        """The objects of a batch; a single object is a batch of one."""
        items = self.body if isinstance(self.body, list) else [self.body]
        if not self.body or not all(isinstance(item, dict) and item for item in items):
            raise problem(400, "Request data can not be empty")
        if len(items) > _MOST:
            raise problem(422, f"Limit {_MOST} per page")
        return items

    def need_admin(self) -> None:
        """Refuse what only an administrator may do."""
        if not self.account.access.admin:
            raise problem(403, "Forbidden")


def listed(call: Call, key: str, rows: list[Json], paging: Paging) -> Answer:
    """A page of a list. `next` is there whenever the page is full, as in the vendor's own API."""
    if not rows:
        return EMPTY
    links = {"self": {"href": _page_href(call, paging.page)}}
    if len(rows) == paging.limit:
        links["next"] = {"href": _page_href(call, paging.page + 1)}
    if paging.page > 1:
        links["first"] = {"href": _page_href(call, 1)}
        links["prev"] = {"href": _page_href(call, paging.page - 1)}
    return Answer(200, {"_page": paging.page, "_links": links, "_embedded": {key: rows}})


def counted(call: Call, key: str, rows: list[Json], paging: Paging, total: int) -> Answer:
    """A page of a list that tells its totals."""
    if not rows:
        return EMPTY
    pages = max(1, -(-total // paging.limit))
    links = {"self": {"href": _page_href(call, paging.page)}}
    if paging.page < pages:
        links["next"] = {"href": _page_href(call, paging.page + 1)}
        links["last"] = {"href": _page_href(call, pages)}
    body = {"_total_items": total, "_page": paging.page, "_page_count": pages}
    return Answer(200, body | {"_links": links, "_embedded": {key: rows}})


def unpaged(call: Call, key: str, rows: list[Json]) -> Answer:
    """A whole list at once."""
    links = {"self": {"href": f"{call.base}{call.path}"}}
    return Answer(200, {"_total_items": len(rows), "_links": links, "_embedded": {key: rows}})


def saved(call: Call, key: str, rows: list[Json], status: int = 200) -> Answer:
    """The answer to a batch of writes."""
    links = {"self": {"href": f"{call.base}{call.path}"}}
    return Answer(status, {"_links": links, "_embedded": {key: rows}})


def _page_href(call: Call, page: int) -> str:
    pairs = [pair for pair in call.raw_query.split("&") if pair and not pair.startswith("page=")]
    return f"{call.base}{call.path}?{'&'.join([*pairs, f'page={page}'])}"
