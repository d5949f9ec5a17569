"""Users of an exchange: who has a login, and which extension is theirs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from connectors.base import Context, Page, Record, Since, Stream
from connectors.error import RejectedError, RetryableError, ScopeError
from connectors.field import optional_ref, required_ref, text_of, whole
from connectors.itoolabs.client import Body, ItoolabsClient, rows_of
from store.fact import Account, Fact

NAME = "users"
_LIMIT = 100


def pages(client: ItoolabsClient, since: Since) -> Iterator[Page]:
    """All of them: the list tells of no change. What the pass began with is not asked again."""
    yield from client.notes.pop("users", None) or _read(client)


def open_pass(client: ItoolabsClient, _pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Reads the users, whose extensions the calls need; a key that is refused ends the pass here.

    Where there is no such list, calls are read all the same, and the stream of users tells why.
    """
    client.notes.clear()
    client.notes["extensions"] = frozenset()
    with suppress(ScopeError, RejectedError):
        client.notes["users"] = list(_read(client))


def extensions_of(client: ItoolabsClient) -> frozenset[str]:
    """The numbers inside the company, asked once a pass; none where there is no list of users."""
    if "extensions" not in client.notes:
        open_pass(client, ())
    found: frozenset[str] = client.notes["extensions"]
    return found


def _read(client: ItoolabsClient) -> Iterator[Page]:
    start, extensions = 0, set[str]()
    while True:
        body = client.get("users", (("start", start), ("limit", _LIMIT)))
        rows, following = _opened(body)
        extensions |= {text_of(row, "ext") for row in rows}
        yield Page(records=rows, checkpoint="", served_at=body.served_at, cursor="1")
        if following is None:
            break
        if following <= start:
            raise RetryableError("The exchange's list of users leads back to its beginning.")
        start = following
    client.notes["extensions"] = frozenset(extensions - {""})


def normalize(record: Record, context: Context) -> Iterable[Fact]:
    """A user is known by the login that calls name. `status` says whether they are online."""
    login = required_ref(record, "login")
    email = text_of(record, "email") or None
    yield Account(
        ref=login,
        name=text_of(record, "name") or email or login,
        email=email,
        active=True,
        extension=optional_ref(record, "ext"),
    )


def _opened(body: Body) -> tuple[list[Record], int | None]:
    """The users of a page, and where the next one begins; the last page tells of no next.

    Some answers are a bare list: then it is all of them.
    """
    if isinstance(body.data, list):
        return body.rows("users"), None
    data = body.data if isinstance(body.data, dict) else {}
    info = data.get("info")
    rows = rows_of(data.get("items"), "users")
    if not isinstance(info, dict) or info.get("next") is None:
        return rows, None
    return rows, whole(info, "next")
